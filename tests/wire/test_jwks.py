"""The issuer's key set: what is read from it, when it is fetched, what a failed fetch costs (T20, T31, T32, F40)."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given
from hypothesis import strategies as st

from wire.errors import AnswerRefusedError, KeysUnavailableError, UnreachableError
from wire.http_client import HttpAnswer
from wire.jwks import ASK_AGAIN_SECONDS, MAX_AGE_SECONDS, MOST_KEYS, FetchedKeys, read_jwks

if TYPE_CHECKING:
    from collections.abc import Callable

JWKS_URI = "https://auth.example/.well-known/jwks.json"


def member(kid: str = "a", **changes: Any) -> dict[str, Any]:
    public_key = ec.generate_private_key(ec.SECP256R1()).public_key()
    good = {**jwt.algorithms.ECAlgorithm.to_jwk(public_key, as_dict=True), "kid": kid, "use": "sig", "alg": "ES256"}
    return {name: value for name, value in {**good, **changes}.items() if value is not ...}


def answer(document: object, status: int = 200, **headers: str) -> HttpAnswer:
    return HttpAnswer(status=status, headers=headers, body=json.dumps(document).encode())


@dataclass
class FakeHttp:
    """Gives the answers of a list in turn, the last one for ever; an exception in it is raised."""

    answers: list[HttpAnswer | Exception]
    asked: list[str] = field(default_factory=list)

    def get(self, url: str) -> HttpAnswer:
        self.asked.append(url)
        given = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(given, Exception):
            raise given
        return given


@dataclass
class Clock:
    """Stands still, and counts how often it was looked at: every question begins with a look."""

    now: float = 1000.0
    looks: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))

    def __call__(self) -> float:
        self.looks.release()
        return self.now


def fetched(*answers: HttpAnswer | Exception) -> tuple[FetchedKeys, FakeHttp, Clock]:
    http, clock = FakeHttp(list(answers)), Clock()
    return FetchedKeys(http, JWKS_URI, monotonic=clock), http, clock


# --- what counts as a key of ours --------------------------------------------------------------------------------


def test_a_key_is_found_by_its_kid_and_verifies_es256_alone() -> None:
    """RFC 8725 §3.1: the algorithm is the key's, not the token's."""
    keys = read_jwks({"keys": [member("a"), member("b", use=..., alg=...)]})

    assert sorted(keys) == ["a", "b"]
    assert {key.algorithm_name for key in keys.values()} == {"ES256"}


def _rsa_member() -> dict[str, Any]:
    public_key = rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key()
    return {**jwt.algorithms.RSAAlgorithm.to_jwk(public_key, as_dict=True), "kid": "rsa", "use": "sig"}


def _private_member() -> dict[str, Any]:
    private_key = ec.generate_private_key(ec.SECP256R1())
    return {**jwt.algorithms.ECAlgorithm.to_jwk(private_key, as_dict=True), "kid": "private", "use": "sig"}


def _p384_member() -> dict[str, Any]:
    public_key = ec.generate_private_key(ec.SECP384R1()).public_key()
    return {**jwt.algorithms.ECAlgorithm.to_jwk(public_key, as_dict=True), "kid": "p384", "use": "sig"}


FOREIGN_MEMBERS: dict[str, Callable[[], object]] = {
    "an RSA key": _rsa_member,
    "a P-384 key": _p384_member,
    "a P-384 key that says it is P-256": lambda: {**_p384_member(), "crv": "P-256"},
    "a symmetric key": lambda: {"kty": "oct", "k": "c2VjcmV0", "kid": "oct"},
    "a key with its private part": _private_member,
    "an encryption key": lambda: member(use="enc"),
    "a key without kid": lambda: member(kid=...),
    "a key with a number as kid": lambda: member(kid=1),
    "a key without x": lambda: member(x=...),
    "a key with x a number": lambda: member(x=1),
    "a key with x not base64": lambda: member(x="é!"),
    "a key with x of one byte": lambda: member(x="AA"),
    "a point off the curve": lambda: member(x="A" * 43),
    "a key with a list as curve": lambda: member(crv=["P-256"]),
    "a text": lambda: "key",
    "null": lambda: None,
    "a list": list,
}


@pytest.mark.parametrize("kind", FOREIGN_MEMBERS)
def test_foreign_member_is_passed_over(kind: str) -> None:
    """RFC 7517 §5: members that are not understood are ignored; T32: a private part is never taken for a key."""
    keys = read_jwks({"keys": [FOREIGN_MEMBERS[kind](), member("ours")]})

    assert list(keys) == ["ours"]


@pytest.mark.parametrize("kind", FOREIGN_MEMBERS)
def test_set_of_foreign_members_alone_is_refused(kind: str) -> None:
    with pytest.raises(AnswerRefusedError):
        read_jwks({"keys": [FOREIGN_MEMBERS[kind]()]})


@pytest.mark.parametrize(
    "document", [None, [], "keys", 1, {}, {"keys": None}, {"keys": {}}, {"keys": "a"}, {"keys": []}]
)
def test_document_that_is_no_key_set_is_refused(document: object) -> None:
    with pytest.raises(AnswerRefusedError):
        read_jwks(document)


def test_set_of_very_many_keys_is_refused() -> None:
    """T31."""
    one = member()
    many = [{**one, "kid": str(number)} for number in range(MOST_KEYS + 1)]

    assert len(read_jwks({"keys": many[:-1]})) == MOST_KEYS
    with pytest.raises(AnswerRefusedError):
        read_jwks({"keys": many})


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
_MEMBER = st.fixed_dictionaries(
    {"kty": st.just("EC"), "crv": st.just("P-256"), "kid": st.text()},
    optional={"x": _JSON, "y": _JSON, "use": st.just("sig") | _JSON, "alg": _JSON, "key_ops": _JSON},
)


@given(document=_JSON | st.fixed_dictionaries({"keys": st.lists(_MEMBER | _JSON, max_size=4)}))
def test_no_document_raises_anything_but_a_refusal(document: object) -> None:
    with pytest.raises(AnswerRefusedError):
        read_jwks(document)


# --- when the set is fetched -------------------------------------------------------------------------------------


def test_nothing_is_fetched_before_a_key_is_needed_and_then_once() -> None:
    keys, http, _ = fetched(answer({"keys": [member("a")]}))
    asked_at_first = list(http.asked)

    found = [keys.key("a") for _ in range(5)]

    assert asked_at_first == []
    assert http.asked == [JWKS_URI]
    assert all(found)


def test_unknown_kid_asks_again_once_per_floor() -> None:
    """T31: a flood of unknown kids does not become a flood of fetches."""
    keys, http, clock = fetched(answer({"keys": [member("a")]}))
    keys.key("a")

    for number in range(50):
        assert keys.key(f"unknown-{number}") is None
    within_the_floor = len(http.asked)
    clock.now += ASK_AGAIN_SECONDS
    for number in range(50):
        assert keys.key(f"unknown-{number}") is None

    assert within_the_floor == 1
    assert len(http.asked) == 2


def test_new_key_is_found_as_soon_as_the_floor_allows() -> None:
    """F40: an emergency rotation."""
    keys, _, clock = fetched(answer({"keys": [member("a")]}), answer({"keys": [member("b")]}))
    keys.key("a")

    clock.now += ASK_AGAIN_SECONDS

    assert keys.key("b") is not None
    assert keys.key("a") is None


def test_key_that_is_no_longer_published_dies_with_the_age_of_the_set() -> None:
    """F40, T29: after an emergency rotation the old key is refused within the cache time."""
    keys, http, clock = fetched(answer({"keys": [member("a"), member("b")]}), answer({"keys": [member("b")]}))
    keys.key("a")

    clock.now += MAX_AGE_SECONDS
    young_enough = keys.key("a")
    clock.now += 1
    too_old = keys.key("a")

    assert young_enough is not None
    assert too_old is None
    assert len(http.asked) == 2


def test_time_in_a_cache_in_between_counts_as_age_of_the_set() -> None:
    """F40, T29: the cache time is not spent twice on a key that was revoked."""
    keys, http, clock = fetched(
        answer({"keys": [member("a"), member("b")]}, age="290"), answer({"keys": [member("b")]})
    )
    keys.key("a")

    clock.now += 10
    young_enough = keys.key("a")
    clock.now += 1
    too_old = keys.key("a")

    assert young_enough is not None
    assert too_old is None
    assert len(http.asked) == 2


def test_a_set_that_a_cache_gives_too_old_is_asked_for_with_pauses() -> None:
    keys, http, clock = fetched(answer({"keys": [member("a")]}, age="100000"))

    for _ in range(3):
        assert keys.key("a") is not None
    assert len(http.asked) == 1
    clock.now += ASK_AGAIN_SECONDS
    assert keys.key("a") is not None
    assert len(http.asked) == 2


@pytest.mark.parametrize("age", ["", "-1", "1.5", "x", "\u0661", "9" * 5000, "10, 20"])
def test_an_age_that_cannot_be_read_is_none(age: str) -> None:
    keys, http, clock = fetched(answer({"keys": [member("a")]}, age=age))
    keys.key("a")

    clock.now += MAX_AGE_SECONDS
    keys.key("a")

    assert len(http.asked) == 1


BAD_ANSWERS: dict[str, HttpAnswer | Exception] = {
    "nobody answers": UnreachableError("No answer."),
    "too large": AnswerRefusedError("The answer is too large."),
    "HTML of a captive portal": HttpAnswer(status=200, headers={"content-type": "text/html"}, body=b"<html>Sign in"),
    "redirect": HttpAnswer(status=302, headers={"location": "https://evil.example"}, body=b""),
    "a good set under a 500": answer({"keys": [member("evil")]}, status=500),
    "not found": answer({"code": "not_found"}, status=404),
    "no key set": answer([]),
    "no keys": answer({"keys": []}),
    "private keys": answer({"keys": [_private_member()]}),
    "nothing": HttpAnswer(status=200, headers={}, body=b""),
}


@pytest.mark.parametrize("kind", BAD_ANSWERS)
def test_bad_answer_keeps_the_last_good_set(kind: str) -> None:
    """T31, F46."""
    keys, http, clock = fetched(answer({"keys": [member("a")]}), BAD_ANSWERS[kind])
    keys.key("a")

    clock.now += 100 * MAX_AGE_SECONDS
    kept = keys.key("a")

    assert kept is not None
    assert keys.key("evil") is None
    assert len(http.asked) == 2


@pytest.mark.parametrize("kind", BAD_ANSWERS)
def test_without_any_good_set_the_keys_are_unavailable(kind: str) -> None:
    keys, http, clock = fetched(BAD_ANSWERS[kind], BAD_ANSWERS[kind], answer({"keys": [member("a")]}))

    for _ in range(3):
        with pytest.raises(KeysUnavailableError):
            keys.key("a")
    asked_within_the_floor = len(http.asked)
    clock.now += ASK_AGAIN_SECONDS
    with pytest.raises(KeysUnavailableError):
        keys.key("a")
    clock.now += ASK_AGAIN_SECONDS

    assert asked_within_the_floor == 1
    assert keys.key("a") is not None


# --- many threads ------------------------------------------------------------------------------------------------


class SlowHttp:
    """Answers only when it is told to."""

    def __init__(self, document: object) -> None:
        self.document = document
        self.entered = threading.Event()
        self.go_on = threading.Event()
        self.asked = 0

    def get(self, _url: str) -> HttpAnswer:
        self.asked += 1
        self.entered.set()
        assert self.go_on.wait(10)
        return answer(self.document)


def _asking(keys: FetchedKeys, kid: str, found: list[object]) -> threading.Thread:
    def ask() -> None:
        try:
            found.append(keys.key(kid))
        except KeysUnavailableError as fault:
            found.append(fault)

    thread = threading.Thread(target=ask)
    thread.start()
    return thread


def test_first_requests_at_once_wait_for_one_fetch() -> None:
    """A service that has just started refuses nobody because another request is fetching the keys."""
    http = SlowHttp({"keys": [member("a")]})
    clock = Clock()
    keys = FetchedKeys(http, JWKS_URI, monotonic=clock)
    found: list[object] = []

    threads = [_asking(keys, "a", found)]
    assert http.entered.wait(10)
    threads += [_asking(keys, "a", found) for _ in range(4)]
    assert all(clock.looks.acquire(timeout=10) for _ in threads)
    http.go_on.set()
    for thread in threads:
        thread.join(10)

    assert http.asked == 1
    assert [type(key) for key in found] == [jwt.PyJWK] * 5


def test_known_key_waits_for_no_fetch() -> None:
    """F42: while the issuer is slow, tokens under a key that is held are verified at once."""
    http = SlowHttp({"keys": [member("a")]})
    clock = Clock()
    keys = FetchedKeys(http, JWKS_URI, monotonic=clock)
    http.go_on.set()
    keys.key("a")
    http.go_on.clear()
    http.entered.clear()
    clock.now += MAX_AGE_SECONDS + 1

    refreshing = _asking(keys, "a", [])
    assert http.entered.wait(10)
    found = keys.key("a")
    http.go_on.set()
    refreshing.join(10)

    assert found is not None
    assert http.asked == 2
