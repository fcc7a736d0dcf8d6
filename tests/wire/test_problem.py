"""Problem documents (RFC 9457 §3.1, §3.2)."""

from __future__ import annotations

from wire.problem import Problem


def test_document_has_the_standard_members_and_our_code() -> None:
    problem = Problem(status=404, code="no_license", detail="The organization has no license.")

    assert problem.document() == {
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
        "detail": "The organization has no license.",
        "code": "no_license",
    }


def test_faults_of_fields_stand_under_errors() -> None:
    problem = Problem(status=422, code="wrong_fields", detail="See errors.", errors={"seats": ["Not a number."]})

    assert problem.document()["errors"] == {"seats": ["Not a number."]}


def test_no_faults_of_fields_are_left_out() -> None:
    assert "errors" not in Problem(status=422, code="wrong_fields", detail="See errors.", errors={}).document()
