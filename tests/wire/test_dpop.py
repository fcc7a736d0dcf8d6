"""A proof is believed while it is fresh, and once (RFC 9449 §4.3, §8, §11.1; T15)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest

from wire.dpop import REMEMBERED_SECONDS, DpopVerifier
from wire.dpop_key import DpopKey
from wire.dpop_nonces import DpopNonces
from wire.errors import NonceWantedError, ProofRefusedError, UnreachableError

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
URL = "https://auth.example/oauth/token"
KEY = DpopKey.generate()
NONCES = DpopNonces(b"k" * 32)


@dataclass
class Memory:
    """Remembers every proof for ever."""

    seen: dict[str, int] = field(default_factory=dict)
    away: bool = False

    def is_first_use(self, proof: str, *, seconds: int, now: datetime) -> bool:
        if self.away:
            raise UnreachableError("No answer.")
        first = proof not in self.seen
        self.seen[proof] = seconds
        return first


@pytest.fixture
def verifier() -> DpopVerifier:
    return DpopVerifier(memory=Memory(), now=lambda: NOW, nonces=NONCES)


def _made(seconds_ago: float = 0, nonce: str | None = None, key: DpopKey = KEY) -> str:
    return key.proof("POST", URL, NOW - timedelta(seconds=seconds_ago), nonce=nonce)


def _key_of(verifier: DpopVerifier, proof: str) -> str:
    return verifier.key_of(proof, method="POST", url=URL)


@pytest.mark.parametrize("seconds_ago", [300, 30, 0, -30, -60])
def test_fresh_proof_gives_its_key(seconds_ago: int, verifier: DpopVerifier) -> None:
    assert _key_of(verifier, _made(seconds_ago)) == KEY.jkt


@pytest.mark.parametrize("seconds_ago", [301, 86_400, -61, -86_400])
def test_proof_of_another_time_is_told_a_nonce(seconds_ago: int, verifier: DpopVerifier) -> None:
    """So a client whose clock is wrong heals."""
    with pytest.raises(NonceWantedError) as wanted:
        _key_of(verifier, _made(seconds_ago))

    assert (wanted.value.code, wanted.value.nonce) == ("use_dpop_nonce", NONCES.current(NOW))
    assert _key_of(verifier, _made(seconds_ago, wanted.value.nonce)) == KEY.jkt


@pytest.mark.parametrize("seconds_ago", [0, 86_400])
def test_stale_or_foreign_nonce_is_told_a_new_one(seconds_ago: int, verifier: DpopVerifier) -> None:
    """§8: also where the time of the proof would do."""
    for nonce in (NONCES.current(NOW - timedelta(hours=1)), "made-up"):
        with pytest.raises(NonceWantedError):
            _key_of(verifier, _made(seconds_ago, nonce))


def test_verifier_without_nonces_judges_the_time(verifier: DpopVerifier) -> None:
    alone = replace(verifier, nonces=None)

    assert _key_of(alone, _made(nonce="of-someone-else")) == KEY.jkt
    assert alone.nonce_for_next() is None
    with pytest.raises(ProofRefusedError, match="clock") as refused:
        _key_of(alone, _made(301))
    assert refused.value.code == "invalid_dpop_proof"


def test_required_nonce_is_asked_of_every_proof(verifier: DpopVerifier) -> None:
    strict = replace(verifier, nonce_required=True)

    with pytest.raises(NonceWantedError):
        _key_of(strict, _made())
    nonce = strict.nonce_for_next()
    assert nonce == NONCES.current(NOW)
    assert _key_of(strict, _made(nonce=nonce)) == KEY.jkt


def test_nonce_is_handed_out_beforehand_only_where_it_is_required(verifier: DpopVerifier) -> None:
    assert verifier.nonce_for_next() is None


@pytest.mark.parametrize("nonce", [None, NONCES.current(NOW)])
def test_replayed_proof_is_refused(nonce: str | None, verifier: DpopVerifier) -> None:
    """§11.1."""
    proof = _made(nonce=nonce)

    assert _key_of(verifier, proof) == KEY.jkt
    with pytest.raises(ProofRefusedError, match="used before") as refused:
        _key_of(verifier, proof)
    assert not isinstance(refused.value, NonceWantedError)


def test_each_new_proof_of_a_key_is_believed(verifier: DpopVerifier) -> None:
    assert [_key_of(verifier, _made()) for _ in range(3)] == [KEY.jkt] * 3


def test_proof_is_remembered_for_longer_than_it_is_fresh(verifier: DpopVerifier) -> None:
    """From the earliest to the latest moment at which one proof is believed."""
    memory = Memory()
    _key_of(replace(verifier, memory=memory), _made())

    assert list(memory.seen.values()) == [REMEMBERED_SECONDS]
    assert REMEMBERED_SECONDS > 300 + 60


def test_same_id_under_another_key_is_another_proof(verifier: DpopVerifier, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody uses up what another one will send."""
    monkeypatch.setattr("wire.dpop_key.secrets.token_urlsafe", lambda _length: "the-same")

    assert _key_of(verifier, _made()) == KEY.jkt
    other = DpopKey.generate()
    assert _key_of(verifier, _made(key=other)) == other.jkt


def test_proof_that_is_refused_uses_up_nothing(verifier: DpopVerifier) -> None:
    """What a stranger can make without a key must not fill the memory."""
    memory = Memory()
    watched = replace(verifier, memory=memory)
    for proof in (_made(9999), "nonsense", KEY.proof("GET", URL, NOW)):
        with pytest.raises(ProofRefusedError):
            _key_of(watched, proof)

    assert memory.seen == {}


def test_memory_that_is_away_believes_nothing(verifier: DpopVerifier) -> None:
    with pytest.raises(UnreachableError):
        _key_of(replace(verifier, memory=Memory(away=True)), _made())
