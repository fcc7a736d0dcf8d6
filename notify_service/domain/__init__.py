"""Rules and records of notifications, free of every framework."""
