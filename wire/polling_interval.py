"""How fast a client may poll the token endpoint (RFC 8628 §3.2, §3.5)."""

from typing import Final

DEFAULT_INTERVAL_SECONDS: Final = 5
"""What a client uses when the answer names no `interval` (§3.2)."""

SLOW_DOWN_SECONDS: Final = 5
"""What each `slow_down` adds to the interval, for this and all later polls (§3.5)."""
