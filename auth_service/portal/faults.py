"""Put what an action says of its values beside the fields of a form."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import flash

if TYPE_CHECKING:
    from flask_wtf import FlaskForm

    from auth_service.domain.errors import BadInputError


def tell_faults(form: FlaskForm, refused: BadInputError) -> None:
    """Tell each fault beside its field, by the label that the page shows; above the form, what is of no field.

    Of a field that is marked already nothing more is said.
    """
    told = False
    for name, sentence in refused.faults.items():
        if name in form:
            field = form[name]
            field.errors = field.errors or [sentence.replace(f"'{name}'", field.label.text)]
            told = True
    if not told:
        flash(str(refused), "danger")
