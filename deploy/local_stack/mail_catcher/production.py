"""Where the mail catcher must not be: it takes every email and delivers none, and shows them to whoever looks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

ENVIRONMENT_VARIABLE: Final = "TILLPASS_ENVIRONMENT"
PRODUCTION: Final = "production"
REFUSAL: Final = (
    f"The mail catcher does not run in production, which {ENVIRONMENT_VARIABLE} says this is: it would keep every "
    "email from whom it is for, and show it here. Name the real mail server in NOTIFY_SMTP_HOST."
)


def is_production(environ: Mapping[str, str]) -> bool:
    """Tell whether this is a production machine: TILLPASS_ENVIRONMENT says `production`, or `prod`, in any case."""
    return environ.get(ENVIRONMENT_VARIABLE, "").strip().lower() in {PRODUCTION, "prod"}
