"""A small service for the tests of web servers; it is loaded by their workers, like one of ours."""

from __future__ import annotations

import os
import time

from flask import Flask, request

from wire.serving.problem_handler import install_problem_handler

LONG_ANSWER = 1024 * 1024

app = Flask("small_service")
install_problem_handler(app)


@app.get("/")
def which() -> dict[str, int]:
    return {"worker": os.getpid()}


@app.get("/slow")
def slow() -> dict[str, int]:
    # What a stop of the server falls into.
    time.sleep(1)
    return {"worker": os.getpid()}


@app.post("/form")
def form() -> dict[str, str]:
    return request.form.to_dict()


@app.get("/environment")
def environment() -> dict[str, str]:
    return {name: str(value) for name, value in request.environ.items() if name.startswith(("AUTH_", "HTTP_"))}


@app.get("/long")
def long() -> bytes:
    return b"x" * LONG_ANSWER
