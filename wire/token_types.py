"""The `typ` header of each JWT that we issue, and the one algorithm they are signed with (RFC 8725 §3.1, §3.11)."""

from typing import Final

ACCESS_TOKEN_TYPE: Final = "at+jwt"  # noqa: S105 - a media type, not a secret (RFC 9068 §2.1)
LICENSE_TOKEN_TYPE: Final = "license+jwt"  # noqa: S105 - a media type, not a secret
SIGNING_ALGORITHM: Final = "ES256"
