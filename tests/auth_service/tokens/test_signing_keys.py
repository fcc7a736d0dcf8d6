"""The signing keys as a process uses them (T29, T30, T32, F40)."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from auth_service.actions.create_signing_key import create_signing_key
from auth_service.actions.promote_signing_key import promote_signing_key
from auth_service.actions.revoke_signing_keys import revoke_signing_keys
from auth_service.domain.errors import SettingsError
from auth_service.tokens.key_vault import KeyVault
from auth_service.tokens.signing_keys import LOOK_AGAIN_SECONDS, SigningKeys
from tests.doubles.key_vaults import NOW, Monotonic, write_pem

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric import ec

    from auth_service.domain.key_ring import KeyRecord, KeyRing


class CountedVault(KeyVault):
    """Counts how often its folder is read."""

    reads = 0

    def read(self) -> KeyRing:
        self.reads += 1
        return super().read()


@pytest.fixture
def vault(tmp_path: Path) -> CountedVault:
    vault = CountedVault(tmp_path / "keys")
    create_signing_key(vault, now=NOW)
    return vault


@pytest.fixture
def clock() -> Monotonic:
    return Monotonic()


@pytest.fixture
def keys(vault: CountedVault, clock: Monotonic) -> SigningKeys:
    return SigningKeys(vault, monotonic=clock)


def test_only_public_members_are_published(keys: SigningKeys) -> None:
    """T32."""
    (jwk,) = keys.jwks()["keys"]

    assert set(jwk) == {"kty", "crv", "x", "y", "kid", "alg", "use"}
    assert (jwk["kty"], jwk["crv"], jwk["alg"], jwk["use"]) == ("EC", "P-256", "ES256", "sig")


def test_a_key_shows_nothing_of_its_private_half(keys: SigningKeys) -> None:
    """T29: not in a repr, so not in a log or an error."""
    assert repr(keys.current) == f"SigningKey(kid={keys.current.kid!r})"


def test_the_next_key_is_published_and_does_not_sign(vault: KeyVault, keys: SigningKeys) -> None:
    """T30."""
    signs = keys.current.kid
    following = create_signing_key(vault, now=NOW)[0].kid
    again = SigningKeys(vault)

    assert again.current.kid == signs
    assert [key["kid"] for key in again.jwks()["keys"]] == [signs, following]
    assert again.key(following) is not None


def test_a_change_is_noticed_within_seconds_and_without_a_restart(
    vault: KeyVault, keys: SigningKeys, clock: Monotonic
) -> None:
    """T30, F40."""
    old = keys.current.kid
    published = keys.published
    new = create_signing_key(vault, now=NOW)[0].kid
    promote_signing_key(vault, now=NOW + timedelta(hours=1))

    assert keys.current.kid == old
    clock.seconds += LOOK_AGAIN_SECONDS
    assert keys.current.kid == new
    assert {key["kid"] for key in keys.jwks()["keys"]} == {old, new}
    assert keys.published.etag != published.etag


def test_a_revoked_key_is_gone_within_seconds(vault: KeyVault, keys: SigningKeys, clock: Monotonic) -> None:
    """T29, F40."""
    old = keys.current.kid
    revoke_signing_keys(vault, [old], now=NOW)

    clock.seconds += LOOK_AGAIN_SECONDS

    assert keys.key(old) is None
    assert old not in {key["kid"] for key in keys.jwks()["keys"]}
    assert keys.current.kid != old


def test_the_folder_is_not_read_on_the_hot_path(vault: CountedVault, keys: SigningKeys, clock: Monotonic) -> None:
    """Once in two seconds, however many tokens are signed; the document is made once for each change."""
    before = vault.reads
    document = keys.published
    signing = keys.current
    for _ in range(1000):
        assert keys.current is signing
    clock.seconds += LOOK_AGAIN_SECONDS

    assert keys.current is signing
    assert keys.published is document
    assert vault.reads == before + 1


def test_only_one_thread_looks(vault: CountedVault, keys: SigningKeys, clock: Monotonic) -> None:
    """The others go on with what they have."""
    clock.seconds += LOOK_AGAIN_SECONDS
    before = vault.reads
    kids: list[str] = []
    keys._lock.acquire()
    other = threading.Thread(target=lambda: kids.append(keys.current.kid))
    other.start()
    other.join()
    keys._lock.release()

    assert kids == [keys._set.current.kid]
    assert vault.reads == before


def _take_away(folder: Path) -> None:
    folder.rename(folder.with_name("away"))


def _open_to_others(folder: Path) -> None:
    (folder / "signing-keys.json").chmod(0o644)


def _break(folder: Path) -> None:
    (folder / "signing-keys.json").write_text("{")


@pytest.mark.parametrize("harm", [_take_away, _open_to_others, _break])
def test_a_broken_folder_keeps_the_last_good_keys_and_is_logged_once(
    tmp_path: Path, keys: SigningKeys, clock: Monotonic, caplog: pytest.LogCaptureFixture, harm: Callable[[Path], None]
) -> None:
    """F40: nobody is logged out by a mistake in a folder."""
    signing = keys.current
    document = keys.published
    harm(tmp_path / "keys")

    for _ in range(3):
        clock.seconds += LOOK_AGAIN_SECONDS
        assert keys.current is signing
        assert keys.published is document

    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == [
        "the signing keys cannot be read; the last good ones go on"
    ]


def test_a_next_key_that_cannot_sign_keeps_the_last_good_keys(
    tmp_path: Path, vault: KeyVault, keys: SigningKeys, clock: Monotonic
) -> None:
    old = keys.current.kid
    new = create_signing_key(vault, now=NOW)[0].kid
    promote_signing_key(vault, now=NOW, is_urgent=True)
    (tmp_path / "keys" / f"{new}.pem").write_bytes(b"")

    clock.seconds += LOOK_AGAIN_SECONDS

    assert keys.current.kid == old


def test_a_key_that_is_revoked_between_two_readings_does_not_stop_a_start(vault: KeyVault) -> None:
    """F40: the state named it, and its file was gone when it was opened."""
    old = vault.read().keys[0].kid

    class Overtaken(KeyVault):
        overtaken = False

        def load(self, key: KeyRecord) -> ec.EllipticCurvePrivateKey:
            if not self.overtaken:
                self.overtaken = True
                revoke_signing_keys(vault, [old], now=NOW)
            return super().load(key)

    keys = SigningKeys(Overtaken(vault._folder))

    assert keys.current.kid != old


def test_a_key_that_comes_back_after_an_error_is_used(
    tmp_path: Path, keys: SigningKeys, clock: Monotonic, vault: KeyVault
) -> None:
    _take_away(tmp_path / "keys")
    clock.seconds += LOOK_AGAIN_SECONDS
    assert keys.current
    (tmp_path / "away").rename(tmp_path / "keys")
    new = create_signing_key(vault, now=NOW)[0].kid

    clock.seconds += LOOK_AGAIN_SECONDS

    assert keys.key(new) is not None


def test_an_empty_folder_says_how_to_make_a_key(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="auth-service create-key"):
        SigningKeys(KeyVault(tmp_path))


def test_an_older_folder_signs_with_its_newest_key(tmp_path: Path) -> None:
    """T30: an update of the service changes nothing for verifiers."""
    write_pem(tmp_path / "only.pem")

    keys = SigningKeys(KeyVault(tmp_path))

    assert [key["kid"] for key in keys.jwks()["keys"]] == [keys.current.kid]
    assert [path.name for path in tmp_path.iterdir()] == ["only.pem"]
