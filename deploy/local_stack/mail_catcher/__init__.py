"""The mail server of the local stack: it takes every email, delivers none, and shows them on a page."""
