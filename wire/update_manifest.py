"""The update manifest: the vendor's signed word on the newest version of the client (S1-13, S1-15, T62).

It is fetched over plain HTTP, so nothing protects it but itself: a JWT (RFC 7519) of its own `typ`, signed with a key
that signs nothing else and that the client holds from the start. What each rule keeps off, in the words of The Update
Framework:

- the signature and `typ`: arbitrary software, and another signed text in the manifest's place;
- `sequence`, which only grows: a rollback to an older manifest;
- `exp`: a freeze, in which the same manifest is served for ever;
- `size` and `sha256` of each artifact, and the longest manifest: altered and endless data.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Self

import jwt
from marshmallow import EXCLUDE, Schema, ValidationError, fields, post_load, validate, validates_schema

from wire.claims import LATEST_INSTANT
from wire.errors import TokenRefusedError
from wire.jwt_reader import JWT
from wire.token_types import SIGNING_ALGORITHM, UPDATE_MANIFEST_TYPE
from wire.token_verification import LEEWAY_SECONDS, signing_key

if TYPE_CHECKING:
    from wire.jwks import KeySource

UPDATE_MANIFEST_MEDIA_TYPE: Final = f"application/{UPDATE_MANIFEST_TYPE}"
UPDATE_MANIFEST_PATH: Final = "/update-manifest"
FORMAT_VERSION: Final = 1
LONGEST_UPDATE_MANIFEST: Final = 64 * 1024
LONGEST_VALIDITY_DAYS: Final = 366
"""How long a manifest may be good for at most: no slip at the signing machine makes one that is never too old."""

ANY_PLATFORM: Final = "any"
_HIGHEST_SEQUENCE: Final = 2**53 - 1
_MOST_ARTIFACTS: Final = 32
_LARGEST_ARTIFACT: Final = 2**40
_RELEASE: Final = re.compile(r"(0|[1-9][0-9]{0,5})\.(0|[1-9][0-9]{0,5})\.(0|[1-9][0-9]{0,5})")
_DAY_SECONDS: Final = 86_400


class Release(NamedTuple):
    """The version of a release: three numbers, compared in this order."""

    major: int
    minor: int
    patch: int

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}.{self.patch}"

    @classmethod
    def read(cls, text: str) -> Self:
        """Read a version such as 1.4.0. Raises ValueError for anything else: what is no release has no place here."""
        found = _RELEASE.fullmatch(text)
        if found is None:
            raise ValueError("A release has three numbers, such as 1.4.0.")
        return cls(*map(int, found.groups()))


@dataclass(frozen=True, slots=True)
class UpdateArtifact:
    """A file to install from; whatever `url` gives is good only if it has this size and SHA-256 (hexadecimal)."""

    url: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class UpdateManifest:
    """What the vendor says: `artifacts` are by platform, such as `linux-x86_64`, or `any`."""

    sequence: int
    newest_version: Release
    minimum_version: Release
    artifacts: dict[str, UpdateArtifact]
    notes_url: str | None
    issued_at: datetime
    expires_at: datetime

    def payload(self) -> dict[str, Any]:
        """Give the JWT claims set; `issued_at` and `expires_at` are its `iat` and `exp`.

        Raises TokenRefusedError for one that no reader would take.
        """
        claims: dict[str, Any] = {
            "format_version": FORMAT_VERSION,
            "sequence": self.sequence,
            "newest_version": str(self.newest_version),
            "minimum_version": str(self.minimum_version),
            "artifacts": {platform: asdict(artifact) for platform, artifact in self.artifacts.items()},
            "iat": int(self.issued_at.timestamp()),
            "exp": int(self.expires_at.timestamp()),
        }
        if self.notes_url is not None:
            claims["notes_url"] = self.notes_url
        _loaded(claims)
        return claims

    def check_time(self, now: datetime) -> None:
        """Raise TokenRefusedError where the manifest has expired, or is dated later than `now` and a leeway."""
        if now >= self.expires_at:
            raise TokenRefusedError(f"The update manifest expired at {self.expires_at:%Y-%m-%d %H:%M} UTC.")
        if self.issued_at.timestamp() > now.timestamp() + LEEWAY_SECONDS:
            raise TokenRefusedError(
                f"The update manifest is from {self.issued_at:%Y-%m-%d %H:%M} UTC, which is later than the time here."
            )


def read_update_manifest(token: str, keys: KeySource) -> UpdateManifest:
    """Verify signature, type and form of a manifest; its time and its sequence are for the caller to judge.

    Raises TokenRefusedError, or KeysUnavailableError when no key could be had.
    """
    try:
        key = signing_key(keys, token, UPDATE_MANIFEST_TYPE, longest=LONGEST_UPDATE_MANIFEST)
        claims = JWT.decode(
            token,
            key,
            algorithms=[SIGNING_ALGORITHM],
            # Also one that has expired must be read: its sequence counts.
            options={"verify_exp": False, "verify_iat": False, "verify_nbf": False, "verify_aud": False},
        )
    except TokenRefusedError as fault:
        raise TokenRefusedError(f"This is no update manifest to be believed. {fault}") from fault
    except jwt.PyJWTError as fault:
        raise TokenRefusedError("The update manifest's signature is wrong.") from fault
    return _loaded(claims)


def _loaded(claims: dict[str, Any]) -> UpdateManifest:
    if claims.get("format_version") != FORMAT_VERSION:
        raise TokenRefusedError("The update manifest is in a format that is not known here.")
    try:
        manifest: UpdateManifest = _ManifestSchema().load(claims)
    except ValidationError as fault:
        named = ", ".join(sorted(map(str, fault.messages_dict)))
        raise TokenRefusedError(f"The update manifest is malformed: {named}.") from fault
    return manifest


_IS_ADDRESS: Final = validate.And(validate.Length(max=1000), validate.URL(schemes={"http", "https"}, require_tld=False))


def _is_release(text: str) -> None:
    try:
        Release.read(text)
    except ValueError as fault:
        raise ValidationError(str(fault)) from fault


class _ArtifactSchema(Schema):
    class Meta:
        """A later format may say more."""

        unknown = EXCLUDE

    url = fields.String(required=True, validate=_IS_ADDRESS)
    size = fields.Integer(required=True, strict=True, validate=validate.Range(1, _LARGEST_ARTIFACT))
    sha256 = fields.String(required=True, validate=validate.Regexp(r"\A[0-9a-f]{64}\Z"))

    @post_load
    def _make(self, values: dict[str, Any], **_: object) -> UpdateArtifact:
        return UpdateArtifact(**values)


class _ManifestSchema(Schema):
    class Meta:
        """A later vendor may say more in the same format."""

        unknown = EXCLUDE

    sequence = fields.Integer(required=True, strict=True, validate=validate.Range(1, _HIGHEST_SEQUENCE))
    newest_version = fields.String(required=True, validate=_is_release)
    minimum_version = fields.String(required=True, validate=_is_release)
    artifacts = fields.Dict(
        keys=fields.String(validate=validate.Regexp(r"\A[a-z0-9][a-z0-9_.-]{0,63}\Z")),
        values=fields.Nested(_ArtifactSchema),
        required=True,
        validate=validate.Length(max=_MOST_ARTIFACTS),
    )
    notes_url = fields.String(load_default=None, validate=_IS_ADDRESS)
    iat = fields.Integer(required=True, strict=True, validate=validate.Range(0, LATEST_INSTANT))
    exp = fields.Integer(required=True, strict=True, validate=validate.Range(0, LATEST_INSTANT))

    @validates_schema
    def _check(self, values: dict[str, Any], **_: object) -> None:
        if not 0 < values["exp"] - values["iat"] <= LONGEST_VALIDITY_DAYS * _DAY_SECONDS:
            raise ValidationError("Not so long.", "exp")
        if Release.read(values["minimum_version"]) > Release.read(values["newest_version"]):
            raise ValidationError("Newer than the newest.", "minimum_version")

    @post_load
    def _make(self, values: dict[str, Any], **_: object) -> UpdateManifest:
        return UpdateManifest(
            sequence=values["sequence"],
            newest_version=Release.read(values["newest_version"]),
            minimum_version=Release.read(values["minimum_version"]),
            artifacts=values["artifacts"],
            notes_url=values["notes_url"],
            issued_at=datetime.fromtimestamp(values["iat"], UTC),
            expires_at=datetime.fromtimestamp(values["exp"], UTC),
        )
