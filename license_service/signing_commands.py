"""The commands for the signing keys, and the one that shows a license key with its access key (S2-5, T29, T30)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from license_service.actions.create_signing_key import create_signing_key
from license_service.actions.read_license_key import read_license_key
from license_service.actions.revoke_signing_key import revoke_signing_key
from license_service.actions.rotate_signing_key import rotate_signing_key
from license_service.actions.sign_access_key import sign_access_key
from license_service.key_commands import key_answer

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from license_service.catalog_commands import AddVerb, Answer
    from license_service.domain.signing_key import SigningKey
    from license_service.wiring import Wired


def add_signing_commands(verbs: Any, add: AddVerb) -> None:  # noqa: ANN401 - argparse keeps this type to itself
    """Add the verbs of `license-service signing`."""
    add(verbs, "create-key", _create, "publish a signing key: the next one; the first one signs at once")
    add(verbs, "list-keys", _list, "show the signing keys and what each is there for")
    rotate = add(verbs, "rotate-key", _rotate, "let the next key sign, and retire the one that did")
    rotate.add_argument("--now", action="store_true", help="although sites may not know the key yet")
    revoke = add(verbs, "revoke-key", _revoke, "take a leaked key out at once; another one signs")
    revoke.add_argument("--kid", required=True, help="written as --kid=KID")


def add_show_command(verbs: Any, add: AddVerb) -> None:  # noqa: ANN401 - as above
    """Add the verb `show` of `license-service key`."""
    show = add(verbs, "show", _show, "show a license key, or its access key")
    show.add_argument("key_id", metavar="KEY", type=str.lower, help="the id of the license key")
    show.add_argument("--access-key", action="store_true", help="the text to paste at the site, signed now")


def _create(wired: Wired, _asked: argparse.Namespace) -> Answer:
    return _answer([create_signing_key(wired.signing_keys, now=wired.now())])


def _list(wired: Wired, _asked: argparse.Namespace) -> Answer:
    return _answer(wired.signing_keys.read().keys)


def _rotate(wired: Wired, asked: argparse.Namespace) -> Answer:
    return _answer(rotate_signing_key(wired.signing_keys, now=wired.now(), is_urgent=asked.now).keys)


def _revoke(wired: Wired, asked: argparse.Namespace) -> Answer:
    return _answer(revoke_signing_key(wired.signing_keys, asked.kid, now=wired.now()).keys)


def _answer(keys: Sequence[SigningKey]) -> Answer:
    shown = [(key.kid, key.state.value, key.published_at.isoformat(timespec="seconds")) for key in keys]
    document = {"signing_keys": [{"kid": kid, "state": state, "published_at": at} for kid, state, at in shown]}
    return document, [("KID", "STATE", "PUBLISHED AT"), *shown]


def _show(wired: Wired, asked: argparse.Namespace) -> Answer:
    if not asked.access_key:
        return key_answer(read_license_key(wired.database, asked.key_id), wired)
    signed = sign_access_key(wired.database, wired.signing_keys, asked.key_id)
    document = {"key_id": signed.key_id, "version": signed.version, "access_key": signed.access_key}
    # Alone on its line, to be copied or sent on.
    return document, [(signed.access_key,)]
