"""`python -m tests.bench.lab_descriptor FOLDER`: write the two descriptors of our server into the lab's `targets`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from tests.bench.filled_service import CLIENT_ID
from tests.bench.lab_descriptor.server import PORTS, name_of
from wire.grant_types import DEVICE_CODE, REFRESH_TOKEN

_HERE = Path(__file__).resolve().parent
_POLL = {"grant_type": DEVICE_CODE, "device_code": "{device_code}", "client_id": CLIENT_ID}
_REFRESH = {"grant_type": REFRESH_TOKEN, "refresh_token": "{refresh_token}", "client_id": CLIENT_ID}


def descriptor(kind: str) -> dict[str, Any]:
    """Give the descriptor of our server under `kind`."""
    token = "/oauth/token"
    return {
        "name": name_of(kind),
        "label": f"Tillpass auth_service, {kind}, SQLite and Valkey",
        "script": str(_HERE / f"{kind}.sh"),
        "base": f"http://127.0.0.1:{PORTS[kind]}",
        "approve": {"cmd": [str(_HERE / f"{kind}.sh"), "approve"]},
        "ops": {
            "issue": {"path": "/oauth/device_authorization", "form": {"client_id": CLIENT_ID}, "expect": "200"},
            # A code polled twice within its interval is told to slow down.
            "pending": {"path": token, "form": _POLL, "reuse": False, "expect": "400 authorization_pending"},
            "slow_down": {"path": token, "form": _POLL, "reuse": True, "expect": "400 slow_down"},
            "redeem": {"path": token, "form": _POLL, "expect": "200"},
            "refresh": {"path": token, "form": _REFRESH, "rotates": True, "expect": "200"},
            "jwks": {"method": "GET", "path": "/.well-known/jwks.json", "expect": "200"},
            "metadata": {"method": "GET", "path": "/.well-known/oauth-authorization-server", "expect": "200"},
        },
    }


if __name__ == "__main__":
    for kind in PORTS:
        (Path(sys.argv[1]) / f"{name_of(kind)}.json").write_text(json.dumps(descriptor(kind), indent=2) + "\n")
