"""The registration of a Group for programs, such as the Product Registration window of a site (S1-24 … S1-35).

Public, and limited by address, email address and overall (T54). What the new registration is watched by is a bearer
secret of its own; a link of an email is enough by itself, a code counts only where the registration is watched. A GET
uses nothing up (T53).
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from flask import Blueprint, jsonify, request, url_for
from marshmallow import RAISE, Schema, ValidationError, fields, validates_schema

from auth_service.actions.activate_group import activate_group
from auth_service.actions.ask_for_refusal import ask_for_refusal
from auth_service.actions.prove_address import prove_address
from auth_service.actions.read_registration import read_registration
from auth_service.actions.register_group import NewRegistration, register_group
from auth_service.actions.registering import ShownCode, ShownLink, Watcher
from auth_service.actions.resend_registration_mail import resend_registration_mail
from auth_service.domain.errors import BadInputError, RefusedError, RegistrationUnknownError
from wire.problem import Problem
from wire.serving.json_body import read_json_body
from wire.serving.problem_handler import ProblemError, problem_response

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from flask import Response

    from auth_service.actions.registering import RegisteringParts, ShownProof
    from auth_service.domain.registration import Registration
    from auth_service.domain.trusted_proxies import TrustedProxies

REGISTRATIONS_PATH: Final = "/v1/registrations"
_SCHEME: Final = "bearer "


class NewRegistrationSchema(Schema):
    """What the form of a new Group holds (S1-26 … S1-30); the rules are the action's."""

    class Meta:
        """A field that is not known is refused (T45)."""

        unknown = RAISE

    group_name = fields.String(required=True)
    group_password = fields.String(required=True)
    email = fields.String(required=True)
    sales_manager = fields.String(allow_none=True)
    locale = fields.String()


class ProofSchema(Schema):
    """The link of an email, or the code beside it; and the Cloud account password, where it is set with it."""

    class Meta:
        """As NewRegistrationSchema."""

        unknown = RAISE

    link_secret = fields.String()
    code = fields.String()
    cloud_password = fields.String(allow_none=True)

    @validates_schema
    def _check_one(self, values: dict[str, Any], **_: object) -> None:
        if ("link_secret" in values) == ("code" in values):
            raise ValidationError({"code": ["Send either this or 'link_secret'."]})


def registration_routes(
    registering: RegisteringParts, proxies: TrustedProxies, now: Callable[[], datetime]
) -> Blueprint:
    """Make the routes."""
    routes = Blueprint("registrations", __name__, url_prefix=REGISTRATIONS_PATH)
    routes.register_error_handler(RefusedError, _refuse)

    def address() -> str:
        return proxies.asker(request.remote_addr, request.headers)

    @routes.post("")
    def register() -> Response:
        new = NewRegistration(**_read(NewRegistrationSchema()), requested_from=address())
        started = register_group(registering, new, now=now())
        answer = jsonify(registration_id=started.registration_id, watch_token=started.watch_token)
        answer.status_code = HTTPStatus.CREATED
        answer.headers["Location"] = url_for(".read", registration_id=started.registration_id)
        return _private(answer)

    @routes.get("/<registration_id>")
    def read(registration_id: str) -> Response:
        found = read_registration(registering.database, _watcher(registration_id), now=now())
        return _document(found, address_refused=ask_for_refusal(registering, found))

    @routes.post("/<registration_id>/resend")
    def resend(registration_id: str) -> Response:
        watcher = _watcher(registration_id)
        return _document(resend_registration_mail(registering, watcher, address=address(), now=now()))

    for path, step in (("address-proof", prove_address), ("activation", activate_group)):

        def move_on(registration_id: str, step: Any = step) -> Response:  # noqa: ANN401 - either of the two actions
            values = _read(ProofSchema())
            shown = _shown(registration_id, values)
            password = values.get("cloud_password")
            return _document(step(registering, shown, cloud_password=password, address=address(), now=now()))

        routes.post(f"/<registration_id>/{path}", endpoint=path)(move_on)

    return routes


def _shown(registration_id: str, values: dict[str, Any]) -> ShownProof:
    if "link_secret" in values:
        return ShownLink(values["link_secret"], registration_id)
    return ShownCode(_watcher(registration_id), values["code"])


def _read(schema: Schema) -> dict[str, Any]:
    try:
        values: dict[str, Any] = schema.load(read_json_body(request))
    except ValidationError as fault:
        raise ProblemError.of(_invalid(fault.messages_dict)) from fault
    return values


def _watcher(registration_id: str) -> Watcher:
    authorization = request.headers.get("Authorization", "")
    if not authorization.lower().startswith(_SCHEME):
        raise ProblemError(
            401,
            "missing_token",
            "Send the watch_token of the registration as a bearer token.",
            headers=[("WWW-Authenticate", "Bearer")],
        )
    return Watcher(registration_id, authorization[len(_SCHEME) :].strip())


def _document(registration: Registration, *, address_refused: bool = False) -> Response:
    link_expires_at = registration.link_expires_at
    return _private(
        jsonify(
            registration_id=registration.id,
            state=registration.state,
            group_name=registration.group_name,
            email=registration.email,
            address_refused=address_refused,
            locale=registration.locale,
            organization_id=registration.organization_id,
            created_at=registration.created_at.isoformat(),
            expires_at=registration.expires_at.isoformat(),
            link_expires_at=None if link_expires_at is None else link_expires_at.isoformat(),
        )
    )


def _private(answer: Response) -> Response:
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _refuse(refused: RefusedError) -> Response:
    if isinstance(refused, BadInputError):
        return problem_response(_invalid({field: [sentence] for field, sentence in refused.faults.items()}))
    status = HTTPStatus.NOT_FOUND if isinstance(refused, RegistrationUnknownError) else HTTPStatus.CONFLICT
    return problem_response(Problem(status, refused.code, str(refused)))


def _invalid(errors: dict[str, Any]) -> Problem:
    return Problem(422, "invalid_fields", "Some fields are wrong; `errors` names them.", errors)
