"""The main story, played once on a fresh temporary stack without a browser: what `make demo` shows.

A POS server asks for a license, an operator approves it in the portal, the POS server shows its license, an email
about it arrives. Everything goes through the pages, as a person would go.
"""

from __future__ import annotations

import json
import re
import shutil
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from deploy.local_stack.errors import EndRequestedError, StackError, StoryFailedError
from deploy.local_stack.page import PageError
from deploy.local_stack.settings import StackSettings, free_ports
from deploy.local_stack.stack import LocalStack
from deploy.local_stack.visitor import Visitor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PATIENCE_SECONDS: Final = 30
_USER_CODE: Final = re.compile(r"\b[A-Z0-9]{4}-[A-Z0-9]{4}\b")
_LICENSE_FIELDS: Final = (
    "License Status",
    "Server ID",
    "License Renewal Date",
    "Features",
    "Hub Server Name",
    "Hub Server URL",
    "Token Expiry:",
)


def tell(redis_url: str | None, *, say: Callable[[str], None], pause: Callable[[float], None]) -> None:
    """Play the story. Raises StackError's kinds; nothing runs afterwards and the folder is gone."""
    began = time.monotonic()
    folder = Path(tempfile.mkdtemp(prefix="tillpass-demo-"))
    try:
        say("A fresh stack on free ports")
        with LocalStack(StackSettings(folder, free_ports(), redis_url), say=say, pause=pause) as stack:
            Story(stack.document, say, pause).play()
        say(f"\nThe story was told in {time.monotonic() - began:.0f} s; nothing of it runs any more.")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class Story:
    """The two people of the story: one before the POS server, one before the portal."""

    def __init__(self, document: dict[str, Any], say: Callable[[str], None], pause: Callable[[float], None]) -> None:
        self._document = document
        self._say = say
        self._pause = pause
        self._pos = Visitor()
        self._portal = Visitor()
        self._user_code = ""

    def play(self) -> None:
        for title, step in (
            ("Manage License of the POS server is opened", self._open_manage_license),
            ("Next: the POS server asks for a license", self._ask_for_a_user_code),
            ("The operator signs in to the portal", self._sign_in),
            ("Authorize Device: the operator approves", self._authorize),
            ("Complete Authorization: the POS server fetches its license", self._complete),
            ("The owner gets an email", self._read_the_mail),
            ("Manage License shows the license", self._show_the_license),
        ):
            self._say(f"\n{title}")
            with _named(title):
                step()

    def _open_manage_license(self) -> None:
        self._pos.open(self._document["pos_url"])
        self._expect(self._pos, "This server is not licensed.")

    def _ask_for_a_user_code(self) -> None:
        self._pos.press("Next")
        found = _USER_CODE.search(self._pos.page.text)
        if found is None:
            raise PageError(f"The page shows no User Code. {self._pos.page}")
        self._user_code = found.group()
        self._tell("User Code", self._user_code)

    def _sign_in(self) -> None:
        operator = self._document["operator"]
        self._portal.open(self._document["auth_url"])
        self._portal.press("Sign in", email=operator["email"], password=operator["password"])
        self._portal.press("Continue", organization_id=self._document["organization"]["id"])
        self._tell("Operator", operator["email"])
        self._tell("Organization", self._document["organization"]["name"])

    def _authorize(self) -> None:
        device = self._document["devices"]["pos_server"]
        self._portal.press("Authorize Device")
        self._portal.press("Authorize", device_id=device["name"], user_code=self._user_code.lower().replace("-", " "))
        for name in ("User Code", "Device", "Organization", "Asked for by"):
            self._tell(name, self._portal.page.facts.get(name, "?"))
        self._portal.press("Authorize")
        self._expect(self._portal, f"{device['name']} is authorized.")

    def _complete(self) -> None:
        # The POS server may have to wait for its polling interval to pass (RFC 8628 §3.5): then it says "not yet".
        for _ in self._until("the POS server to be licensed"):
            self._pos.press("Complete Authorization")
            if "License Status" in self._pos.page.facts:
                self._expect(self._pos, "This server is licensed.")
                return

    def _read_the_mail(self) -> None:
        for _ in self._until("the email to arrive"):
            mails = json.loads(Visitor().open(f"{self._document['mails_url']}mails.json").body)["mails"]
            if mails:
                self._tell("To", mails[0]["to"])
                self._tell("Subject", mails[0]["subject"])
                return

    def _show_the_license(self) -> None:
        facts = self._pos.open(self._document["pos_url"]).facts
        missing = [name for name in _LICENSE_FIELDS if not facts.get(name)]
        if missing or facts["License Status"] != "Licensed":
            raise PageError(f"The license lacks {missing or 'the status Licensed'}. {self._pos.page}")
        for name in _LICENSE_FIELDS:
            self._tell(name, facts[name])

    def _expect(self, visitor: Visitor, words: str) -> None:
        if words not in visitor.page.text:
            raise PageError(f"The page does not say '{words}'. {visitor.page}")
        self._tell("The page says", words)

    def _tell(self, name: str, value: str) -> None:
        self._say(f"  {name:<22}{value}")

    def _until(self, wanted: str) -> Iterator[None]:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            yield
            self._pause(0.5)
        raise PageError(f"Waited {PATIENCE_SECONDS} s for {wanted}. {self._pos.page}")


@contextmanager
def _named(title: str) -> Iterator[None]:
    try:
        yield
    except EndRequestedError:
        raise
    except (StackError, LookupError, ValueError) as fault:
        raise StoryFailedError(f"The demonstration failed at '{title}': {fault}") from fault
