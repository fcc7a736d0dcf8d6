"""All of Tillpass on one machine: for development, demonstration and the tests that need the real thing.

The launcher itself stays small: it imports no Flask, SQLAlchemy or Celery; what needs those is a process of its own.
"""
