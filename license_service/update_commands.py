"""The commands of `license-service update`: the signing key, and manifests signed, published and put in place.

`sign` needs nothing but the key's file: it runs on a machine without a network, and `put` publishes what it printed.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from license_service.actions.publish_update import publish_signed_update, publish_update
from license_service.actions.sign_update import UpdateDraft, artifact_of, sign_update
from license_service.actions.verify_update import verify_update
from license_service.domain.errors import UpdateError
from license_service.signing.update_key import create_update_key, load_update_key, public_key_set
from license_service.storage.update_folder import UpdateFolder
from license_service.update_settings import load_update_settings
from license_service.wiring import utc_now
from wire.update_manifest import LONGEST_UPDATE_MANIFEST, LONGEST_VALIDITY_DAYS, Release

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wire.update_manifest import UpdateManifest

DEFAULT_VALID_DAYS: Final = 30
_EVERY_VERSION: Final = Release(0, 0, 0)


def add_update_commands(commands: Any) -> None:  # noqa: ANN401 - argparse keeps this type to itself
    """Add the verbs of `update` to the commands of the service."""
    updates = commands.add_parser("update", help="say which client version is the newest, signed")
    verbs = updates.add_subparsers(required=True, metavar="VERB")

    create = verbs.add_parser("create-key", help="make the key that signs manifests; print what clients pin")
    create.add_argument("--key-file", type=Path, metavar="FILE", required=True, help="where the private key goes")
    create.set_defaults(act=_create_key)

    public = verbs.add_parser("public-keys", help="print what clients pin, of one key or of several")
    public.add_argument("--key-file", type=Path, metavar="FILE", required=True, action="append", help="repeatable")
    public.set_defaults(act=_public_keys)

    sign = verbs.add_parser("sign", help="sign a manifest and print it; needs no settings and no network")
    _add_draft(sign)
    sign.add_argument("--sequence", type=int, metavar="NUMBER", required=True, help="higher than that of any before")
    sign.set_defaults(act=_sign)

    publish = verbs.add_parser("publish", help="sign a manifest and put it where it is served")
    _add_draft(publish)
    publish.add_argument("--sequence", type=int, metavar="NUMBER", help="by default the next one")
    publish.add_argument("--json", action="store_true", help="answer in JSON")
    publish.set_defaults(act=_publish)

    put = verbs.add_parser("put", help="put a manifest that was signed elsewhere where it is served")
    put.add_argument("manifest", type=Path, metavar="MANIFEST", help="what `sign` printed")
    put.add_argument("--keys", type=Path, metavar="FILE", required=True, help="what clients pin, to verify it by")
    put.add_argument("--json", action="store_true", help="answer in JSON")
    put.set_defaults(act=_put)

    show = verbs.add_parser("show", help="verify a manifest and print what it says")
    show.add_argument("manifest", type=Path, metavar="MANIFEST", nargs="?", help="by default the one that is served")
    show.add_argument("--keys", type=Path, metavar="FILE", required=True, help="what clients pin, to verify it by")
    show.add_argument("--json", action="store_true", help="answer in JSON")
    show.set_defaults(act=_show)


def _add_draft(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--key-file", type=Path, metavar="FILE", required=True, help="the private key")
    verb.add_argument("--version", type=_release, metavar="X.Y.Z", required=True, help="the newest version")
    verb.add_argument(
        "--minimum-version", type=_release, metavar="X.Y.Z", default=_EVERY_VERSION, help="the oldest one supported"
    )
    verb.add_argument(
        "--artifact",
        nargs=3,
        metavar=("PLATFORM", "FILE", "URL"),
        action="append",
        default=[],
        help="a file as it lies here, the URL that it is fetched from, and for what, such as linux-x86_64 or any",
    )
    verb.add_argument("--notes-url", metavar="URL", help="what is new")
    verb.add_argument(
        "--days", type=int, default=DEFAULT_VALID_DAYS, help=f"how long it is good for, up to {LONGEST_VALIDITY_DAYS}"
    )


def _release(text: str) -> Release:
    try:
        return Release.read(text)
    except ValueError as fault:
        raise argparse.ArgumentTypeError(str(fault)) from fault


def _create_key(_: Mapping[str, str], asked: argparse.Namespace) -> None:
    print(json.dumps(public_key_set([create_update_key(asked.key_file)])))


def _public_keys(_: Mapping[str, str], asked: argparse.Namespace) -> None:
    print(json.dumps(public_key_set(load_update_key(path) for path in asked.key_file)))


def _sign(_: Mapping[str, str], asked: argparse.Namespace) -> None:
    print(sign_update(_draft(asked), load_update_key(asked.key_file), sequence=asked.sequence, now=utc_now()))


def _publish(environ: Mapping[str, str], asked: argparse.Namespace) -> None:
    folder = UpdateFolder(load_update_settings(environ).folder)
    key = load_update_key(asked.key_file)
    _tell(publish_update(folder, _draft(asked), key, sequence=asked.sequence, now=utc_now()), asked)


def _put(environ: Mapping[str, str], asked: argparse.Namespace) -> None:
    folder = UpdateFolder(load_update_settings(environ).folder)
    token = _content(asked.manifest).strip()
    _tell(publish_signed_update(folder, token, _key_set(asked.keys), now=utc_now()), asked)


def _show(environ: Mapping[str, str], asked: argparse.Namespace) -> None:
    if asked.manifest is None:
        token = UpdateFolder(load_update_settings(environ).folder).read()
    else:
        token = _content(asked.manifest).strip()
    if token is None:
        raise UpdateError("No update manifest has been published yet.")
    _tell(verify_update(token, _key_set(asked.keys)), asked)


def _draft(asked: argparse.Namespace) -> UpdateDraft:
    artifacts = {platform: artifact_of(Path(file), url) for platform, file, url in asked.artifact}
    if len(artifacts) < len(asked.artifact):
        raise UpdateError("Name each platform once.")
    return UpdateDraft(
        newest_version=asked.version,
        minimum_version=asked.minimum_version,
        artifacts=artifacts,
        notes_url=asked.notes_url,
        valid_days=asked.days,
    )


def _content(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(2 * LONGEST_UPDATE_MANIFEST).decode("ascii")
    except OSError as fault:
        raise UpdateError(f"{path} cannot be read: {fault.strerror}.") from fault
    except UnicodeDecodeError as fault:
        raise UpdateError(f"{path} is not what it should be.") from fault


def _key_set(path: Path) -> object:
    try:
        document: object = json.loads(_content(path))
    except (ValueError, RecursionError) as fault:
        raise UpdateError(f"{path} is not JSON.") from fault
    return document


def _tell(manifest: UpdateManifest, asked: argparse.Namespace) -> None:
    if asked.json:
        print(json.dumps(manifest.payload()))
        return
    print(
        f"version {manifest.newest_version}, sequence {manifest.sequence}, supported from "
        f"{manifest.minimum_version}, good until {manifest.expires_at:%Y-%m-%d %H:%M} UTC"
    )
    for platform, artifact in manifest.artifacts.items():
        print(f"  {platform}  {artifact.size} bytes  {artifact.sha256}  {artifact.url}")
