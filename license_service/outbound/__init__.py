"""What this service sends to others of its own accord."""
