"""The hostile JWTs that no verifier may accept: each is a good token with one thing changed.

Rules of the catalogue, which test_hostile_tokens.py holds:

- HEADER and CLAIMS: one member is changed and the token signed anew, so that the signature cannot be what refuses it.
- ALGORITHM: `alg` is changed, and the signature is what that algorithm asks for.
- KEY: signed by an attacker's key; the header may point to it.
- SIGNATURE: header and payload are the good token's, byte by byte.
- FORM: a text made from the good token that is no JWS in compact serialization (RFC 7515 §3.1).

A signature (r, n - s) is as valid as (r, s) and is not in the list: nothing may tell tokens apart by their text, which
is what `jti` is for.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import zlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import jwt
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from wire.token_types import ACCESS_TOKEN_TYPE, LICENSE_TOKEN_TYPE

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.doubles.token_forge import Forge

ATTACKER: Final = ec.generate_private_key(ec.SECP256R1())
ORDER_OF_P256: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""FIPS 186-5: r and s are below it."""
FAR_SECONDS: Final = 600
"""Beyond any leeway between two clocks."""

_RSA: Final = rsa.generate_private_key(public_exponent=65537, key_size=2048)


@dataclass(frozen=True)
class Draft:
    """A good token before it is signed."""

    forge: Forge
    header: dict[str, Any]
    claims: dict[str, Any]

    def signed(self, *, header: Any = None, payload: Any = None, key: Any = None) -> str:
        return self.forge.token(header or self.header, self.claims if payload is None else payload, key)

    def signing_input(self, **header: Any) -> bytes:
        return self.forge.signing_input(_changed(self.header, header), self.claims)

    @property
    def other_type(self) -> str:
        return LICENSE_TOKEN_TYPE if self.header["typ"] == ACCESS_TOKEN_TYPE else ACCESS_TOKEN_TYPE


@dataclass(frozen=True)
class HostileToken:
    """One entry: `reason` says which rule the token breaks."""

    name: str
    part: str
    reason: str
    make: Callable[[Draft], str]


Entries = dict[str, tuple[str, "Callable[[Draft], str]"]]


def access_draft(forge: Forge, **claims: Any) -> Draft:
    return Draft(forge, forge.header(ACCESS_TOKEN_TYPE), forge.access_claims(**claims))


def license_draft(forge: Forge) -> Draft:
    return Draft(forge, forge.header(LICENSE_TOKEN_TYPE), forge.license_claims())


def _changed(good: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in {**good, **changes}.items() if value is not ...}


# --- algorithm (T19; RFC 8725 §3.1, §3.2) ------------------------------------------------------------------------


def _none(alg: str) -> Callable[[Draft], str]:
    return lambda draft: draft.forge.compact(draft.signing_input(alg=alg), b"")


def _alg(value: Any) -> Callable[[Draft], str]:
    return lambda draft: draft.signed(header=_changed(draft.header, {"alg": value}))


def _hmac(secret: Callable[[Draft], bytes], alg: str = "HS256") -> Callable[[Draft], str]:
    def make(draft: Draft) -> str:
        signed = draft.signing_input(alg=alg)
        return draft.forge.compact(signed, hmac.digest(secret(draft), signed, alg.replace("HS", "sha")))

    return make


def _public(encoding: Encoding) -> Callable[[Draft], bytes]:
    return lambda draft: draft.forge.issuer.private_key.public_key().public_bytes(
        encoding, PublicFormat.SubjectPublicKeyInfo
    )


def _jwk(draft: Draft) -> bytes:
    return json.dumps(draft.forge.issuer.public_member()).encode()


def _rsa(alg: str, pad: Any) -> Callable[[Draft], str]:
    def make(draft: Draft) -> str:
        signed = draft.signing_input(alg=alg)
        return draft.forge.compact(signed, _RSA.sign(signed, pad, hashes.SHA256()))

    return make


def _other_curve(alg: str, curve: ec.EllipticCurve, digest: hashes.HashAlgorithm) -> Callable[[Draft], str]:
    key = ec.generate_private_key(curve)

    def make(draft: Draft) -> str:
        signed = draft.signing_input(alg=alg)
        r, s = decode_dss_signature(key.sign(signed, ec.ECDSA(digest)))
        size = (curve.key_size + 7) // 8
        return draft.forge.compact(signed, r.to_bytes(size, "big") + s.to_bytes(size, "big"))

    return make


def _eddsa(draft: Draft) -> str:
    signed = draft.signing_input(alg="EdDSA")
    return draft.forge.compact(signed, ed25519.Ed25519PrivateKey.generate().sign(signed))


_PSS: Final = padding.PSS(padding.MGF1(hashes.SHA256()), hashes.SHA256.digest_size)

ALGORITHM: Entries = {
    "alg none": ("nobody signed it", _none("none")),
    "alg None": ("nobody signed it, said with a capital", _none("None")),
    "alg NONE": ("nobody signed it, said aloud", _none("NONE")),
    "alg nOnE": ("nobody signed it, said past a filter", _none("nOnE")),
    "alg none above a good signature": ("the header says that nobody signed it", _alg("none")),
    "alg missing": ("RFC 7515 §4.1.1: alg must be there", _alg(...)),
    "alg empty": ("no algorithm has this name", _alg("")),
    "alg null": ("alg must be a text", _alg(None)),
    "alg in lower case": ("RFC 7515 §4.1.1: alg is case-sensitive", _alg("es256")),
    "alg a list": ("alg must be one text", _alg(["ES256"])),
    "HS256 by the public key as PEM": ("a public key is no secret", _hmac(_public(Encoding.PEM))),
    "HS256 by the public key as DER": ("a public key is no secret", _hmac(_public(Encoding.DER))),
    "HS256 by the public key as JWK": ("a public key is no secret", _hmac(_jwk)),
    "HS256 by an empty secret": ("the issuer has no shared secret", _hmac(lambda _draft: b"")),
    "HS512 by the public key as PEM": ("a public key is no secret", _hmac(_public(Encoding.PEM), "HS512")),
    "RS256": ("the issuer has no RSA key", _rsa("RS256", padding.PKCS1v15())),
    "PS256": ("the issuer has no RSA key", _rsa("PS256", _PSS)),
    "ES384": ("the issuer has no P-384 key", _other_curve("ES384", ec.SECP384R1(), hashes.SHA384())),
    "ES512": ("the issuer has no P-521 key", _other_curve("ES512", ec.SECP521R1(), hashes.SHA512())),
    "ES256K": ("the issuer has no secp256k1 key", _other_curve("ES256K", ec.SECP256K1(), hashes.SHA256())),
    "EdDSA": ("the issuer has no Ed25519 key", _eddsa),
}

# --- key (T19, T20; RFC 8725 §3.10) ------------------------------------------------------------------------------


def _by_attacker(**header: Any) -> Callable[[Draft], str]:
    return lambda draft: draft.signed(header=_changed(draft.header, header), key=ATTACKER)


def _attackers_url(member: str, path: str) -> Callable[[Draft], str]:
    # Below the issuer's own host, where a test sees whether anybody comes to ask.
    return lambda draft: _by_attacker(**{member: f"{draft.forge.issuer.url}/attacker/{path}"})(draft)


def _attackers_jwk() -> dict[str, Any]:
    return {**jwt.algorithms.ECAlgorithm.to_jwk(ATTACKER.public_key(), as_dict=True), "alg": "ES256"}


def _attackers_chain() -> list[str]:
    spki = ATTACKER.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return [base64.b64encode(spki).decode()]


KEY: Entries = {
    "attacker's key under our kid": ("signed by a stranger", _by_attacker()),
    "attacker's key under its own kid": ("the issuer does not publish the key", _by_attacker(kid="attacker-1")),
    "attacker's key and no kid": ("the issuer does not publish the key", _by_attacker(kid=...)),
    "attacker's jwk": ("a key that the token brings along", _by_attacker(jwk=_attackers_jwk())),
    "attacker's jku": ("an address that the token brings along", _attackers_url("jku", "jwks.json")),
    "attacker's x5u": ("an address that the token brings along", _attackers_url("x5u", "chain.pem")),
    "attacker's x5c": ("a chain that the token brings along", _by_attacker(x5c=_attackers_chain())),
    "P-384 key under ES256": (
        "RFC 7518 §3.4: ES256 is P-256",
        lambda draft: draft.signed(key=ec.generate_private_key(ec.SECP384R1())),
    ),
}

# --- header (T20, T21; RFC 8725 §3.10, §3.11; RFC 7515 §4.1) -------------------------------------------------------


def _header(**changes: Any) -> Callable[[Draft], str]:
    return lambda draft: draft.signed(header=_changed(draft.header, changes))


def _header_again(member: str) -> Callable[[Draft], str]:
    return lambda draft: draft.signed(header=(json.dumps(draft.header)[:-1] + f",{member}}}").encode())


def _raw_header(content: bytes) -> Callable[[Draft], str]:
    return lambda draft: draft.signed(header=content)


def _zipped(draft: Draft) -> str:
    packed = zlib.compress(json.dumps(draft.claims).encode(), wbits=-15)
    return draft.signed(header={**draft.header, "zip": "DEF"}, payload=packed)


HEADER: Entries = {
    "typ of our other kind": (
        "an access token is no license token, nor the other way",
        lambda draft: _header(typ=draft.other_type)(draft),
    ),
    "typ dpop+jwt": ("a proof is no token", _header(typ="dpop+jwt")),
    "typ JWT": ("RFC 8725 §3.11: the kind must be said", _header(typ="JWT")),
    "typ id+jwt": ("another kind of token", _header(typ="id+jwt")),
    "typ missing": ("RFC 8725 §3.11: the kind must be said", _header(typ=...)),
    "typ null": ("typ must be a text", _header(typ=None)),
    "typ a list": ("typ must be one text", lambda draft: _header(typ=[draft.header["typ"]])(draft)),
    "typ said again, otherwise": ("RFC 7515 §4: the last one counts, if any", _header_again('"typ":"JWT"')),
    "alg said again, as none": ("RFC 7515 §4: the last one counts, if any", _header_again('"alg":"none"')),
    "kid missing": ("no key is named", _header(kid=...)),
    "kid unknown": ("the issuer does not publish this key", _header(kid="2025-12")),
    "kid of our other key": ("signed by another key than it says", lambda d: _header(kid=d.forge.issuer.other_kid)(d)),
    "kid empty": ("no key is named", _header(kid="")),
    "kid a path": ("the issuer does not publish this key", _header(kid="../../../../dev/null")),
    "kid SQL": ("the issuer does not publish this key", _header(kid="x' UNION SELECT 'secret' -- ")),
    "kid with a NUL": ("the issuer does not publish this key", lambda d: _header(kid=d.header["kid"] + "\0")(d)),
    "kid long": ("the issuer does not publish this key", _header(kid="k" * 4000)),
    "kid a list": ("RFC 7515 §4.1.4: kid is a text", lambda draft: _header(kid=[draft.header["kid"]])(draft)),
    "kid a number": ("RFC 7515 §4.1.4: kid is a text", _header(kid=1)),
    "kid null": ("RFC 7515 §4.1.4: kid is a text", _header(kid=None)),
    "crit unknown": ("RFC 7515 §4.1.11: not understood", _header(crit=["till"], till=1)),
    "crit of a member that is missing": ("RFC 7515 §4.1.11: it must be there", _header(crit=["till"])),
    "crit empty": ("RFC 7515 §4.1.11: must not be empty", _header(crit=[])),
    "b64 false": ("RFC 7797 §7: not for JWTs", _header(crit=["b64"], b64=False)),
    "zip": ("the payload is packed, which a JWS cannot be", _zipped),
    "header a list": ("RFC 7515 §4: an object", _raw_header(b'["ES256"]')),
    "header not JSON": ("RFC 7515 §4: JSON", _raw_header(b"alg=ES256")),
    "header not UTF-8": ("RFC 7515 §4: UTF-8", _raw_header(b'{"alg":"ES256","typ":"at+jwt","kid":"\xff"}')),
    "header nested deeply": ("RFC 7515 §4: an object", _raw_header(b"[" * 2000 + b"]" * 2000)),
}

# --- claims (T21, T22; RFC 7519 §4.1, §7.2; RFC 9068 §4) ----------------------------------------------------------


def _claims(**changes: Any) -> Callable[[Draft], str]:
    return lambda draft: draft.signed(payload=_changed(draft.claims, changes))


def _claim(name: str, change: Callable[[Any], Any]) -> Callable[[Draft], str]:
    return lambda draft: _claims(**{name: change(draft.claims[name])})(draft)


def _now_and(seconds: int) -> Callable[[Draft], int]:
    return lambda draft: int(draft.claims["iat"]) + seconds


def _claim_at(name: str, seconds: int) -> Callable[[Draft], str]:
    return lambda draft: _claims(**{name: _now_and(seconds)(draft)})(draft)


def _literal(name: str, value: str) -> Callable[[Draft], str]:
    # JSON that json.dumps does not write.
    def make(draft: Draft) -> str:
        text = json.dumps({**draft.claims, name: "LITERAL"}).replace('"LITERAL"', value)
        return draft.signed(payload=text.encode())

    return make


def _claim_again(member: str) -> Callable[[Draft], str]:
    return lambda draft: draft.signed(payload=(json.dumps(draft.claims)[:-1] + f",{member}}}").encode())


def _raw_payload(content: bytes) -> Callable[[Draft], str]:
    return lambda draft: draft.signed(payload=content)


def _json(value: Any) -> bytes:
    return json.dumps(value).encode()


def _without_payload(draft: Draft) -> str:
    signed = draft.forge.signing_input(draft.header, b"")
    return draft.forge.compact(signed, draft.forge.signature(signed))


def _cut_utf8(draft: Draft) -> str:
    return draft.signed(payload=_json({**draft.claims, "note": "x"}).replace(b'"x"', b'"\xff"'))


def _nested(draft: Draft) -> bytes:
    return draft.signed().encode()


def _unsigned(draft: Draft) -> bytes:
    return _none("none")(draft).encode()


CLAIMS: Entries = {
    "iss of another": ("another issuer", _claims(iss="https://attacker.example")),
    "iss with a slash": ("RFC 7519 §4.1.1: compared by character", _claim("iss", lambda iss: iss + "/")),
    "iss in upper case": ("RFC 7519 §4.1.1: case-sensitive", _claim("iss", str.upper)),
    "iss beginning with ours": ("compared whole", _claim("iss", lambda iss: iss + ".attacker.example")),
    "iss the beginning of ours": ("compared whole", _claim("iss", lambda iss: iss[:-1])),
    "iss missing": ("RFC 9068 §2.2: required", _claims(iss=...)),
    "iss empty": ("another issuer", _claims(iss="")),
    "iss a list": ("RFC 7519 §4.1.1: a text", _claim("iss", lambda iss: [iss])),
    "aud of another": ("not for us", _claims(aud=["notified"])),
    "aud beginning with ours": ("compared whole", _claim("aud", lambda aud: [aud[0] + ".attacker.example"])),
    "aud missing": ("RFC 9068 §2.2: required", _claims(aud=...)),
    "aud empty": ("for nobody", _claims(aud=[])),
    "aud an empty text": ("for nobody", _claims(aud="")),
    "aud an object": ("RFC 7519 §4.1.3: a text or texts", _claim("aud", lambda aud: {aud[0]: True})),
    "aud a list of lists": ("RFC 7519 §4.1.3: a text or texts", _claim("aud", lambda aud: [aud])),
    "aud said again, otherwise": ("RFC 7519 §4: the last one counts, if any", _claim_again('"aud":["notified"]')),
    "expired": ("its time is over", _claim_at("exp", -FAR_SECONDS)),
    "exp negative": ("its time is over", _claims(exp=-1)),
    "exp zero": ("its time is over", _claims(exp=0)),
    "exp missing": ("RFC 9068 §2.2: required", _claims(exp=...)),
    "exp null": ("RFC 7519 §4.1.4: a number", _claims(exp=None)),
    "exp a text": ("RFC 7519 §4.1.4: a number", _claim("exp", str)),
    "exp a list": ("RFC 7519 §4.1.4: a number", _claim("exp", lambda exp: [exp])),
    "exp true": ("RFC 7519 §4.1.4: a number", _claims(exp=True)),
    "exp a fraction": ("our instants are whole seconds", _claim("exp", lambda exp: exp + 0.5)),
    "exp beyond every calendar": ("a token for ever", _claims(exp=10**18)),
    "exp infinite": ("a token for ever", _literal("exp", "1e400")),
    "exp NaN": ("RFC 8259 §6: no JSON", _literal("exp", "NaN")),
    "exp said again, as past": ("RFC 7519 §4: the last one counts, if any", _claim_again('"exp":1')),
    "nbf in the future": ("its time has not come", _claim_at("nbf", FAR_SECONDS)),
    "nbf a text": ("RFC 7519 §4.1.5: a number", lambda draft: _claims(nbf=str(draft.claims["iat"]))(draft)),
    "iat in the future": ("nobody signs tomorrow", _claim_at("iat", FAR_SECONDS)),
    "iat missing": ("RFC 9068 §2.2: required", _claims(iat=...)),
    "iat a text": ("RFC 7519 §4.1.6: a number", _claim("iat", str)),
    "sub missing": ("RFC 9068 §2.2: required", _claims(sub=...)),
    "sub empty": ("about nobody", _claims(sub="")),
    "sub null": ("RFC 7519 §4.1.2: a text", _claims(sub=None)),
    "sub a list": ("RFC 7519 §4.1.2: a text", _claim("sub", lambda sub: [sub])),
    "sub a number": ("RFC 7519 §4.1.2: a text", _claims(sub=1)),
    "jti missing": ("RFC 9068 §2.2: required", _claims(jti=...)),
    "jti empty": ("nothing tells it apart", _claims(jti="")),
    "payload a list": ("RFC 7519 §7.2: an object", lambda draft: draft.signed(payload=_json([draft.claims]))),
    "payload a text": ("RFC 7519 §7.2: an object", _raw_payload(b'"sub"')),
    "payload null": ("RFC 7519 §7.2: an object", _raw_payload(b"null")),
    "payload empty": ("RFC 7519 §7.2: an object", _without_payload),
    "payload not UTF-8": ("RFC 7519 §7.2: UTF-8", _cut_utf8),
    "payload with a NUL before it": (
        "RFC 8259 §2: no white space",
        lambda d: d.signed(payload=b"\0" + _json(d.claims)),
    ),
    "payload with more behind it": ("RFC 7519 §7.2: one object", lambda d: d.signed(payload=_json(d.claims) + b"{}")),
    "payload nested deeply": ("RFC 7519 §7.2: an object", _raw_payload(b"[" * 2000 + b"]" * 2000)),
    "payload a good token": ("a nested JWT is not its content", lambda draft: draft.signed(payload=_nested(draft))),
    "payload an unsigned token": ("a nested JWT that nobody signed", lambda d: d.signed(payload=_unsigned(d))),
}

# --- signature (RFC 7518 §3.4) -----------------------------------------------------------------------------------


def _signature(change: Callable[[bytes], bytes]) -> Callable[[Draft], str]:
    def make(draft: Draft) -> str:
        signed = draft.signing_input()
        return draft.forge.compact(signed, change(draft.forge.signature(signed)))

    return make


def _in_der(raw: bytes) -> bytes:
    return encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))


def _widened(raw: bytes) -> bytes:
    return bytes(16) + raw[:32] + bytes(16) + raw[32:]


def _of_another_token(draft: Draft) -> str:
    other = replace(draft, claims={**draft.claims, "jti": "jti-2"}).signed()
    return draft.signed().rpartition(".")[0] + "." + other.rpartition(".")[2]


def _with_spare_bits(draft: Draft) -> str:
    # 64 bytes leave four unused bits in the last letter; another letter there decodes to the same bytes.
    good = draft.signed()
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return good[:-1] + letters[letters.index(good[-1]) + 1]


_ORDER: Final = ORDER_OF_P256.to_bytes(32, "big")

SIGNATURE: Entries = {
    "signature empty": ("nobody signed it", _signature(lambda _raw: b"")),
    "signature cut by a byte": ("RFC 7518 §3.4: 64 bytes", _signature(lambda raw: raw[:-1])),
    "signature longer by a byte": ("RFC 7518 §3.4: 64 bytes", _signature(lambda raw: raw + b"\0")),
    "signature in DER": ("RFC 7518 §3.4: r and s, not ASN.1", _signature(_in_der)),
    "signature of zeros": ("r and s begin at 1", _signature(lambda _raw: bytes(64))),
    "signature with r = 0": ("r and s begin at 1", _signature(lambda raw: bytes(32) + raw[32:])),
    "signature with s = 0": ("r and s begin at 1", _signature(lambda raw: raw[:32] + bytes(32))),
    "signature of the order": ("r and s end before the order", _signature(lambda _raw: _ORDER * 2)),
    "signature with r and s changed over": ("another signature", _signature(lambda raw: raw[32:] + raw[:32])),
    "signature with one bit turned": ("another signature", _signature(lambda raw: bytes([raw[0] ^ 1]) + raw[1:])),
    "signature padded to P-384's size": ("RFC 7518 §3.4: 64 bytes", _signature(_widened)),
    "signature a hash": ("anybody can hash", _signature(lambda raw: hashlib.sha512(raw).digest())),
    "signature of another token": ("of another token", _of_another_token),
    "signature with spare bits": ("RFC 4648 §3.5: one text for one signature", _with_spare_bits),
}

# --- form (RFC 7515 §3.1, RFC 7519 §7.2) --------------------------------------------------------------------------


def _text(change: Callable[[str], str]) -> Callable[[Draft], str]:
    return lambda draft: change(draft.signed())


def _members(draft: Draft) -> dict[str, str]:
    header, payload, signature = draft.signed().split(".")
    return {"payload": payload, "protected": header, "signature": signature}


def _general(draft: Draft) -> str:
    members = _members(draft)
    payload = members.pop("payload")
    return json.dumps({"payload": payload, "signatures": [members]})


def _other_alphabet(draft: Draft) -> str:
    while True:
        head, _, signature = draft.signed().rpartition(".")
        if {"-", "_"} & set(signature):
            return head + "." + signature.replace("-", "+").replace("_", "/")


FORM: Entries = {
    "two parts": ("RFC 7519 §7.2: the signature is left out", _text(lambda good: good.rpartition(".")[0])),
    "four parts": ("RFC 7515 §7.1: three parts", _text(lambda good: good + ".e30")),
    "five parts, as in JWE": ("it is no JWS", _text(lambda good: good + ".e30.e30")),
    "an empty part before it": ("RFC 7515 §7.1: three parts", _text(lambda good: "." + good)),
    "flattened JSON": ("RFC 7519 §1: compact serialization only", lambda draft: json.dumps(_members(draft))),
    "general JSON": ("RFC 7519 §1: compact serialization only", _general),
    "padded": ("RFC 7515 §2: without padding", _text(lambda good: good + "==")),
    "in the other base64 alphabet": ("RFC 7515 §2: base64url", _other_alphabet),
    "a space inside": ("RFC 7515 §2: no white space", _text(lambda good: good.replace(".", ". ", 1))),
    "a line feed inside": ("RFC 7515 §2: no white space", _text(lambda good: good.replace(".", ".\n", 1))),
    "a NUL at the end": ("RFC 7515 §2: base64url", _text(lambda good: good + "\0")),
    "in quotes": ("RFC 6750 §2.1: the bare token", _text(lambda good: f'"{good}"')),
    "twice": ("one token at a time", _text(lambda good: f"{good},{good}")),
    "percent-encoded dots": ("RFC 6750 §2.1: the bare token", _text(lambda good: good.replace(".", "%2E"))),
    "letters that look like ours": ("RFC 7515 §2: base64url", _text(lambda good: good.replace("e", "\u0435", 1))),
    "a hundred thousand letters": ("longer than any token of ours", _text(lambda good: good + "A" * 100_000)),
}

HOSTILE_TOKENS: Final = tuple(
    HostileToken(name, part, reason, make)
    for part, entries in (
        ("algorithm", ALGORITHM),
        ("key", KEY),
        ("header", HEADER),
        ("claims", CLAIMS),
        ("signature", SIGNATURE),
        ("form", FORM),
    )
    for name, (reason, make) in entries.items()
)
