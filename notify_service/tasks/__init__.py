"""The Celery tasks: each takes its message and calls one action."""
