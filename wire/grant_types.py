"""The `grant_type` values that the token endpoint knows (RFC 6749 §4.4, §6; RFC 8628 §3.4)."""

from typing import Final

DEVICE_CODE: Final = "urn:ietf:params:oauth:grant-type:device_code"
REFRESH_TOKEN: Final = "refresh_token"  # noqa: S105 - the name of a grant
CLIENT_CREDENTIALS: Final = "client_credentials"
CONNECT_TO_GROUP: Final = "urn:tillpass:params:oauth:grant-type:connect-to-group"
"""An extension grant (RFC 6749 §4.5): a site's own details for the tokens of a device (S1-36 … S1-43)."""
