"""An access key is signed, and verified offline with a pinned key (S1-38, S2-21, S2-22, T34)."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given, settings
from hypothesis import strategies as st

from wire import access_key
from wire.access_key import accept_access_key, claimed_organization, read_access_key, read_signers, sign_access_key
from wire.access_key_claims import AccessKeyClaims
from wire.access_key_text import read_text, write_text
from wire.errors import (
    AccessKeyExpiredError,
    AccessKeyForgedError,
    AccessKeyMistypedError,
    AccessKeyOfAnotherOrganizationError,
    AccessKeyRefusedError,
    AccessKeySignerUnknownError,
    AccessKeyUnreadableError,
    AnswerRefusedError,
)

CLAIMS = AccessKeyClaims(
    key_id="9f2f3c64-0d8b-4b0e-a5f3-7a1d9a3f5c21",
    organization_id="0b8a3a52-5d5e-4c1c-8f0e-2f6f4f4f6a11",
    version=3,
    issued_on=date(2026, 6, 1),
    renewal_date=date(2027, 1, 31),
    renewal_window_days=30,
    profile_code="standard",
    seats=(("xms", 5),),
)
PRIVATE_KEY = ec.derive_private_key(0x0123456789ABCDEF, ec.SECP256R1())
SIGNERS = (PRIVATE_KEY.public_key(),)
ANOTHER_KEY = ec.derive_private_key(0xFEDCBA9876543210, ec.SECP256R1())
TEXT = sign_access_key(CLAIMS, PRIVATE_KEY)
VECTOR = (
    "04CS0-X75KW-QKRS0-DHD5G-X9FKF-8ESMF-TW445-RMEJJ-BNF4R-74F1R-QPYKT-FD88G-7ZD00-7RT40-"
    "8Y11S-Q8RBE-CHGQ4-S010D-W6TWR-5M910-JQ1W6-RP34A-DR53C-H352R-0K49N-H86FB-JW2WN-WBWCX-"
    "P4J0Y-DA5ZE-T7RGD-XQ7XS-MVY9Y-246NC-QPEFY-S1P60-RJ1PP-8K0TR-W4W2J-7ZCGE-VV5NA"
)
PERPETUAL_VECTOR = (
    "04CS0-X75KW-QKRS0-DHD5G-X9FKF-8ESMF-TW445-RMEJJ-BNF4R-74F1R-QPYKT-FD88G-3ZD00-401W2-"
    "3KEHG-PWS31-E9J04-3VBD5-T66T3-5DRPP-8TBKE-1P62Y-8C0DW-6TWZT-041VP-B650A-HD388-E8G69-"
    "YGE3V-Z2BYG-X8JH8-851H7-Y55YQ-HRZ4R-YM190-NEYB8-Q10CE-YN808-SK0RP-CE68Z-DJEBR-HSH30-"
    "B69DC-738WQ-JQDBT-CZCGS"
)


def test_claimed_organization_is_read_from_anything_that_is_spelt_right() -> None:
    """S1-41: it finds a record, and is believed by nobody; a text that says nothing claims nothing."""
    forged = write_text(read_text(TEXT)[:-64] + bytes(64))

    assert claimed_organization(TEXT.lower().replace("-", " ")) == CLAIMS.organization_id
    assert claimed_organization(forged) == CLAIMS.organization_id
    assert [claimed_organization(text) for text in ("", "?", TEXT[:-1], write_text(b"\x01"), write_text(b""))] == [
        None
    ] * 5


def test_vectors() -> None:
    """The text of given claims and key never changes: it may be signed again at any time, and elsewhere."""
    perpetual = replace(CLAIMS, version=1, renewal_date=None, seats=(("xms", 250), ("kitchen-display", 12)))

    assert sign_access_key(CLAIMS, PRIVATE_KEY) == VECTOR
    assert sign_access_key(perpetual, PRIVATE_KEY) == PERPETUAL_VECTOR
    assert read_access_key(VECTOR, SIGNERS) == CLAIMS
    assert read_access_key(PERPETUAL_VECTOR, SIGNERS) == perpetual


def test_length_is_little_more_than_the_signature_and_the_two_ids() -> None:
    """64 + 16 + 16 bytes are 154 characters."""
    assert len(TEXT.replace("-", "")) == 205


@settings(max_examples=30)
@given(st.integers(1, 2**28 - 1), st.none() | st.dates(date(2026, 6, 1)))
def test_what_is_signed_is_read(version: int, renewal_date: date | None) -> None:
    claims = replace(CLAIMS, version=version, renewal_date=renewal_date)

    assert read_access_key(sign_access_key(claims, PRIVATE_KEY), SIGNERS) == claims


def test_each_changed_character_is_refused() -> None:
    """T34. One for each place here; tests/wire/test_access_key_text.py has all others."""
    for place, character in enumerate(TEXT):
        other = "-" if character == "-" else "Q" if character != "Q" else "R"
        if other != character:
            with pytest.raises(AccessKeyMistypedError):
                read_access_key(TEXT[:place] + other + TEXT[place + 1 :], SIGNERS)


def test_each_changed_bit_is_refused_though_the_check_was_made_to_fit() -> None:
    """T34: who alters an access key can make the check, and cannot make the signature."""
    content = bytearray(read_text(TEXT))
    for place in range(len(content) * 8):
        altered = bytearray(content)
        altered[place // 8] ^= 1 << place % 8
        with pytest.raises(AccessKeyRefusedError) as refused:
            read_access_key(write_text(bytes(altered)), SIGNERS)
        wanted = (
            AccessKeyUnreadableError
            if place < 8
            else AccessKeySignerUnknownError
            if place < 40
            else AccessKeyForgedError
        )
        assert type(refused.value) is wanted


def test_of_10_000_random_bodies_with_a_good_check_none_is_accepted() -> None:
    """T34: guessing. Only those that name the signer get as far as the signature."""
    rng = random.Random(7)
    named = read_text(TEXT)[:5]
    for number in range(10_000):
        body = rng.randbytes(119)
        with pytest.raises(AccessKeyRefusedError):
            read_access_key(write_text(named + body if number % 10 == 0 else body), SIGNERS)


def test_signature_of_another_key_is_refused_though_it_claims_to_be_of_a_pinned_one() -> None:
    """T34: forged."""
    content = read_text(sign_access_key(CLAIMS, ANOTHER_KEY))
    forged = read_text(TEXT)[:5] + content[5:]

    with pytest.raises(AccessKeyForgedError, match="not issued by the vendor"):
        read_access_key(write_text(forged), SIGNERS)


def test_signer_that_is_not_pinned_is_told_apart_from_a_forged_signature() -> None:
    """The site lacks a key that was published after it was set up, perhaps."""
    with pytest.raises(AccessKeySignerUnknownError, match="public keys anew"):
        read_access_key(sign_access_key(CLAIMS, ANOTHER_KEY), SIGNERS)


def test_older_and_newer_pinned_keys_verify_what_each_signed() -> None:
    """T30: rotation."""
    signers = (ANOTHER_KEY.public_key(), *SIGNERS)

    assert read_access_key(TEXT, signers) == CLAIMS
    assert read_access_key(sign_access_key(CLAIMS, ANOTHER_KEY), signers) == CLAIMS


def test_two_pinned_keys_with_the_same_four_bytes_are_both_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access_key, "_signer_of", lambda _: b"same")
    text = sign_access_key(CLAIMS, PRIVATE_KEY)

    assert read_access_key(text, (ANOTHER_KEY.public_key(), *SIGNERS)) == CLAIMS


def test_signature_over_the_bytes_without_the_context_is_refused() -> None:
    """T21: what the key signs for another purpose is no access key."""
    signed = read_text(TEXT)[:-64]
    elsewhere = jwt.algorithms.ECAlgorithm(jwt.algorithms.ECAlgorithm.SHA256).sign(signed, PRIVATE_KEY)

    with pytest.raises(AccessKeyForgedError):
        read_access_key(write_text(signed + elsewhere), SIGNERS)


@pytest.mark.parametrize("content", [b"\x01", b"\x01" * 64, b"\x02" + read_text(TEXT)[1:], b"\x00" * 124])
def test_other_formats_are_said_to_be_unknown(content: bytes) -> None:
    with pytest.raises(AccessKeyUnreadableError, match="of a kind that this version does not know"):
        read_access_key(write_text(content), SIGNERS)


def test_signed_bytes_that_are_no_claims_are_unreadable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(AccessKeyClaims, "payload", lambda _: b"no claims")
    text = sign_access_key(CLAIMS, PRIVATE_KEY)

    with pytest.raises(AccessKeyUnreadableError):
        read_access_key(text, SIGNERS)


def test_site_registers_its_own_access_key() -> None:
    """S2-22."""
    now = datetime(2027, 1, 31, 23, 59, 59, tzinfo=UTC)

    assert accept_access_key(TEXT, SIGNERS, organization_id=CLAIMS.organization_id, now=now) == CLAIMS


def test_access_key_of_another_organization_is_refused() -> None:
    """S2-22, T22, T44: its owner is checked, and not named."""
    with pytest.raises(AccessKeyOfAnotherOrganizationError) as refused:
        accept_access_key(TEXT, SIGNERS, organization_id=CLAIMS.key_id, now=datetime(2026, 6, 1, tzinfo=UTC))

    assert CLAIMS.organization_id not in str(refused.value)


@pytest.mark.parametrize(
    "now",
    [
        datetime(2027, 2, 1, tzinfo=UTC),
        datetime(2027, 2, 1, 2, 30, tzinfo=timezone(timedelta(hours=2))),
        datetime(2040, 1, 1, tzinfo=UTC),
    ],
)
def test_expired_access_key_is_refused_and_can_still_be_read(now: datetime) -> None:
    """S3-17: the renewal date is a day in UTC, and the last one that counts."""
    with pytest.raises(AccessKeyExpiredError):
        accept_access_key(TEXT, SIGNERS, organization_id=CLAIMS.organization_id, now=now)

    assert read_access_key(TEXT, SIGNERS) == CLAIMS


def test_perpetual_access_key_never_expires() -> None:
    """S3-20."""
    text = sign_access_key(replace(CLAIMS, renewal_date=None), PRIVATE_KEY)
    now = datetime(2100, 1, 1, tzinfo=UTC)

    assert accept_access_key(text, SIGNERS, organization_id=CLAIMS.organization_id, now=now).renewal_date is None


def test_every_refusal_has_a_code_and_a_sentence_of_its_own() -> None:
    kinds = AccessKeyRefusedError.__subclasses__()

    assert len({kind.code for kind in kinds}) == len(kinds) == 6
    assert all(kind.code.startswith("access_key_") for kind in kinds)


def test_pinned_keys_are_read_from_the_signers_jwk_set() -> None:
    member = jwt.algorithms.ECAlgorithm.to_jwk(PRIVATE_KEY.public_key(), as_dict=True)

    signers = read_signers({"keys": [{**member, "kid": "any", "use": "sig", "alg": "ES256"}]})

    assert read_access_key(TEXT, signers) == CLAIMS
    with pytest.raises(AnswerRefusedError):
        read_signers({"keys": []})
