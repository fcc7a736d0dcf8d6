"""`python -m deploy.local_stack.mail_catcher --port 8025 --folder var/mail`."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from pathlib import Path

from deploy.local_stack.mail_catcher.production import REFUSAL, is_production
from deploy.local_stack.mail_catcher.smtp import catch_mails


def main() -> int:
    """Catch mails until told to end; gives the exit status."""
    parser = argparse.ArgumentParser(prog="mail_catcher", description=__doc__)
    parser.add_argument("--port", type=int, default=8025, help="where to listen, on loopback")
    parser.add_argument("--folder", type=Path, default=Path("var/mail"), help="where to keep the mails (a Maildir)")
    chosen = parser.parse_args()
    if is_production(os.environ):
        print(f"mail catcher: {REFUSAL}", file=sys.stderr)
        return 1
    try:
        asyncio.run(catch_mails(chosen.port, chosen.folder))
    except OSError as fault:
        # asyncio puts a sentence of its own into the error; its number tells it best.
        told = os.strerror(fault.errno) if fault.errno else str(fault)
        print(f"mail catcher: cannot start on port {chosen.port} with {chosen.folder}: {told}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
