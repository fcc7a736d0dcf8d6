"""How Tillpass runs: the local stack."""
