"""How a request is read: whatever webargs would answer to a bad one becomes our one kind of error (RFC 9457)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from flask_smorest import Blueprint
from marshmallow import ValidationError, fields
from webargs.flaskparser import FlaskParser

from wire.serving.problem_handler import ProblemError

if TYPE_CHECKING:
    from flask import Request
    from marshmallow import Schema


class ProblemParser(FlaskParser):
    """Ends in a problem document that names each argument at fault."""

    def load_querystring(self, req: Request, schema: Schema) -> Any:  # noqa: ANN401 - as webargs declares it
        """Read the query. Raises ValidationError for a parameter that is given twice and is no list (T50)."""
        repeated = {
            name: ["Give this once."]
            for name, values in req.args.lists()
            if len(values) > 1 and not isinstance(schema.fields.get(name), fields.List)
        }
        if repeated:
            raise ValidationError(repeated)
        return super().load_querystring(req, schema)

    def handle_error(self, error: ValidationError, *_: Any, **__: Any) -> NoReturn:  # noqa: ANN401 - webargs' signature
        """Raise ProblemError 422."""
        # webargs groups by the place of the argument: {"query": {"id": […]}}.
        (errors,) = error.messages_dict.values()
        raise ProblemError(
            422, "invalid_parameters", "Some parameters are missing or wrong: see errors.", errors=errors
        ) from error


class ProblemBlueprint(Blueprint):
    """A group of routes whose arguments are parsed so."""

    ARGUMENTS_PARSER = ProblemParser()
