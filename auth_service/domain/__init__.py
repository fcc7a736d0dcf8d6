"""Rules and records of the authorization server: pure Python, no framework."""
