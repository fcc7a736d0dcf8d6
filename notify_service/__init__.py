"""Every email of Tillpass, sent once."""
