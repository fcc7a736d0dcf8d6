"""How often what may fail or be asked: the numbers, and who passes (RFC 8628 §5.1; T01, T03, T17, T35).

A limit keeps several counts in windows of the clock. Up to a count's `fair` everybody passes. Beyond it, up to its
`most`, only those pass whose own count is still below the limit's `allowance`: a flood by strangers uses up what is
there for all, never the first tries of someone else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

MINUTE: Final = 60
QUARTER_HOUR: Final = 15 * MINUTE
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * 60 * MINUTE

_UNBOUNDED: Final = 2**53


@dataclass(frozen=True, slots=True)
class Count:
    """One count: what is counted together, in which window, and where it stops whom."""

    by: str
    seconds: int
    fair: int
    most: int = _UNBOUNDED


@dataclass(frozen=True, slots=True)
class Limit:
    """All counts of one thing that is limited. The first one is the asker's own."""

    name: str
    allowance: int
    counts: tuple[Count, ...]

    def bounds(self, own: int) -> list[int]:
        """Give what each count must be below, for an asker whose own count stands at `own`."""
        return [count.most if own < self.allowance else count.fair for count in self.counts]

    def reached(self, standing: Sequence[int]) -> list[int]:
        """Give the places of the counts that let this asker pass no more; empty when it passes."""
        bounds = self.bounds(standing[0])
        return [place for place, bound in enumerate(bounds) if standing[place] >= bound]


def hard(by: str, seconds: int, most: int) -> Count:
    """Make a count that stops everybody at the same number."""
    return Count(by, seconds, fair=most, most=most)


# Only wrong user codes stay counted. RFC 8628 §5.1 has the arithmetic, and the test of this module ours: with 100
# accounts and 1,000 live codes the first hit is expected after 14 years (C8).
USER_CODE: Final = Limit(
    "user_code",
    allowance=5,
    counts=(
        hard("account_day", DAY, 50),
        hard("account", QUARTER_HOUR, 10),
        Count("address", QUARTER_HOUR, fair=30),
        Count("all", QUARTER_HOUR, fair=300),
    ),
)

# Only wrong passwords stay counted. No count is by the email address alone: strangers could lock its owner out.
SIGN_IN: Final = Limit(
    "sign_in",
    allowance=3,
    counts=(
        hard("address", 5 * MINUTE, 30),
        hard("address_and_email", 5 * MINUTE, 10),
        Count("all", 5 * MINUTE, fair=1000),
    ),
)

# "Connect to a Group": as signing in, and for the same reason.
CONNECT: Final = Limit("connect", allowance=SIGN_IN.allowance, counts=SIGN_IN.counts)

# Each is an email to an address that somebody typed in, who need not be its owner (T54). By the email address strangers
# share five in six hours; the other five are for who has hardly asked, so that no flood locks its owner out.
REGISTRATION_MAIL: Final = Limit(
    "registration_mail",
    allowance=3,
    counts=(
        hard("address", HOUR, 30),
        Count("email", 6 * HOUR, fair=5, most=10),
        Count("all", HOUR, fair=600),
    ),
)

# Only links and codes that were refused stay counted; five wrong codes end a code anyway (T52).
REGISTRATION_PROOF: Final = Limit(
    "registration_proof",
    allowance=3,
    counts=(hard("address", QUARTER_HOUR, 30), Count("all", QUARTER_HOUR, fair=300)),
)


def device_authorization_limit(*, per_address: int, per_client: int) -> Limit:
    """Make the limit of new codes: by address in a minute, by client in the lifetime of a code.

    A client's second half is kept for addresses that have hardly asked: one client is a whole fleet, and few strangers
    shall not use it up.
    """
    return Limit(
        "device_authorization",
        allowance=5,
        counts=(
            hard("address", MINUTE, per_address),
            Count("client", QUARTER_HOUR, fair=-(-per_client // 2), most=per_client),
        ),
    )
