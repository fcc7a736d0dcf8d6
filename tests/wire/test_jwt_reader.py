"""Our reader of JWTs gives and refuses what PyJWT's own does, in its words (T19, T49)."""

from __future__ import annotations

from base64 import urlsafe_b64encode

import jwt
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from wire.jwt_reader import JWS

_HEADER = urlsafe_b64encode(b'{"alg":"ES256"}').decode().rstrip("=")
_SEGMENTS = st.text("AQgwBCx-_=+/ !\n.\x00é", max_size=12) | st.text(max_size=6)


def _said_by(reader: jwt.PyJWS, token: str) -> object:
    try:
        return reader.decode_complete(token, options={"verify_signature": False})
    except (jwt.PyJWTError, UnicodeError) as fault:
        return type(fault), str(fault)


@given(payload=_SEGMENTS, signature=_SEGMENTS)
@example(payload="", signature="")
@example(payload="QQ", signature="QR")
@example(payload="QQ==", signature="QQ=")
@example(payload="Q", signature="QQQQQ")
@example(payload="Q Q", signature="QQ\n")
@example(payload="+/", signature="-_A")
def test_it_says_what_pyjwt_says(payload: str, signature: str) -> None:
    token = f"{_HEADER}.{payload}.{signature}"

    assert _said_by(JWS, token) == _said_by(jwt.PyJWS(), token)


@given(content=st.binary(max_size=64))
def test_every_content_is_read(content: bytes) -> None:
    segment = urlsafe_b64encode(content).decode().rstrip("=")

    decoded = JWS.decode_complete(f"{_HEADER}.{segment}.{segment}", options={"verify_signature": False})

    assert (decoded["payload"], decoded["signature"]) == (content, content)


@pytest.mark.parametrize("text", ["QR", "Q", "QQ\n", "+/AA"])
def test_a_second_text_for_the_same_content_is_refused(text: str) -> None:
    """RFC 7515 §2, RFC 8725 §3.4: one token has one text."""
    with pytest.raises(jwt.DecodeError):
        JWS.get_unverified_header(f"{_HEADER}.{text}.QQ")
