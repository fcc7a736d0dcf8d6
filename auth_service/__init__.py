"""The authorization server: device flow, tokens, keys, organizations, operators, devices and the portal."""
