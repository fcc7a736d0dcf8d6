"""The parts of the local stack, as data: command, environment, readiness, needs."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from deploy.local_stack import redis_server
from deploy.local_stack.part import Part
from deploy.local_stack.readiness import answers_http, greets_smtp, says
from deploy.local_stack.settings import LOOPBACK, REPOSITORY

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from deploy.local_stack.settings import StackSettings
    from deploy.local_stack.stack_secrets import StackSecrets

_WORKER_OPTIONS: Final = (
    "--pool=threads",
    "--concurrency=4",
    "--beat-thread",
    "--without-gossip",
    "--without-mingle",
    "--without-heartbeat",
)
# What worker and beat alone need.
_CALENDAR: Final = frozenset({"NOTIFY_LICENSE_SERVICE_URL", "NOTIFY_CLIENT_SECRET"})
POS_CLIENT_ID: Final = "tillpass-pos"
# As wire.update_manifest has it; the launcher does without the libraries of the services.
UPDATE_MANIFEST_PATH: Final = "/update-manifest"


@dataclass(frozen=True, slots=True)
class Addresses:
    """The base URLs of the parts that speak HTTP, and the Redis URL."""

    auth: str
    license: str
    notify: str
    operations: str
    pos: str
    update: str
    redis: str


def addresses(settings: StackSettings, secrets: StackSecrets) -> Addresses:
    ports = settings.ports
    return Addresses(
        auth=f"http://{LOOPBACK}:{ports.auth}",
        license=f"http://{LOOPBACK}:{ports.license}",
        notify=f"http://{LOOPBACK}:{ports.notify}",
        operations=f"http://{LOOPBACK}:{ports.operations}",
        pos=f"http://{LOOPBACK}:{ports.pos}",
        update=f"http://{LOOPBACK}:{ports.update}{UPDATE_MANIFEST_PATH}",
        redis=settings.redis_url or f"redis://:{secrets.redis_password}@{LOOPBACK}:{ports.redis}/0",
    )


def process_table(settings: StackSettings, secrets: StackSecrets) -> list[Part]:
    """List the parts; each stands after those that it needs."""
    ports = settings.ports
    auth, license_, update, notify, pos = environments(settings, secrets).values()
    status_api = {name: value for name, value in notify.items() if name not in _CALENDAR}
    redis_part = [] if settings.redis_url else [redis_server.part(settings.folder, ports.redis, secrets.redis_password)]
    redis_need = tuple(part.name for part in redis_part)
    queue_ends = ("mail_catcher", *redis_need)
    return [
        *redis_part,
        Part(
            "mail_catcher",
            _python("deploy.local_stack.mail_catcher", f"--port={ports.smtp}", f"--folder={settings.folder / 'mail'}"),
            greets_smtp(ports.smtp),
        ),
        _notify_service(settings, status_api, redis_need),
        _auth_service(settings, auth, redis_need),
        _web("license_service", "license_service.wsgi:app", ports.license, license_, needs=("auth_service",)),
        _web(
            "update_service", "license_service.update_wsgi:app", ports.update, update, ready_path=UPDATE_MANIFEST_PATH
        ),
        Part("notify_worker", _celery("worker", *_WORKER_OPTIONS), says(" ready."), notify, queue_ends),
        Part(
            "webhook_delivery",
            _python("license_service.cli", "deliver-webhooks"),
            says("webhook delivery started"),
            license_,
            ("license_service",),
        ),
        Part(
            "outbox_relay",
            _python("auth_service.cli", "relay"),
            says("relay started"),
            auth,
            ("auth_service", "notify_service"),
        ),
        _web("pos_server", "pos_client.wsgi:app", ports.pos, pos, needs=("license_service",), ready_path="/healthz"),
    ]


def seeding(settings: StackSettings, secrets: StackSecrets) -> tuple[tuple[str, ...], dict[str, str]]:
    """Give command and environment of the one process that migrates the databases and seeds them."""
    auth, license_, update, notify, pos = environments(settings, secrets).values()
    own = {
        "TILLPASS_DEMO_PASSWORD": secrets.demo_password,
        "TILLPASS_SCRIPTS_SECRET": secrets.client_secret,
        "TILLPASS_NOTIFY_SECRET": secrets.notify_client_secret,
        "TILLPASS_UPDATE_KEY": str(settings.folder / "update-signing-key.pem"),
        "POS_UPDATE_KEYS": pos["POS_UPDATE_KEYS"],
    }
    return _python("deploy.local_stack.seed"), {**auth, **license_, **update, **notify, **own}


def environments(settings: StackSettings, secrets: StackSecrets) -> dict[str, dict[str, str]]:
    """Give each service what it needs and no more; a secret reaches only those that use it."""
    urls = addresses(settings, secrets)
    folder = settings.folder
    return {
        "auth": {
            "AUTH_DATABASE_URL": _database(folder, "auth_service"),
            "AUTH_REDIS_URL": urls.redis,
            "AUTH_ISSUER": urls.auth,
            "AUTH_SECRET_KEY": secrets.auth_secret_key,
            "AUTH_KEY_FOLDER": str(folder / "auth-keys"),
            "AUTH_LICENSE_SERVICE_URL": urls.license,
            "AUTH_NOTIFY_SERVICE_URL": urls.notify,
            "AUTH_NOTIFICATION_KEY": secrets.notification_key,
            # gunicorn's own variable.
            "WEB_CONCURRENCY": str(settings.auth_workers),
        },
        "license": {
            "LICENSE_DATABASE_URL": _database(folder, "license_service"),
            "LICENSE_PUBLIC_URL": urls.license,
            "LICENSE_ISSUER": urls.auth,
            "LICENSE_KEY_FOLDER": str(folder / "license-keys"),
            "LICENSE_SECRET_KEY": secrets.license_secret_key,
            "LICENSE_WEBHOOKS_TO_LOOPBACK": "true",
        },
        "update": {"LICENSE_UPDATE_FOLDER": str(folder / "update")},
        "notify": {
            "NOTIFY_DATABASE_URL": _database(folder, "notify_service"),
            "NOTIFY_REDIS_URL": urls.redis,
            "NOTIFY_PUBLIC_URL": urls.notify,
            "NOTIFY_ISSUER": urls.auth,
            "NOTIFY_NOTIFICATION_KEY": secrets.notification_key,
            "NOTIFY_SMTP_HOST": LOOPBACK,
            "NOTIFY_SMTP_PORT": str(settings.ports.smtp),
            "NOTIFY_SMTP_SECURITY": "none",
            "NOTIFY_OPERATIONS_PORT": str(settings.ports.operations),
            "NOTIFY_FROM_ADDRESS": "licensing@tillpass.example",
            "NOTIFY_LICENSE_SERVICE_URL": urls.license,
            "NOTIFY_CLIENT_SECRET": secrets.notify_client_secret,
            "TILLPASS_MAIL_FOLDER": str(folder / "mail"),
        },
        "pos": {
            "POS_ISSUER": urls.auth,
            "POS_CLIENT_ID": POS_CLIENT_ID,
            "POS_STATE_FOLDER": str(folder / "pos"),
            "POS_PUBLIC_URL": urls.pos,
            "POS_UPDATE_URL": urls.update,
            "POS_UPDATE_KEYS": str(folder / "update-keys.json"),
        },
    }


def _auth_service(settings: StackSettings, environment: Mapping[str, str], needs: tuple[str, ...]) -> Part:
    port, app = settings.ports.auth, "auth_service.wsgi:app"
    part = _web("auth_service", app, port, environment, needs=needs)
    if settings.auth_server == "granian":
        command = (sys.executable, str(REPOSITORY / "deploy" / "granian_server.py"), f"--port={port}", app)
        return replace(part, command=command)
    return part


def _notify_service(settings: StackSettings, environment: Mapping[str, str], needs: tuple[str, ...]) -> Part:
    ports = settings.ports
    part = _web("notify_service", "deploy.local_stack.notify_wsgi:app", ports.notify, environment, needs=needs)
    return replace(part, command=(*part.command, f"--bind={LOOPBACK}:{ports.operations}"))


def _database(folder: Path, service: str) -> str:
    return f"sqlite:///{folder / service}.sqlite3"


def _python(module: str, *arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-m", module, *arguments)


def _celery(*arguments: str) -> tuple[str, ...]:
    return _python("celery", "-A", "notify_service.worker", *arguments, "--loglevel=INFO")


def _web(
    name: str,
    app: str,
    port: int,
    environment: Mapping[str, str],
    *,
    needs: tuple[str, ...] = (),
    ready_path: str = "/readyz",
) -> Part:
    configuration = f"--config={REPOSITORY / 'deploy' / 'gunicorn.conf.py'}"
    command = _python("gunicorn", configuration, f"--bind={LOOPBACK}:{port}", app)
    return Part(name, command, answers_http(port, ready_path), environment, needs)
