"""The tables this service owns, and what lies in Redis and may be lost."""
