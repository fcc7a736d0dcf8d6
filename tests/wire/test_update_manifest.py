"""Reading an update manifest: what is believed, and what is refused (S1-13, S1-15, T62)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from tests.conformance.hostile_tokens import HOSTILE_TOKENS, Draft
from wire.errors import KeysUnavailableError, TokenRefusedError
from wire.update_manifest import (
    LONGEST_UPDATE_MANIFEST,
    Release,
    UpdateArtifact,
    UpdateManifest,
    read_update_manifest,
)

if TYPE_CHECKING:
    from tests.conformance.hostile_tokens import HostileToken

NOW = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)
AT = int(NOW.timestamp())
DAY = 86_400
ARTIFACT = {"url": "http://updates.example/tillpass-1.4.0.whl", "size": 1000, "sha256": "ab" * 32}


def claims(**changes: Any) -> dict[str, Any]:
    good = {
        "format_version": 1,
        "sequence": 7,
        "newest_version": "1.4.0",
        "minimum_version": "1.2.0",
        "artifacts": {"linux-x86_64": ARTIFACT},
        "notes_url": "https://vendor.example/notes",
        "iat": AT,
        "exp": AT + 30 * DAY,
        **changes,
    }
    return {name: value for name, value in good.items() if value is not ...}


def token(forge: Any, payload: dict[str, Any] | None = None, **header: Any) -> str:
    made: str = forge.token(forge.header("update-manifest+jwt", **header), claims() if payload is None else payload)
    return made


def read(forge: Any, text: str) -> UpdateManifest:
    return read_update_manifest(text, forge.issuer)


def test_manifest_says_what_the_vendor_signed(forge: Any) -> None:
    """S1-13."""
    assert read(forge, token(forge)) == UpdateManifest(
        sequence=7,
        newest_version=Release(1, 4, 0),
        minimum_version=Release(1, 2, 0),
        artifacts={"linux-x86_64": UpdateArtifact(**ARTIFACT)},
        notes_url="https://vendor.example/notes",
        issued_at=NOW,
        expires_at=NOW + timedelta(days=30),
    )


def test_what_is_written_is_read_again(forge: Any) -> None:
    manifest = read(forge, token(forge, claims(notes_url=...)))

    assert read(forge, token(forge, manifest.payload())) == manifest
    assert manifest.payload() == claims(notes_url=...)


def test_members_of_a_later_vendor_are_passed_over(forge: Any) -> None:
    artifacts = {"any": {**ARTIFACT, "signature": "later"}}

    assert read(forge, token(forge, claims(channel="beta", artifacts=artifacts))).sequence == 7


WRONG = {
    "a later format": claims(format_version=2),
    "no format": claims(format_version=...),
    "no sequence": claims(sequence=...),
    "sequence is a text": claims(sequence="7"),
    "sequence is true": claims(sequence=True),
    "sequence is zero": claims(sequence=0),
    "sequence beyond what JSON holds": claims(sequence=2**53),
    "no newest version": claims(newest_version=...),
    "version is a number": claims(newest_version=1.4),
    "version of two numbers": claims(newest_version="1.4"),
    "version with a zero before": claims(newest_version="1.04.0"),
    "version with a line after it": claims(newest_version="1.4.0\n"),
    "version in other digits": claims(newest_version="1.٤.0"),
    "no minimum version": claims(minimum_version=...),
    "minimum newer than newest": claims(minimum_version="1.4.1"),
    "no artifacts": claims(artifacts=...),
    "artifacts are a list": claims(artifacts=[ARTIFACT]),
    "too many artifacts": claims(artifacts={f"p{n}": ARTIFACT for n in range(33)}),
    "platform with a path": claims(artifacts={"../x": ARTIFACT}),
    "artifact is a text": claims(artifacts={"any": "x"}),
    "artifact without size": claims(artifacts={"any": {**ARTIFACT, "size": None}}),
    "artifact of no size": claims(artifacts={"any": {**ARTIFACT, "size": 0}}),
    "digest in capitals": claims(artifacts={"any": {**ARTIFACT, "sha256": "AB" * 32}}),
    "digest too short": claims(artifacts={"any": {**ARTIFACT, "sha256": "ab" * 16}}),
    "artifact from a file": claims(artifacts={"any": {**ARTIFACT, "url": "file:///etc/passwd"}}),
    "artifact from an endless address": claims(
        artifacts={"any": {**ARTIFACT, "url": f"http://a.example/{'a' * 1000}"}}
    ),
    "notes that are a script": claims(notes_url="javascript:alert(1)"),
    "no iat": claims(iat=...),
    "iat is a text": claims(iat="now"),
    "no exp": claims(exp=...),
    "exp is a fraction": claims(exp=AT + 0.5),
    "exp before iat": claims(exp=AT),
    "good for too long": claims(exp=AT + 366 * DAY + 1),
    "good for ever": claims(exp=10**18),
}


@pytest.mark.parametrize("payload", WRONG.values(), ids=WRONG.keys())
def test_manifest_that_is_wrong_is_refused(forge: Any, payload: dict[str, Any]) -> None:
    """T62: also under a good signature nothing is guessed."""
    with pytest.raises(TokenRefusedError):
        read(forge, token(forge, payload))


@pytest.mark.parametrize(
    "header",
    [
        {"typ": "JWT"},
        {"typ": "at+jwt"},
        {"typ": "license+jwt"},
        {"typ": "statuslist+jwt"},
        {"typ": ...},
        {"alg": "none"},
        {"alg": "HS256"},
        {"kid": "other"},
        {"kid": ...},
        {"crit": ["exp"]},
        {"jku": "http://updates.example/keys"},
    ],
    ids=str,
)
def test_manifest_under_a_wrong_header_is_refused(forge: Any, header: dict[str, Any]) -> None:
    """T62, T19, T20, T21."""
    with pytest.raises(TokenRefusedError, match="This is no update manifest to be believed"):
        read(forge, token(forge, **header))


# The claims of the catalogue are those of tokens; the manifest's own are above.
HOSTILE = [hostile for hostile in HOSTILE_TOKENS if hostile.part != "claims"]


@pytest.mark.parametrize("hostile", HOSTILE, ids=lambda hostile: hostile.name)
def test_manifest_with_the_fault_of_a_hostile_token_is_refused(forge: Any, hostile: HostileToken) -> None:
    """T19, T20, T21, T62: the whole catalogue of wrong headers, keys, signatures and forms."""
    draft = Draft(forge, forge.header("update-manifest+jwt"), claims())
    assert read(forge, draft.signed()).sequence == 7

    with pytest.raises(TokenRefusedError):
        read(forge, hostile.make(draft))


def test_other_tokens_of_the_same_key_are_no_manifest(forge: Any) -> None:
    """T21, T62: also where a key were pinned by mistake that signs something else."""
    for other in (forge.license_token(), forge.access_token()):
        with pytest.raises(TokenRefusedError, match="not of type"):
            read(forge, other)


def test_manifest_signed_by_another_key_under_a_pinned_kid_is_refused(forge: Any) -> None:
    """T62."""
    forged = forge.token(forge.header("update-manifest+jwt"), claims(), ec.generate_private_key(ec.SECP256R1()))

    with pytest.raises(TokenRefusedError, match="signature is wrong"):
        read(forge, forged)


@given(data=st.data())
def test_no_letter_of_it_can_be_changed(forge: Any, data: st.DataObject) -> None:
    """T62: a bit of header, payload or signature."""
    text = token(forge)
    at = data.draw(st.integers(0, len(text) - 1))
    letter, other = data.draw(st.permutations("AZaz09-_.=+/ \n\0ä"))[:2]
    # The choice may not depend on the text: its signature is another one at each run of the same example.
    changed = text[:at] + (letter if letter != text[at] else other) + text[at + 1 :]

    with pytest.raises(TokenRefusedError):
        read(forge, changed)


@given(data=st.data())
def test_no_part_of_it_is_enough(forge: Any, data: st.DataObject) -> None:
    """T62: truncated, or with more behind it."""
    text = token(forge)
    end = data.draw(st.integers(0, len(text) - 1))

    for changed in (text[:end], text + text[end:], f"{text}\n"):
        with pytest.raises(TokenRefusedError):
            read(forge, changed)


def test_huge_manifest_is_not_looked_at(forge: Any) -> None:
    """T62: endless data, refused by its length alone, however well it is signed."""
    many = {f"platform-{n}": {**ARTIFACT, "note": "x" * 2000} for n in range(32)}
    huge = token(forge, claims(artifacts=many))
    assert len(huge) > LONGEST_UPDATE_MANIFEST

    with pytest.raises(TokenRefusedError, match="too long"):
        read(forge, huge)


def test_fullest_manifest_is_short_enough(forge: Any) -> None:
    full = {"url": f"http://updates.example/{'a' * 900}", "size": 2**40, "sha256": "ab" * 32}

    fullest = token(forge, claims(artifacts={f"platform-{n:02}": full for n in range(32)}))

    assert len(read(forge, fullest).artifacts) == 32


@pytest.mark.parametrize("passed", [timedelta(0), timedelta(days=30, seconds=-1), timedelta(seconds=-60)])
def test_manifest_is_good_until_it_expires(forge: Any, passed: timedelta) -> None:
    read(forge, token(forge)).check_time(NOW + passed)


def test_expired_manifest_says_so(forge: Any) -> None:
    """T62: a freeze is noticed when `exp` comes, to the second."""
    with pytest.raises(TokenRefusedError, match="expired at 2026-07-01 09:00 UTC"):
        read(forge, token(forge)).check_time(NOW + timedelta(days=30))


def test_manifest_from_later_than_now_says_so(forge: Any) -> None:
    """T62, T60: a clock that is behind must not make an old manifest good."""
    with pytest.raises(TokenRefusedError, match="later than the time here"):
        read(forge, token(forge)).check_time(NOW - timedelta(seconds=61))


def test_manifest_that_no_reader_would_take_cannot_be_written(forge: Any) -> None:
    manifest = read(forge, token(forge))
    object.__setattr__(manifest, "sequence", 0)

    with pytest.raises(TokenRefusedError, match="malformed: sequence"):
        manifest.payload()


def test_without_keys_nothing_is_said(forge: Any) -> None:
    forge.issuer.away = True
    try:
        with pytest.raises(KeysUnavailableError):
            read(forge, token(forge))
    finally:
        forge.issuer.away = False


@given(st.text(max_size=200))
def test_any_text_is_refused_and_never_a_defect(forge: Any, text: str) -> None:
    with pytest.raises(TokenRefusedError):
        read(forge, text)


def test_releases_are_compared_by_their_numbers() -> None:
    assert Release.read("1.10.0") > Release.read("1.9.9") > Release.read("0.99.0")
    assert str(Release.read("1.10.0")) == "1.10.0"


@pytest.mark.parametrize("text", ["", "1", "1.2", "1.2.3.4", "1.2.3rc1", "v1.2.3", "1.2.-3", "1.2.1000000"])
def test_what_is_no_release_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"such as 1\.4\.0"):
        Release.read(text)
