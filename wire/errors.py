"""Every error that wire raises on purpose.

WireError
├── TokenRefusedError        bad data: a JWT that must not be believed
├── ProofRefusedError        bad data: a DPoP proof, or the key for one, that must not be believed
│   └── NonceWantedError     the same with a nonce of ours may be good
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


class UnreachableError(WireError):
    """No answer: the connection failed, broke, or took longer than its time limit."""

    code = "unreachable"


class KeysUnavailableError(UnreachableError):
    """No verification key could be had from the issuer, and none was held from before."""

    code = "keys_unavailable"
