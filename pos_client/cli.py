"""The command `tillpass-pos`: the same acts as the Manage License page, for a shell and for scripts."""

from __future__ import annotations

import argparse
import io
import json
import os
import sys
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from pos_client.errors import (
    AlreadyLicensedError,
    LicenseRefusedError,
    NoContactError,
    NothingPendingError,
    NotLicensedError,
    PosClientError,
    RefusedError,
    UpdateRefusedError,
)
from pos_client.license_acquisition import Completion
from pos_client.manage_license.messages import COMPLETED, REMOVED, message_of, refreshed
from pos_client.manage_license.page_state import instant_text, page_state, printable
from pos_client.settings import load_settings
from pos_client.status_document import pending_document, status_document
from pos_client.update_commands import add_update_commands
from pos_client.wiring import wire_up

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pos_client.device_license import DeviceLicense
    from pos_client.device_state import DeviceState
    from pos_client.settings import Settings
    from pos_client.stored_state import PendingAuthorization

DONE: Final = 0
UNUSABLE: Final = 1
NOT_LICENSED: Final = 3
NOT_YET: Final = 4
REFUSED: Final = 5
NO_CONTACT: Final = 6
INTERRUPTED: Final = 130

_HELP: Final = """\
exit codes:
  0    done; for `status`: the license is active
  1    the settings or the state folder cannot be used
  2    the command was misspelt
  3    no active license, or nothing to act on
  4    not authorized yet
  5    refused, denied or expired
  6    the Authorization server could not be reached; for `check-update`: it cannot be told
  7    an update is available
  130  interrupted

settings, from the environment:
  POS_ISSUER        base URL of the Authorization server (required)
  POS_STATE_FOLDER  absolute path of a folder for the license alone (required)
  POS_CLIENT_ID     OAuth client of this software (default: tillpass-pos)
  POS_PUBLIC_URL    where browsers find the page (default: http://127.0.0.1:8004)
  POS_CA_FILE       PEM file of certificates to trust instead of the system's
  POS_UPDATE_URL    address of the vendor's update manifest; together with
  POS_UPDATE_KEYS   file with the vendor's JWK Set for updates
"""
_NO_CODE: Final = "There is no User Code to complete. Run: tillpass-pos start"
_ENDED: Final = {
    Completion.DENIED: "The authorization was denied at the Authorization server. Run: tillpass-pos start",
    Completion.EXPIRED: "The User Code is no longer valid. Run: tillpass-pos start",
}

BEHIND_A_PROXY: Final = "127.0.0.1:8004"

_EXIT_CODES: Final[tuple[tuple[type[PosClientError], int], ...]] = (
    (NoContactError, NO_CONTACT),
    (RefusedError, REFUSED),
    (LicenseRefusedError, REFUSED),
    (UpdateRefusedError, REFUSED),
    (AlreadyLicensedError, NOT_LICENSED),
    (NotLicensedError, NOT_LICENSED),
    (NothingPendingError, NOT_LICENSED),
)
_EXIT_OF_COMPLETION: Final = {
    Completion.LICENSED: DONE,
    Completion.NOT_AUTHORIZED_YET: NOT_YET,
    Completion.DENIED: REFUSED,
    Completion.EXPIRED: REFUSED,
}


def main(argv: Sequence[str] | None = None, environ: Mapping[str, str] | None = None) -> int:
    """Run one command and give its exit code."""
    for stream in (sys.stdout, sys.stderr):
        # What the terminal cannot show becomes a question mark, not a traceback.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    arguments = _parser().parse_args(argv)
    try:
        settings = load_settings(os.environ if environ is None else environ)
        if arguments.command == "serve":
            return _serve(settings, arguments.bind)
        wired = wire_up(settings)
        if "act_on_updates" in arguments:
            return int(arguments.act_on_updates(wired, arguments))
        act: Callable[[DeviceLicense, argparse.Namespace], int] = arguments.act
        return act(wired.device_license, arguments)
    except PosClientError as error:
        _say(_NO_CODE if isinstance(error, NothingPendingError) else message_of(error).text)
        return next((code for kind, code in _EXIT_CODES if isinstance(error, kind)), UNUSABLE)
    except KeyboardInterrupt:
        _say("Interrupted. The same command goes on from here.")
        return INTERRUPTED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="tillpass-pos",
        description="The license of this POS server.",
        epilog=_HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(name: str, act: Callable[..., int] | None, purpose: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=purpose, description=purpose)
        added.set_defaults(act=act)
        return added

    command("acquire", _acquire, "Show a User Code and wait until it is authorized.")
    start = command("start", _start, "Get a User Code and end; `complete` takes it from there.")
    start.add_argument("--json", action="store_true", help="print JSON")
    command("complete", _complete, "Ask once whether the User Code is authorized, and take the license if it is.")
    status = command("status", _status, "Show the license.")
    status.add_argument("--json", action="store_true", help="print JSON")
    command("refresh", _refresh, "Get a fresh license token now.")
    remove = command("remove", _remove, "Remove the license from this server.")
    remove.add_argument("--yes", action="store_true", help="do not ask")
    serve = command("serve", None, "Serve the Manage License page, with the daily refresh beside it.")
    serve.add_argument("--bind", metavar="HOST:PORT", help="where to listen, if not where POS_PUBLIC_URL says")
    add_update_commands(commands)
    return parser


def _acquire(device_license: DeviceLicense, _arguments: argparse.Namespace) -> int:
    state = device_license.state()
    pending = state.pending if state.pending is not None and not state.pending_expired else device_license.start()
    _show(pending)
    print("Waiting for the authorization…", flush=True)
    while True:
        try:
            completion = device_license.complete()
        except NoContactError as error:
            _say(f"{error} Still trying.")
            continue
        if completion is not Completion.NOT_AUTHORIZED_YET:
            return _completed(device_license, completion)


def _start(device_license: DeviceLicense, arguments: argparse.Namespace) -> int:
    pending = device_license.start()
    if arguments.json:
        print(json.dumps(pending_document(pending), indent=1))
    else:
        _show(pending)
        print("Then run: tillpass-pos complete")
    return DONE


def _complete(device_license: DeviceLicense, _arguments: argparse.Namespace) -> int:
    return _completed(device_license, device_license.complete())


def _status(device_license: DeviceLicense, arguments: argparse.Namespace) -> int:
    state = device_license.state()
    if arguments.json:
        print(json.dumps(status_document(state), indent=1))
    else:
        _print_license(state, device_license.issuer)
    return DONE if state.active else NOT_LICENSED


def _refresh(device_license: DeviceLicense, _arguments: argparse.Namespace) -> int:
    device_license.refresh()
    print(refreshed(device_license.state()).text)
    return DONE


def _remove(device_license: DeviceLicense, arguments: argparse.Namespace) -> int:
    if not device_license.state().held:
        raise NotLicensedError("This server holds no license.")
    if not arguments.yes and not _agreed("Remove the license from this server? [y/N] "):
        print("The license was kept.")
        return DONE
    device_license.remove()
    print(REMOVED.text)
    return DONE


def _agreed(question: str) -> bool:
    try:
        return input(question).strip().lower() in {"y", "yes"}
    except EOFError:
        return False  # nobody is there to answer


def _serve(settings: Settings, bind: str | None) -> int:
    print(f"Manage License: {settings.public_url}/manage-license", flush=True)
    url = urlsplit(settings.public_url)
    if bind is None:
        # An https address belongs to the proxy that holds the certificate.
        bind = BEHIND_A_PROXY if url.scheme == "https" else f"{url.hostname}:{url.port or 80}"
    command = [sys.executable, "-m", "gunicorn", "pos_client.wsgi:app", "--bind", bind, "--no-control-socket"]
    command += ["--workers", "1", "--worker-class", "gthread", "--threads", "8"]
    # By default gunicorn believes what whoever connects from loopback says about the request.
    command += ["--forwarded-allow-ips", "", "--forwarder-headers", ""]
    os.execv(sys.executable, command)  # noqa: S606 - our own interpreter, and no shell between


def _completed(device_license: DeviceLicense, completion: Completion) -> int:
    state = device_license.state()
    if completion is Completion.LICENSED:
        print(COMPLETED[completion].text)
        _print_license(state, device_license.issuer)
    elif completion is Completion.NOT_AUTHORIZED_YET:
        where = f" at {state.pending.verification_uri}" if state.pending is not None else ""
        print(f"Not authorized yet. Enter the User Code{where}, then run: tillpass-pos complete")
    else:
        print(_ENDED[completion])
    return _EXIT_OF_COMPLETION[completion]


def _show(pending: PendingAuthorization) -> None:
    print(f"User Code: {printable(pending.user_code)}")
    print(f"Enter it at: {printable(pending.verification_uri)}")
    if pending.verification_uri_complete is not None:
        print(f"Or open: {printable(pending.verification_uri_complete)}")
    print(f"It expires at {instant_text(pending.expires_at)}.")


def _print_license(state: DeviceState, issuer: str) -> None:
    page = page_state(state, issuer)
    for detail in page.details:
        print(f"{detail.label.rstrip(':') + ':':<22} {detail.text}")
    if not page.details:
        print("This server is not licensed.")
    for alert in page.alerts:
        print(f"\n{alert.title}")
        for line in (*alert.sentences, *alert.causes):
            print(f"  {line}")
    if state.pending is not None and page.pending is not None:
        print()
        _show(state.pending)
        print("Then run: tillpass-pos complete")
    elif page.shows_instructions:
        print("\nTo acquire a license, run: tillpass-pos acquire")


def _say(text: str) -> None:
    print("\n".join(printable(line) for line in text.split("\n")), file=sys.stderr, flush=True)
