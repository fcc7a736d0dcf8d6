"""The mail server that this service hands its emails to."""
