"""What can be done: one verb per file, one transaction per call."""
