"""What ties a device authorization to the device that asks (T15): a key (RFC 9449 §10) and a challenge (RFC 7636 §4.3).

The key comes as its thumbprint, `dpop_jkt`, or with a proof; where both come, they must agree. Of the challenges only
S256 is taken: a plain one is the verifier itself.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from authlib.oauth2.rfc6749.errors import InvalidRequestError

from auth_service.actions.request_device_authorization import DeviceBinding
from auth_service.grants.oauth_errors import as_oauth_errors
from wire.errors import ProofRefusedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from auth_service.authorization_server import ProtocolRequest

CHALLENGE_METHOD: Final = "S256"
# Both are a SHA-256 digest in base64url without padding.
_DIGEST: Final = re.compile(r"\A[A-Za-z0-9_-]{43}\Z")


def read_device_binding(request: ProtocolRequest, *, dpop_required: bool) -> DeviceBinding:
    """Read what the device fixes with its request.

    Raises OAuth2Error: `invalid_request`, `invalid_dpop_proof` or `use_dpop_nonce`.
    """
    challenge = _code_challenge(request.form)
    jkt = request.form.get("dpop_jkt") or None
    if jkt is not None and not _DIGEST.match(jkt):
        raise InvalidRequestError("The dpop_jkt is not the SHA-256 thumbprint of a key.")
    with as_oauth_errors():
        proven = request.prove_key()
        if jkt is None and proven is None and dpop_required:
            raise ProofRefusedError("A device must hold a key here. Send a DPoP proof with the request.")
        if jkt is not None and proven is not None and jkt != proven:
            raise ProofRefusedError("The DPoP proof is made with another key than that of dpop_jkt.")
    return DeviceBinding(dpop_jkt=jkt or proven, code_challenge=challenge)


def _code_challenge(form: Mapping[str, str]) -> str | None:
    challenge, method = form.get("code_challenge") or None, form.get("code_challenge_method") or None
    if challenge is None:
        if method is not None:
            raise InvalidRequestError("There is a code_challenge_method without a code_challenge.")
        return None
    if method != CHALLENGE_METHOD:
        # RFC 7636 §4.3: without a method it would be plain.
        raise InvalidRequestError(f"The code_challenge_method must be {CHALLENGE_METHOD}.")
    if not _DIGEST.match(challenge):
        raise InvalidRequestError("The code_challenge is not the SHA-256 digest of a verifier.")
    return challenge
