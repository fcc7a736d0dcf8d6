"""The tables of license_service and the statements on them; every function takes the connection of its caller."""
