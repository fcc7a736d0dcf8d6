"""The commands for access groups, and for their migration when a license key changes (S2-24, S2-25)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

from license_service.actions.create_access_group import create_access_group
from license_service.actions.delete_access_group import delete_access_group
from license_service.actions.edit_access_group import edit_access_group
from license_service.actions.list_access_groups import list_access_groups
from license_service.actions.migrate_accesses import migrate_accesses
from license_service.actions.read_access_group import read_access_group
from license_service.domain.access_migration import MigrationWanted
from license_service.endpoints.access_groups import (
    AccessGroupSchema,
    AccessTermsSchema,
    NewAccessGroupSchema,
    group_values,
)
from license_service.endpoints.access_migrations import AccessMigrationSchema, MigrationWantedSchema, migration_values

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from license_service.catalog_commands import AddVerb, Answer
    from license_service.domain.access_group import AccessGroup, Member
    from license_service.wiring import Wired

_OPTIONS = {"component_codes": "--component", "members": "--member"}


def add_access_group_commands(verbs: Any, add: AddVerb) -> None:  # noqa: ANN401 - argparse keeps this type to itself
    """Add the verbs of `license-service access-group`."""
    create = add(verbs, "create", _create, "create an access group on a license key that is registered")
    create.add_argument("--key-id", metavar="UUID", required=True)
    edit = add(verbs, "edit", _edit, "set the name, the components and the members of an access group")
    for verb in (create, edit):
        verb.add_argument("--name", metavar="TEXT", required=True)
        verb.add_argument("--component", metavar="CODE", action="append", default=[], help="such as xms; repeatable")
        verb.add_argument(
            "--member",
            metavar="KIND:ID=NAME",
            action="append",
            default=[],
            help="such as 'register:R-01=Till 1' or 'user:maria=Maria Silva'; repeatable",
        )
        verb.set_defaults(options=_OPTIONS)
    listing = add(verbs, "list", _list, "list access groups, the oldest first")
    listing.add_argument("--key-id", metavar="UUID", type=str.lower, help="only those of this license key")
    show = add(verbs, "show", _show, "show one access group and its members")
    delete = add(verbs, "delete", _delete, "delete an access group")
    for verb in (edit, show, delete):
        verb.add_argument("group_id", metavar="GROUP", type=str.lower, help="the id of the access group")


def add_access_migration_command(verbs: Any, add: AddVerb) -> None:  # noqa: ANN401 - as above
    """Add `license-service key migrate-accesses`."""
    migrate = add(
        verbs, "migrate-accesses", _migrate, "move the access groups of a license key that was replaced or switched"
    )
    migrate.add_argument("key_id", metavar="KEY", type=str.lower, help="the id of the license key")
    migrate.add_argument("--to", metavar="KEY", help="by default the key that replaced it; itself after a switch")
    migrate.add_argument("--preview", action="store_true", help="only show what would be done")
    migrate.add_argument(
        "--state", metavar="STATE", help="do it only if nothing changed since the preview that gave it"
    )
    migrate.set_defaults(options={"to_key_id": "--to"})


def _terms(asked: argparse.Namespace) -> dict[str, Any]:
    return {"name": asked.name, "component_codes": asked.component, "members": [_member(each) for each in asked.member]}


def _member(text: str) -> dict[str, str]:
    kind, _, rest = text.partition(":")
    member_id, _, name = rest.partition("=")
    return {"kind": kind, "id": member_id, "name": name}


def _create(wired: Wired, asked: argparse.Namespace) -> Answer:
    key_id, terms = NewAccessGroupSchema().load({"key_id": asked.key_id, **_terms(asked)})
    return _answer(create_access_group(wired.database, terms, key_id=key_id, group_id=str(uuid4()), now=wired.now()))


def _edit(wired: Wired, asked: argparse.Namespace) -> Answer:
    return _answer(edit_access_group(wired.database, asked.group_id, AccessTermsSchema().load(_terms(asked))))


def _list(wired: Wired, asked: argparse.Namespace) -> Answer:
    groups = list_access_groups(wired.database, key_id=asked.key_id)
    return {"items": AccessGroupSchema(many=True).dump(map(group_values, groups))}, _rows(groups)


def _show(wired: Wired, asked: argparse.Namespace) -> Answer:
    return _answer(read_access_group(wired.database, asked.group_id))


def _delete(wired: Wired, asked: argparse.Namespace) -> Answer:
    delete_access_group(wired.database, asked.group_id)
    return {"deleted": asked.group_id}, [("DELETED",), (asked.group_id,)]


def _migrate(wired: Wired, asked: argparse.Namespace) -> Answer:
    # A person may do it without a preview: that is judged as one.
    checked = MigrationWantedSchema().load({"to_key_id": asked.to, "preview": True, "state": asked.state})
    wanted = MigrationWanted(checked.to_key_id, asked.preview, checked.expected_state)
    done = migrate_accesses(wired.database, asked.key_id, wanted, new_id=lambda: str(uuid4()), now=wired.now())
    document = AccessMigrationSchema().dump(migration_values(done, is_preview=asked.preview))
    return document, _migration_rows(document)


def _answer(group: AccessGroup) -> Answer:
    return AccessGroupSchema().dump(group_values(group)), _rows([group])


def _rows(groups: Sequence[AccessGroup]) -> list[Sequence[str]]:
    rows = (
        (
            each.id,
            each.key_id,
            each.terms.name,
            ", ".join(each.terms.component_codes),
            ", ".join(map(_shown, each.terms.members)),
        )
        for each in groups
    )
    return [("GROUP", "KEY", "NAME", "COMPONENTS", "MEMBERS"), *rows]


def _shown(member: Member) -> str:
    return f"{member.name} ({member.kind.value} {member.id})"


def _migration_rows(document: dict[str, Any]) -> list[Sequence[str]]:
    moved, left = ("would move", "would stay") if document["preview"] else ("moved", "stayed")
    rows: list[Sequence[str]] = []
    for group in document["groups"]:
        name, codes = group["name"], ", ".join(group["component_codes"])
        missing = group["missing_component_codes"]
        rows += [(name, "all members", code, f"{left}: component_missing") for code in missing]
        rows += [(name, _who(each), codes, moved) for each in group["moved"]]
        rows += [
            (name, _who(each["member"]), ", ".join(each["component_codes"]), f"{left}: {each['reason']}")
            for each in group["left_behind"]
        ]
    return [("GROUP", "WHO", "ACCESS", "OUTCOME"), *rows, ("", "", "state", document["state"])]


def _who(member: dict[str, str]) -> str:
    return f"{member['name']} ({member['kind']} {member['id']})"
