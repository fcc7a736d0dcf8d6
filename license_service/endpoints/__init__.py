"""The HTTP edge of license_service: one route group per file."""
