"""The Manage License page (S3-1): what it shows, and the Flask routes that show it."""
