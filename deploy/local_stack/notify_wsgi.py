"""Gunicorn entry of the local stack's notify_service: the status API, and the caught mails under /mails."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from werkzeug.middleware.dispatcher import DispatcherMiddleware

from deploy.local_stack.mail_catcher.caught_mails import CaughtMails
from deploy.local_stack.mail_catcher.page import create_mail_page
from deploy.local_stack.mail_catcher.production import REFUSAL, is_production

if is_production(os.environ):
    sys.exit(REFUSAL)
_folder = os.environ.get("TILLPASS_MAIL_FOLDER", "")
if not _folder:
    sys.exit("TILLPASS_MAIL_FOLDER is missing: it names the folder of the mail catcher.")

from notify_service.wsgi import app as notify_app  # noqa: E402 - only once the folder is known

app = DispatcherMiddleware(notify_app, {"/mails": create_mail_page(CaughtMails(Path(_folder)))})
