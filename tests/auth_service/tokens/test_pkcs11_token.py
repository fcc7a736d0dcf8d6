"""Signing keys in a PKCS#11 token, tried with SoftHSM (T29)."""

from __future__ import annotations

import copy
import subprocess
import sys
import threading
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import jwt
import pkcs11
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.utils import base64url_decode
from pkcs11.exceptions import DeviceRemoved, PinIncorrect

from auth_service.actions.create_signing_key import create_signing_key
from auth_service.actions.promote_signing_key import promote_signing_key
from auth_service.actions.revoke_signing_keys import revoke_signing_keys
from auth_service.actions.rotate_signing_keys import rotate_signing_keys
from auth_service.domain.errors import SettingsError, SigningKeyAwayError
from auth_service.domain.key_ring import SETTLING
from auth_service.tokens.key_vault import KeyVault
from auth_service.tokens.pkcs11_token import Pkcs11PrivateKey, Pkcs11Token
from auth_service.tokens.signing_keys import SigningKeys
from auth_service.tokens.token_issuer import TokenIssuer
from tests.doubles.key_vaults import NOW, states
from tests.doubles.soft_hsm import PIN, SoftHsm, is_installed
from wire.scopes import AUDIENCE_OF_SCOPE, LICENSES_READ
from wire.token_verification import TokenVerifier

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from auth_service.settings import Pkcs11Settings

ISSUER = "https://auth.example.com"

pytestmark = pytest.mark.skipif(not is_installed(), reason="no SoftHSM here; on Debian: apt-get install softhsm2")


@pytest.fixture(scope="module")
def soft_hsm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SoftHsm]:
    soft_hsm = SoftHsm(tmp_path_factory.mktemp("softhsm"))
    soft_hsm.prepare()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in soft_hsm.environment.items():
            patch.setenv(name, value)
        yield soft_hsm


@pytest.fixture
def token_settings(soft_hsm: SoftHsm, tmp_path: Path) -> Iterator[Pkcs11Settings]:
    settings = soft_hsm.new_token(tmp_path)
    yield settings
    # The library looks for tokens when it is loaded.
    pkcs11.unload(str(settings.module))


@pytest.fixture
def token(token_settings: Pkcs11Settings) -> Pkcs11Token:
    return Pkcs11Token(token_settings)


@pytest.fixture
def vault(tmp_path: Path, token: Pkcs11Token) -> KeyVault:
    return KeyVault(tmp_path / "keys", token)


def _objects(token: Pkcs11Token) -> int:
    return len(list(token._open().get_objects()))


def test_a_token_signed_inside_verifies_outside(vault: KeyVault) -> None:
    """T29: ES256 with r and s in 64 bytes (RFC 7518 §3.4), by the same issuer and the same verifier as ever."""
    kid = create_signing_key(vault, now=NOW)[0].kid
    keys = SigningKeys(vault)

    signed = TokenIssuer(keys, ISSUER).service_token("scripts", LICENSES_READ, datetime.now(UTC))

    assert jwt.get_unverified_header(signed) == {"alg": "ES256", "typ": "at+jwt", "kid": kid}
    assert len(base64url_decode(signed.rpartition(".")[2])) == 64
    claims = TokenVerifier(keys, ISSUER, AUDIENCE_OF_SCOPE[LICENSES_READ]).access_token(signed)
    assert claims.sub == "scripts"


def test_every_signature_is_good(vault: KeyVault) -> None:
    """Numbers with leading zeros too: one in 128 signatures has one."""
    create_signing_key(vault, now=NOW)
    key = SigningKeys(vault).current.private_key

    for number in range(600):
        data = str(number).encode()
        key.public_key().verify(key.sign(data, ec.ECDSA(hashes.SHA256())), data, ec.ECDSA(hashes.SHA256()))


def test_the_private_half_does_not_leave_the_token(vault: KeyVault, token: Pkcs11Token, tmp_path: Path) -> None:
    """T29."""
    create_signing_key(vault, now=NOW)
    key = SigningKeys(vault).current.private_key

    [held] = token._open().get_objects({pkcs11.Attribute.CLASS: pkcs11.ObjectClass.PRIVATE_KEY})
    assert held[pkcs11.Attribute.SENSITIVE]
    assert not held[pkcs11.Attribute.EXTRACTABLE]
    assert {path.name for path in (tmp_path / "keys").iterdir()} == {"signing-keys.json", "signing-keys.lock"}
    for give_away in (
        key.private_numbers,
        lambda: key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ),
        lambda: key.exchange(ec.ECDH(), key.public_key()),
        lambda: key.sign(b"", ec.ECDSA(hashes.SHA384())),
    ):
        with pytest.raises(TypeError):
            give_away()
    assert copy.deepcopy(copy.copy(key)) is key
    assert (key.curve.name, key.key_size) == ("secp256r1", 256)


def test_the_keys_of_a_folder_move_into_a_token_by_an_ordinary_rotation(
    tmp_path: Path, token: Pkcs11Token, vault: KeyVault
) -> None:
    """T29, T30: nothing that the old key signed is refused meanwhile."""
    old = create_signing_key(KeyVault(tmp_path / "keys"), now=NOW)[0].kid
    new = create_signing_key(vault, now=NOW)[0].kid
    promote_signing_key(vault, now=NOW + SETTLING)

    keys = SigningKeys(vault)

    assert states(vault) == {old: "retired", new: "current"}
    assert isinstance(keys.current.private_key, Pkcs11PrivateKey)
    assert keys.key(old) is not None
    rotate_signing_keys(vault, rotation_days=0, now=NOW + 2 * SETTLING)
    assert list((tmp_path / "keys").glob("*.pem")) == []


def test_a_revoked_key_is_destroyed_in_the_token(vault: KeyVault, token: Pkcs11Token) -> None:
    """T29."""
    old = create_signing_key(vault, now=NOW)[0].kid
    assert _objects(token) == 2

    revoke_signing_keys(vault, [old], now=NOW)

    assert _objects(token) == 2
    assert old not in states(vault)
    assert SigningKeys(vault).current.private_key.sign(b"x", ec.ECDSA(hashes.SHA256()))


def test_threads_share_one_session(vault: KeyVault) -> None:
    create_signing_key(vault, now=NOW)
    key = SigningKeys(vault).current.private_key
    signatures: list[bytes] = []

    def sign() -> None:
        signatures.extend(key.sign(b"x", ec.ECDSA(hashes.SHA256())) for _ in range(25))

    threads = [threading.Thread(target=sign) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(signatures) == 200
    for signature in signatures:
        key.public_key().verify(signature, b"x", ec.ECDSA(hashes.SHA256()))


# Runs in a process of its own: it says which key signs, then again whenever it is asked to, and signs something.
FOLLOW = """
import sys
from pathlib import Path
import jwt
from auth_service.settings import Pkcs11Settings
from auth_service.tokens.key_vault import KeyVault
from auth_service.tokens.pkcs11_token import Pkcs11Token
from auth_service.tokens.signing_keys import SigningKeys

folder, module, label, pin_file = sys.argv[1:]
seconds = [0.0]
vault = KeyVault(Path(folder), Pkcs11Token(Pkcs11Settings(Path(module), label, Path(pin_file))))
keys = SigningKeys(vault, monotonic=lambda: seconds[0])
while True:
    signing = keys.current
    print(signing.kid, jwt.encode({}, signing.private_key, algorithm="ES256"), flush=True)
    if not sys.stdin.readline():
        break
    seconds[0] += 60
"""


def test_a_worker_signs_with_a_key_that_another_process_made_in_the_token(
    vault: KeyVault, token_settings: Pkcs11Settings, tmp_path: Path
) -> None:
    """T29, T30: without a restart, although its session is older than the key."""
    old = create_signing_key(vault, now=NOW)[0].kid
    token = [str(token_settings.module), token_settings.token_label, str(token_settings.pin_file)]
    command = [sys.executable, "-c", FOLLOW, str(tmp_path / "keys"), *token]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as worker:
        assert worker.stdin is not None
        assert worker.stdout is not None
        first = worker.stdout.readline().split()
        new = create_signing_key(vault, now=NOW)[0].kid
        promote_signing_key(vault, now=NOW + SETTLING)
        worker.stdin.write("\n")
        worker.stdin.flush()
        second = worker.stdout.readline().split()
        worker.stdin.close()

    keys = SigningKeys(vault)
    assert [first[0], second[0]] == [old, new]
    for kid, signed in (first, second):
        jwt.decode(signed, keys.key(kid), algorithms=["ES256"])


class _Gone:
    """A private key whose token was pulled out."""

    def sign(self, *_: object, **__: object) -> bytes:
        raise DeviceRemoved


def test_a_token_that_comes_back_signs_again(vault: KeyVault, token: Pkcs11Token) -> None:
    create_signing_key(vault, now=NOW)
    key = SigningKeys(vault).current.private_key
    token._private_keys[key._object_id] = _Gone()

    signature = key.sign(b"x", ec.ECDSA(hashes.SHA256()))

    key.public_key().verify(signature, b"x", ec.ECDSA(hashes.SHA256()))


def test_a_token_that_stays_away_is_our_trouble(
    vault: KeyVault, token: Pkcs11Token, monkeypatch: pytest.MonkeyPatch
) -> None:
    create_signing_key(vault, now=NOW)
    key = SigningKeys(vault).current.private_key

    def away() -> pkcs11.Session:
        raise DeviceRemoved

    token._forget()
    monkeypatch.setattr(token, "_new_session", away)

    with pytest.raises(SigningKeyAwayError, match="does not sign"):
        key.sign(b"x", ec.ECDSA(hashes.SHA256()))
    with pytest.raises(SettingsError, match="DeviceRemoved"):
        create_signing_key(vault, now=NOW)
    with pytest.raises(SettingsError, match="DeviceRemoved"):
        vault.load(vault.read().keys[0])


def test_a_wrong_pin_is_tried_once(
    token_settings: Pkcs11Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """T29: a token locks itself for good after a few wrong ones. Neither the PIN nor a part of it is said."""
    (tmp_path / "pin").write_text("wrong-pin")
    token = Pkcs11Token(token_settings)
    with pytest.raises(SettingsError, match="refuses the PIN") as refused:
        token.load("pkcs11:00")
    assert "wrong-pin" not in str(refused.value)
    assert isinstance(refused.value.__cause__, PinIncorrect)
    (tmp_path / "pin").write_text(PIN)

    with pytest.raises(SettingsError, match="refuses the PIN"):
        token.load("pkcs11:00")


def test_a_pin_that_others_may_read_is_refused(token_settings: Pkcs11Settings, tmp_path: Path) -> None:
    """T29."""
    (tmp_path / "pin").chmod(0o644)

    with pytest.raises(SettingsError, match="chmod 600"):
        Pkcs11Token(token_settings).load("pkcs11:00")


def test_a_token_or_pin_that_is_not_there_is_named(token_settings: Pkcs11Settings, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="'other'"):
        Pkcs11Token(replace(token_settings, token_label="other")).load("pkcs11:00")
    with pytest.raises(SettingsError, match="There is no PIN"):
        Pkcs11Token(replace(token_settings, pin_file=tmp_path / "none")).load("pkcs11:00")
    with pytest.raises(SettingsError, match="does not have the signing key 00"):
        Pkcs11Token(token_settings).load("pkcs11:00")
    with pytest.raises(SettingsError, match="no PKCS#11 token can have"):
        Pkcs11Token(token_settings).load("pkcs11:xx")


def test_a_library_that_is_none_is_named(token_settings: Pkcs11Settings, tmp_path: Path) -> None:
    (tmp_path / "library.so").write_text("not a library")

    with pytest.raises(SettingsError, match=r"library\.so"):
        Pkcs11Token(replace(token_settings, module=tmp_path / "library.so")).load("pkcs11:00")
