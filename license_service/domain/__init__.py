"""Rules and records of licenses, as pure Python."""
