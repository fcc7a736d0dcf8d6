"""Every error that wire raises on purpose.

WireError
├── TokenRefusedError        bad data: a JWT that must not be believed
├── ProofRefusedError        bad data: a DPoP proof, or the key for one, that must not be believed
│   └── NonceWantedError     the same with a nonce of ours may be good
├── AnswerRefusedError       bad data: the other side answered what it should not
├── MessageRefusedError      bad data: a queue message that cannot be used
├── AccessKeyRefusedError    bad data: an access key that gives nothing here
│   ├── AccessKeyUnreadableError             the text is no access key
│   ├── AccessKeyMistypedError               its check is wrong: a typing mistake
│   ├── AccessKeySignerUnknownError          signed with a key that is not pinned
│   ├── AccessKeyForgedError                 its signature is wrong
│   ├── AccessKeyOfAnotherOrganizationError  made for another organization
│   └── AccessKeyExpiredError                its renewal date has passed
├── RedisUnfitError          a Redis that is full, or would throw entries away
├── UnreachableError         no data: nobody answered in time
└── KeysUnavailableError     no data: the issuer's keys could not be had yet
"""

from __future__ import annotations

from typing import ClassVar


class WireError(Exception):
    """The root of the tree. `code` is stable and for machines; the message is a sentence for people."""

    code = "wire_error"


class TokenRefusedError(WireError):
    """A JWT failed verification (RFC 7519 §7.2). The message names the rule that it broke, never the token."""

    code = "invalid_token"


class ProofRefusedError(WireError):
    """A DPoP proof failed verification (RFC 9449 §4.3). The message names the rule that it broke, never the proof."""

    code = "invalid_dpop_proof"


class NonceWantedError(ProofRefusedError):
    """The proof must be made again with `nonce` (RFC 9449 §8)."""

    code = "use_dpop_nonce"

    def __init__(self, sentence: str, nonce: str) -> None:
        super().__init__(f"{sentence} Make it again with the nonce that this answer brings.")
        self.nonce = nonce


class AnswerRefusedError(WireError):
    """The other side answered with something that its contract does not allow."""

    code = "bad_answer"


class MessageRefusedError(WireError):
    """A queue message is of an unknown version or template, is not sealed for us, or has a wrong context."""

    code = "bad_message"


class AccessKeyRefusedError(WireError):
    """An access key gives nothing here. `group` is the one to look at, counted from 1, where that can be said."""

    code = "access_key_refused"
    sentence: ClassVar[str] = "This access key is refused."

    def __init__(self, sentence: str | None = None, *, group: int | None = None) -> None:
        super().__init__(sentence or self.sentence)
        self.group = group


class AccessKeyUnreadableError(AccessKeyRefusedError):
    """The text holds what no access key holds, or is too short or too long."""

    code = "access_key_unreadable"
    sentence = "This is not an access key, or not all of it."

    def __init__(self, sentence: str | None = None, *, group: int | None = None) -> None:
        if group is not None:
            sentence = f"Group {group} of the access key holds a character that no access key has."
        super().__init__(sentence, group=group)


class AccessKeyMistypedError(AccessKeyRefusedError):
    """The check is wrong: a character is wrong, missing or too many."""

    code = "access_key_mistyped"
    sentence = "There is a typing mistake in the access key."

    def __init__(self, group: int | None = None) -> None:
        sentence = None if group is None else f"There is a typing mistake in group {group} of the access key."
        super().__init__(sentence, group=group)


class AccessKeySignerUnknownError(AccessKeyRefusedError):
    """It was signed with a key that is not among those that are pinned."""

    code = "access_key_signer_unknown"
    sentence = "This access key is signed with a key that is not known here. Get the vendor's public keys anew."


class AccessKeyForgedError(AccessKeyRefusedError):
    """Its signature is wrong: it was made up or altered."""

    code = "access_key_forged"
    sentence = "This access key was not issued by the vendor."


class AccessKeyOfAnotherOrganizationError(AccessKeyRefusedError):
    """It was made for another organization; which one is not said (T44)."""

    code = "access_key_of_another_organization"
    sentence = "This access key belongs to another organization."


class AccessKeyExpiredError(AccessKeyRefusedError):
    """Its renewal date has passed (S3-17)."""

    code = "access_key_expired"
    sentence = "This access key has expired. Get a new one."


class RedisUnfitError(WireError):
    """Redis answers, and is not as it must be: the sentence says what to change."""

    code = "redis_unfit"


class UnreachableError(WireError):
    """No answer: the connection failed, broke, or took longer than its time limit."""

    code = "unreachable"


class KeysUnavailableError(UnreachableError):
    """No verification key could be had from the issuer, and none was held from before."""

    code = "keys_unavailable"
