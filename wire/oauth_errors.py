"""The OAuth error codes that a client of ours acts upon (RFC 6749 §5.2, RFC 8628 §3.5, RFC 9449 §8)."""

from typing import Final

ACCESS_DENIED: Final = "access_denied"
AUTHORIZATION_PENDING: Final = "authorization_pending"
EXPIRED_TOKEN: Final = "expired_token"  # noqa: S105 - an error code
INVALID_GRANT: Final = "invalid_grant"
SLOW_DOWN: Final = "slow_down"
TEMPORARILY_UNAVAILABLE: Final = "temporarily_unavailable"
USE_DPOP_NONCE: Final = "use_dpop_nonce"
