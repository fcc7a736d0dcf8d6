"""How a request is read: one way to refuse it, with problem documents that name the fields (RFC 9457, T45, T49, T50).

400 for a body that is not JSON, 415 for one that does not say it is, 422 for fields that are missing, wrong, unknown
or given twice.
"""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from flask_smorest import Blueprint
from marshmallow import ValidationError
from webargs.flaskparser import FlaskParser

from wire.serving.json_body import read_json_body
from wire.serving.problem_handler import ProblemError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from flask import Request
    from marshmallow import Schema

View = TypeVar("View", bound="Callable[..., Any]")


class RequestParser(FlaskParser):
    """Reads JSON bodies and queries strictly; what is unknown is for the schema to refuse."""

    DEFAULT_UNKNOWN_BY_LOCATION: dict[str, str | None] = {"json": None, "query": None}  # noqa: RUF012 - as webargs declares it

    def load_json(self, req: Request, schema: Schema) -> Any:  # noqa: ANN401, ARG002 - JSON is anything until the schema has seen it
        """Read the body. Raises ProblemError 415 or 400."""
        return read_json_body(req)

    def load_querystring(self, req: Request, schema: Schema) -> Any:  # noqa: ANN401 - as load_json
        """Read the query. Raises ValidationError for a parameter that is given twice."""
        repeated = {name: ["Give this once."] for name, values in req.args.lists() if len(values) > 1}
        if repeated:
            raise ValidationError(repeated)
        return super().load_querystring(req, schema)

    def handle_error(self, error: ValidationError, *_: object, **__: object) -> NoReturn:
        """Raise ProblemError 422; webargs groups the messages by location, a reader wants the fields."""
        fields = {name: texts for messages in error.messages_dict.values() for name, texts in messages.items()}
        raise ProblemError(
            422, "invalid_fields", "Some fields are wrong; `errors` names them.", errors=fields
        ) from error


class ApiBlueprint(Blueprint):
    """A group of documented routes that read requests with RequestParser."""

    ARGUMENTS_PARSER = RequestParser()

    @staticmethod
    def parameter(parameter: Mapping[str, Any]) -> Callable[[View], View]:
        """Decorate a view that reads a header by itself: the document then lists it."""

        def decorate(view: View) -> View:
            # flask-smorest keeps on the view what it documents; what is there now is that of the view within.
            told = deepcopy(getattr(view, "_apidoc", {}))
            told.setdefault("arguments", {}).setdefault("parameters", []).append(dict(parameter))
            view._apidoc = told  # type: ignore[attr-defined]  # noqa: SLF001 - as flask-smorest's own decorators do
            return view

        return decorate
