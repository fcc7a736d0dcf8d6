"""Every error that wire raises on purpose.

WireError
├── TokenRefusedError        bad data: a JWT that must not be believed
├── AnswerRefusedError       bad data: the other side answered what it should not
├── MessageRefusedError      bad data: a queue message that cannot be used
├── UnreachableError         no data: nobody answered in time
└── KeysUnavailableError     no data: the issuer's keys could not be had yet
"""


class WireError(Exception):
    """The root of the tree. `code` is stable and for machines; the message is a sentence for people."""

    code = "wire_error"


class TokenRefusedError(WireError):
    """A JWT failed verification (RFC 7519 §7.2). The message names the rule that it broke, never the token."""

    code = "invalid_token"


class AnswerRefusedError(WireError):
    """The other side answered with something that its contract does not allow."""

    code = "bad_answer"


class MessageRefusedError(WireError):
    """A queue message is of an unknown version or template, is not sealed for us, or has a wrong context."""

    code = "bad_message"


class UnreachableError(WireError):
    """No answer: the connection failed, broke, or took longer than its time limit."""

    code = "unreachable"


class KeysUnavailableError(UnreachableError):
    """No verification key could be had from the issuer, and none was held from before."""

    code = "keys_unavailable"
