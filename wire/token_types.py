"""The `typ` header of each JWT that we issue or take, and the one algorithm of all (RFC 8725 §3.1, §3.11)."""

from typing import Final

ACCESS_TOKEN_TYPE: Final = "at+jwt"  # noqa: S105 - a media type, not a secret (RFC 9068 §2.1)
LICENSE_TOKEN_TYPE: Final = "license+jwt"  # noqa: S105 - a media type, not a secret
STATUS_LIST_TYPE: Final = "statuslist+jwt"
INTROSPECTION_TYPE: Final = "token-introspection+jwt"
CLIENT_AUTHENTICATION_TYPE: Final = "client-authentication+jwt"
DPOP_PROOF_TYPE: Final = "dpop+jwt"
UPDATE_MANIFEST_TYPE: Final = "update-manifest+jwt"
SYNCHRONIZATION_RECEIPT_TYPE: Final = "synchronization-receipt+jwt"
SERVER_TIME_TYPE: Final = "server-time+jwt"
SIGNING_ALGORITHM: Final = "ES256"
