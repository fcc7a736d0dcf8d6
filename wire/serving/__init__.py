"""The Flask half of the agreement: how every service of ours guards, answers and names a request."""
