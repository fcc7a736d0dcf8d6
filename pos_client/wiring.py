"""The composition root: the one place that chooses clock, waiting, network and files."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pos_client.device_key import DeviceKey
from pos_client.device_license import DeviceLicense
from pos_client.issuer import Issuer
from pos_client.token_store import TokenStore
from pos_client.trusted_keys import TrustedKeys
from pos_client.update_check import ManifestSource, UpdateCheck, installed_version
from wire.http_client import HttpClient

if TYPE_CHECKING:
    from collections.abc import Callable

    from pos_client.settings import Settings


@dataclass(frozen=True, slots=True)
class Wired:
    """The parts, put together."""

    settings: Settings
    store: TokenStore
    device_license: DeviceLicense
    update_check: UpdateCheck | None


def wire_up(
    settings: Settings,
    *,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    wait: Callable[[float], object] = time.sleep,
    http: HttpClient | None = None,
) -> Wired:
    """Put the parts together. Raises StateError when the state folder cannot be used."""
    ca_file = str(settings.ca_file) if settings.ca_file is not None else None
    store = TokenStore(settings.state_folder, settings.issuer, wait=wait)
    key = DeviceKey(settings.state_folder, now=now)
    http = http or HttpClient(ca_file=ca_file)
    issuer = Issuer(http, settings.issuer, key=key)
    license_ = DeviceLicense(store, issuer, key, settings.client_id, now=now, wait=wait)
    return Wired(settings, store, license_, _update_check(settings, store, http, now))


def _update_check(
    settings: Settings, store: TokenStore, http: HttpClient, now: Callable[[], datetime]
) -> UpdateCheck | None:
    source = settings.update_source
    if source is None:
        return None
    fetch = ManifestSource(http, source.url, TrustedKeys(source.key_set))
    return UpdateCheck(fetch, store, settings.state_folder, running=installed_version(), now=now)
