"""The read-only status API, and the page that describes it."""
