"""`python -m tests.bench.bare_sender PORT FILE COUNT`: the least that sending costs, smtplib in a loop.

One email that is finished, over one connection, with no queue, ledger or template. Prints processor seconds and
seconds.
"""

from __future__ import annotations

import smtplib
import sys
import time
from pathlib import Path

if __name__ == "__main__":
    port, email, count = int(sys.argv[1]), Path(sys.argv[2]).read_bytes(), int(sys.argv[3])
    used, began = time.process_time(), time.monotonic()
    with smtplib.SMTP("127.0.0.1", port) as connection:
        for _ in range(count):
            connection.sendmail("licensing@tillpass.example", "owner@shop.example", email)
    sys.stdout.write(f"{time.process_time() - used} {time.monotonic() - began}\n")
