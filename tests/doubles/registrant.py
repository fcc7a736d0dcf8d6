"""An administrator who registers a Group, and reads the mails in the outbox of one auth_service."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from argon2 import PasswordHasher
from sqlalchemy import select

from auth_service.actions.activate_group import activate_group
from auth_service.actions.prove_address import prove_address
from auth_service.actions.read_registration import read_registration
from auth_service.actions.register_group import NewRegistration, register_group
from auth_service.actions.registering import ShownCode, ShownLink, Watcher
from auth_service.actions.resend_registration_mail import resend_registration_mail
from auth_service.storage.tables import outbox
from wire.notification_message import open_message

if TYPE_CHECKING:
    import pytest

    from auth_service.domain.registration import Registration, RegistrationState
    from tests.doubles.auth_house import House
    from wire.notification_message import NotificationMessage

EMAIL = "manager@corner-bakery.example"
GROUP_NAME = "Corner Bakery, 90210"
GROUP_PASSWORD = "bread1!"
CLOUD_PASSWORD = "a loaf of rye at seven"
ADDRESS = "192.0.2.7"


def hash_cheaply(monkeypatch: pytest.MonkeyPatch, *actions: str) -> None:
    """Let these actions, or those of a registration, hash without pains: how hard a hash is, is not tried."""
    cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    for name in actions or ("register_group", "prove_address", "activate_group"):
        monkeypatch.setattr(f"auth_service.actions.{name}.PASSWORD_HASHER", cheap)


def state_of(registrant: Registrant, watcher: Watcher | None = None) -> RegistrationState:
    database = registrant.house.wired.database
    return read_registration(database, watcher or registrant.watcher, now=registrant.house.clock()).state


def audited(house: House) -> list[str]:
    """Give the names of all events of the audit trail, in order."""
    with house.wired.database.reading() as connection:
        return list(connection.exec_driver_sql("SELECT event FROM audit_events ORDER BY sequence").scalars())


def letters(house: House) -> list[NotificationMessage]:
    """Give every email that was written, the oldest first."""
    with house.wired.database.reading() as connection:
        sealed = connection.execute(select(outbox.c.sealed).order_by(outbox.c.created_at)).scalars().all()
    return [open_message(one, house.wired.settings.notification_key) for one in sealed if one is not None]


@dataclass
class Registrant:
    """One administrator and the registration that was begun last."""

    house: House
    email: str = EMAIL
    watcher: Watcher = field(default_factory=lambda: Watcher("", ""))

    def register(self, **changes: str) -> Watcher:
        entered = {
            "group_name": GROUP_NAME,
            "group_password": GROUP_PASSWORD,
            "email": self.email,
            "requested_from": ADDRESS,
            **changes,
        }
        started = register_group(self.house.wired.registering, NewRegistration(**entered), now=self.house.clock())
        self.watcher = Watcher(started.registration_id, started.watch_token)
        return self.watcher

    def letter(self, template: str) -> NotificationMessage:
        """Give the newest email of this kind to this address."""
        return [one for one in letters(self.house) if (one.template, one.recipient) == (template, self.email)][-1]

    def link(self, template: str) -> ShownLink:
        context = self.letter(template).context
        url = context["verify_url" if template == "verify_address" else "activate_url"]
        return ShownLink(parse_qs(urlsplit(url).query)["link"][0])

    def code(self, template: str) -> ShownCode:
        return ShownCode(self.watcher, self.letter(template).context["code"])

    def prove(self, shown: ShownLink | ShownCode | None = None, password: str | None = CLOUD_PASSWORD) -> Registration:
        shown = shown or self.link("verify_address")
        parts = self.house.wired.registering
        return prove_address(parts, shown, cloud_password=password, address=ADDRESS, now=self.house.clock())

    def activate(self, shown: ShownLink | ShownCode | None = None, password: str | None = None) -> Registration:
        shown = shown or self.link("activate_group")
        parts = self.house.wired.registering
        return activate_group(parts, shown, cloud_password=password, address=ADDRESS, now=self.house.clock())

    def ask_again(self) -> Registration:
        """Ask for the email again, a second later."""
        self.house.clock.pass_seconds(1)
        parts = self.house.wired.registering
        return resend_registration_mail(parts, self.watcher, address=ADDRESS, now=self.house.clock())

    def activated(self) -> Registration:
        """Go the whole way up to the activation."""
        self.register()
        self.prove()
        return self.activate()
