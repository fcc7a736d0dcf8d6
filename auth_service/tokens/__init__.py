"""Signing keys and the JWTs that are signed with them."""
