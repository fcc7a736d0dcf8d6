"""The ledger: every notification this service ever took on, and the messages it could not take."""
