#!/usr/bin/env bash
# start | stop | approve: auth_service under granian, as the lab asks for it.
cd "$(dirname "$0")/../../.." && exec .venv/bin/python -m tests.bench.lab_descriptor.server "$1" granian
