"""Private keys that never leave a PKCS#11 token, as a hardware security module (PKCS#11 v2.40, T29).

A key of the token looks to PyJWT like any other P-256 key: it signs, and gives nothing else away. The token is of the
optional extra `hsm`; without it this module cannot be imported.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
from typing import TYPE_CHECKING, Any, Final, NoReturn

import pkcs11
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from pkcs11.exceptions import PinIncorrect, PinLocked, PKCS11Error
from pkcs11.util.ec import encode_named_curve_parameters

from auth_service.domain.errors import SettingsError, SigningKeyAwayError
from auth_service.tokens.key_vault import PKCS11_PREFIX
from auth_service.tokens.private_files import read_private_file

if TYPE_CHECKING:
    from collections.abc import Callable

    from cryptography.utils import Buffer

    from auth_service.settings import Pkcs11Settings

LABEL: Final = "tillpass signing key"
_NUMBER_BYTES: Final = 32
_UNCOMPRESSED_BYTES: Final = 65


class Pkcs11Token:
    """Keeps signing keys in one token; a handle is `pkcs11:` and the object's id in hexadecimal digits.

    One session a process, one call at a time: a session is not for several threads.
    """

    def __init__(self, settings: Pkcs11Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._session: pkcs11.Session | None = None
        self._private_keys: dict[bytes, Any] = {}
        self._pin_fault = ""

    def create(self, announce: Callable[[str], None]) -> tuple[str, ec.EllipticCurvePublicKey]:
        """Make a key inside the token. Raises SettingsError."""
        object_id = secrets.token_bytes(16)
        announce(_handle(object_id))
        with self._lock:
            try:
                curve = {pkcs11.Attribute.EC_PARAMS: encode_named_curve_parameters("secp256r1")}
                parameters = self._open().create_domain_parameters(pkcs11.KeyType.EC, curve, local=True)
                public, _ = parameters.generate_keypair(
                    id=object_id,
                    label=LABEL,
                    store=True,
                    capabilities=pkcs11.MechanismFlag.SIGN | pkcs11.MechanismFlag.VERIFY,
                    private_template={pkcs11.Attribute.SENSITIVE: True, pkcs11.Attribute.EXTRACTABLE: False},
                )
                return _handle(object_id), _public_key(public)
            except PKCS11Error as fault:
                self._fail(fault)

    def load(self, handle: str) -> Pkcs11PrivateKey:
        """Find a key. Raises SettingsError when the token does not answer or does not have it."""
        object_id = _object_id(handle)
        with self._lock:
            try:
                found = self._find(object_id, pkcs11.ObjectClass.PUBLIC_KEY)
                self._find(object_id, pkcs11.ObjectClass.PRIVATE_KEY)
                return Pkcs11PrivateKey(self, object_id, _public_key(found))
            except PKCS11Error as fault:
                self._fail(fault)

    def erase(self, handle: str) -> None:
        """Destroy a key, whether it is there or not. Raises SettingsError."""
        object_id = _object_id(handle)
        with self._lock:
            try:
                self._private_keys.pop(object_id, None)
                for found in list(self._open().get_objects({pkcs11.Attribute.ID: object_id})):
                    found.destroy()
            except PKCS11Error as fault:
                self._fail(fault)

    def sign(self, object_id: bytes, digest: bytes) -> bytes:
        """Sign a digest and give r and s, 32 bytes each (RFC 7518 §3.4). Raises SigningKeyAwayError."""
        with self._lock:
            try:
                return self._sign(object_id, digest)
            except (PKCS11Error, SettingsError):
                # A token that was away has forgotten its sessions: once more, from the beginning.
                self._forget()
            try:
                return self._sign(object_id, digest)
            except (PKCS11Error, SettingsError) as fault:
                self._forget()
                raise SigningKeyAwayError(f"The PKCS#11 token does not sign ({type(fault).__name__}).") from fault

    def _sign(self, object_id: bytes, digest: bytes) -> bytes:
        key = self._private_keys.get(object_id)
        if key is None:
            key = self._find(object_id, pkcs11.ObjectClass.PRIVATE_KEY)
            self._private_keys[object_id] = key
        raw: bytes = key.sign(digest, mechanism=pkcs11.Mechanism.ECDSA)
        return raw

    def _find(self, object_id: bytes, object_class: pkcs11.ObjectClass) -> Any:  # noqa: ANN401 - of the class asked for
        wanted = {pkcs11.Attribute.ID: object_id, pkcs11.Attribute.CLASS: object_class}
        found = list(self._open().get_objects(wanted))
        if len(found) != 1:
            raise SettingsError(f"The PKCS#11 token does not have the signing key {object_id.hex()}.")
        return found[0]

    def _open(self) -> pkcs11.Session:
        if self._pin_fault:
            # Asking again with a wrong PIN locks a token for good.
            raise SettingsError(self._pin_fault)
        if self._session is None:
            self._session = self._new_session()
        return self._session

    def _new_session(self) -> pkcs11.Session:
        try:
            pin = read_private_file(self._settings.pin_file).decode().strip()
        except (FileNotFoundError, ValueError) as fault:
            raise SettingsError(f"There is no PIN in {self._settings.pin_file}.") from fault
        try:
            library = pkcs11.lib(str(self._settings.module))
        except PKCS11Error as fault:
            raise SettingsError(f"{self._settings.module} cannot be used as a PKCS#11 library.") from fault
        try:
            return library.get_token(token_label=self._settings.token_label).open(rw=True, user_pin=pin)
        except (PinIncorrect, PinLocked) as fault:
            self._pin_fault = f"The PKCS#11 token refuses the PIN of {self._settings.pin_file}."
            raise SettingsError(self._pin_fault) from fault
        except (pkcs11.NoSuchToken, pkcs11.MultipleTokensReturned) as fault:
            raise SettingsError(f"There is not one PKCS#11 token of label {self._settings.token_label!r}.") from fault

    def _forget(self) -> None:
        self._private_keys.clear()
        session, self._session = self._session, None
        if session is not None:
            try:
                session.close()
            except PKCS11Error:
                # It is as gone as it should be.
                return

    def _fail(self, fault: PKCS11Error) -> NoReturn:
        self._forget()
        raise SettingsError(f"The PKCS#11 token does not do what was asked ({type(fault).__name__}).") from fault


class Pkcs11PrivateKey(ec.EllipticCurvePrivateKey):
    """A private key of the token, in the shape of the library that PyJWT signs with."""

    def __init__(self, token: Pkcs11Token, object_id: bytes, public_key: ec.EllipticCurvePublicKey) -> None:
        self._token = token
        self._object_id = object_id
        self._public_key = public_key

    def sign(self, data: Buffer, signature_algorithm: ec.EllipticCurveSignatureAlgorithm) -> bytes:
        """Sign with ECDSA and SHA-256 and nothing else; the answer is in DER, as everywhere in that library."""
        if not isinstance(signature_algorithm.algorithm, hashes.SHA256):
            raise TypeError("This key signs with SHA-256 only.")
        raw = self._token.sign(self._object_id, hashlib.sha256(data).digest())
        numbers = (int.from_bytes(half, "big") for half in (raw[:_NUMBER_BYTES], raw[_NUMBER_BYTES:]))
        return utils.encode_dss_signature(*numbers)

    def public_key(self) -> ec.EllipticCurvePublicKey:
        return self._public_key

    @property
    def curve(self) -> ec.EllipticCurve:
        return self._public_key.curve

    @property
    def key_size(self) -> int:
        return self._public_key.key_size

    def exchange(self, *_: object) -> NoReturn:
        raise TypeError("This key signs and does nothing else.")

    def private_numbers(self) -> NoReturn:
        raise TypeError("This key does not leave its token.")

    def private_bytes(self, *_: object, **__: object) -> NoReturn:
        raise TypeError("This key does not leave its token.")

    def __copy__(self) -> Pkcs11PrivateKey:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Pkcs11PrivateKey:
        return self


def _handle(object_id: bytes) -> str:
    return PKCS11_PREFIX + object_id.hex()


def _object_id(handle: str) -> bytes:
    try:
        return bytes.fromhex(handle.removeprefix(PKCS11_PREFIX))
    except ValueError as fault:
        raise SettingsError("The state of the signing keys names an object that no PKCS#11 token can have.") from fault


def _public_key(found: Any) -> ec.EllipticCurvePublicKey:  # noqa: ANN401 - of the token's own class
    point: bytes = found[pkcs11.Attribute.EC_POINT]
    # A token gives the point as a DER OCTET STRING, whose header is what stands before it; some give it bare.
    return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point[-_UNCOMPRESSED_BYTES:])
