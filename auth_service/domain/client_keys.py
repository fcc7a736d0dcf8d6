"""The public keys that a client is registered with: a JWK Set (RFC 7517 §5), kept as no more than what verifies."""

from __future__ import annotations

import json
from typing import Any, Final

from auth_service.domain.errors import BadInputError
from wire.errors import AnswerRefusedError
from wire.jwks import read_jwks

MOST_KEYS: Final = 8
LONGEST_KID: Final = 128
LONGEST_DOCUMENT: Final = 16 * 1024
_PRIVATE: Final = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
_KEPT: Final = ("kty", "crv", "x", "y", "kid")


def check_client_keys(document: str) -> str:
    """Give a JWK Set as it is stored: ES256 keys with distinct kids, their public members alone (T32).

    Raises BadInputError, which never repeats what was given.
    """
    members = _members(document)
    if any(_PRIVATE & member.keys() for member in members):
        raise BadInputError("The JWK Set holds a private key. Keep that with the client; register its public half.")
    kids = [member.get("kid") for member in members]
    if not all(isinstance(kid, str) and 0 < len(kid) <= LONGEST_KID and kid.isprintable() for kid in kids):
        raise BadInputError(f"Every key of the JWK Set needs a kid of 1 to {LONGEST_KID} characters.")
    if len(set(kids)) != len(kids):
        raise BadInputError("A kid stands twice in the JWK Set.")
    kept = [{name: member[name] for name in _KEPT if name in member} for member in members]
    try:
        good = read_jwks({"keys": kept})
    except AnswerRefusedError as fault:
        raise BadInputError("The JWK Set holds no P-256 key.") from fault
    if len(good) != len(members):
        raise BadInputError("Every key of the JWK Set must be a P-256 key for ES256.")
    return json.dumps({"keys": kept})


def _members(document: str) -> list[dict[str, Any]]:
    refusal = BadInputError(f"The client's keys must be a JWK Set with 1 to {MOST_KEYS} keys.")
    if len(document) > LONGEST_DOCUMENT:
        raise refusal
    try:
        read = json.loads(document)
    except (ValueError, RecursionError) as fault:
        raise refusal from fault
    members = read.get("keys") if isinstance(read, dict) else None
    if not isinstance(members, list) or not 0 < len(members) <= MOST_KEYS:
        raise refusal
    if not all(isinstance(member, dict) for member in members):
        raise refusal
    return members
