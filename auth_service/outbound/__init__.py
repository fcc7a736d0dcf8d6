"""The other services that this one calls."""
