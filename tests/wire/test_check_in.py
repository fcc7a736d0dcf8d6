from __future__ import annotations

from datetime import UTC, date, datetime

from license_service.endpoints.check_in_documents import CheckInReportSchema
from wire.check_in import CheckInAnswer, CheckInReport, ComponentUse, OverCountOutcome, Register
from wire.check_in_documents import CheckInAnswerSchema
from wire.license_status import LicenseStatus

NOW = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)


def test_what_a_device_sends_is_what_is_read() -> None:
    """S1-11."""
    report = CheckInReport("1.4.0", NOW, {"xms": 3, "kds": 0}, (Register("till-1", "Till 1"),))

    assert CheckInReportSchema().load(report.document()) == report


def test_what_is_answered_is_what_a_device_reads() -> None:
    """S1-10, S3-16; a newer service may say more."""
    over = ComponentUse("xms", 5, 6, OverCountOutcome.ALLOWED, NOW, NOW)
    answer = CheckInAnswer(
        device_id="d",
        organization_id="o",
        license_id="k",
        key_status="active",
        license_status=LicenseStatus.EXPIRED,
        renewal_date=date(2026, 5, 31),
        components=(over, ComponentUse("kds", 1, 0)),
        server_time="signed",
        next_check_in_after=86_400,
    )

    document = CheckInAnswerSchema().dump(answer)

    assert document["license_status"] == LicenseStatus.EXPIRED.value
    assert document["components"][0]["outcome"] == "over_allowed_until"
    assert CheckInAnswerSchema().load({**document, "newer": 1}) == answer
