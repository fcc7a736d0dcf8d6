"""One module per `grant_type`; what they share is the services that answer them."""
