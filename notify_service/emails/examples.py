"""The examples that lie beside each template: what tests and the preview page of the local stack show it with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from wire.notification_contexts import CONTEXT_SCHEMAS


def examples_of(template: str) -> list[dict[str, Any]]:
    """Give the example contexts of a template, checked as any context is; each shows another case of it."""
    text = (Path(__file__).parent / template / "examples.json").read_text(encoding="utf-8")
    return [CONTEXT_SCHEMAS[template]().load(example) for example in json.loads(text)]
