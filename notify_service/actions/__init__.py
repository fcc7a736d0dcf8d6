"""What notify_service does, one verb per module."""
