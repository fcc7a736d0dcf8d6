"""Beat's call, every few minutes: erase what is kept of emails that were given up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from notify_service.actions.erase_contents import erase_contents

if TYPE_CHECKING:
    from celery import Celery

    from notify_service.actions.post_office import PostOffice

ERASE_TASK_NAME: Final = "notify_service.erase_contents"


def add_erase_contents(celery: Celery, office: PostOffice) -> None:
    """Add the task."""

    @celery.task(name=ERASE_TASK_NAME, shared=False)
    def erase() -> None:
        erase_contents(office.database, office.now())
