"""An email as the bytes that go over the wire (RFC 5322, RFC 3834 §5; T51).

Exactly one recipient; no header can be opened by what a value says; a repeat is the same to the byte.
"""

from __future__ import annotations

import re
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime
from typing import TYPE_CHECKING, Final

from notify_service.domain.errors import EmailNotMadeError, RecipientRefusedError

if TYPE_CHECKING:
    from notify_service.domain.email import Email

SENDER_NAME: Final = "Tillpass"
_ONE_ADDRESS: Final = re.compile(r"\A[^\s@\x00-\x1f\x7f]{1,64}@[\w.-]{1,189}\Z")


def email_bytes(email: Email) -> bytes:
    """Write the email down. Raises RecipientRefusedError and EmailNotMadeError."""
    message = EmailMessage(policy=SMTP_POLICY.clone(cte_type="7bit", utf8=not email.recipient.isascii()))
    message["To"] = _address(email.recipient)
    try:
        message["From"] = Address(SENDER_NAME, addr_spec=email.sender)
        message["Subject"] = email.content.subject
        message["Date"] = format_datetime(email.written_at)
        message["Message-ID"] = email.message_id
        message["Auto-Submitted"] = "auto-generated"
    except (HeaderParseError, ValueError) as fault:
        raise EmailNotMadeError("A header of the email cannot be written.") from fault
    message.set_content(email.content.text)
    message.add_alternative(email.content.html, subtype="html")
    # A fixed boundary: a repeat is the same to the byte.
    message.set_boundary(f"part-{email.message_id.strip('<>').partition('@')[0]}")
    return message.as_bytes()


def _address(recipient: str) -> Address:
    if not _ONE_ADDRESS.match(recipient):
        raise RecipientRefusedError("The recipient is not one email address.")
    local, _, domain = recipient.rpartition("@")
    address = Address(username=local, domain=domain)
    if address.addr_spec != recipient:
        raise RecipientRefusedError("The recipient is not an email address without quotes.")
    return address
