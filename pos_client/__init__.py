"""What runs on the POS server: it gets the license, keeps it, and shows it on the Manage License page."""
