"""license_service as the bench needs it: `python license_double.py PORT` grants every device its entitlement.

It runs beside the load, so that its time is nobody's; real answers would cost license_service's time, not ours.
"""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


def entitlement_document(device_id: str, organization_id: str) -> dict[str, Any]:
    return {
        "device_id": device_id,
        "organization_id": organization_id,
        "license_id": "license-1",
        "features": ["xms"],
        "renewal_window_days": 30,
        "stated_at": datetime.now(UTC).isoformat(),
        "renewal_date": None,
    }


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Head and body in one packet, or the caller waits for a delayed acknowledgement.
    wbufsize = -1

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        organization_id = parse_qs(address.query).get("organization_id", [""])[0]
        device_id = address.path.split("/")[3] if address.path.count("/") >= 3 else ""
        body = json.dumps(entitlement_document(device_id, organization_id)).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
        pass


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), _Handler).serve_forever()
