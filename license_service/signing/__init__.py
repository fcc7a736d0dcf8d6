"""The keys that license_service signs with, where they are kept."""
