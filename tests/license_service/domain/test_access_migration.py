"""What moves, what stays and why: the same each time, whatever comes first (S2-24)."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from license_service.domain.access_group import AccessGroup, AccessTerms, Member, MemberKind
from license_service.domain.access_migration import LeftBehind, Obstacle, plan_migration
from license_service.domain.license_key import KeyComponent, KeyStatus, LicenseKey, OverCountPolicy

if TYPE_CHECKING:
    import random

    from license_service.domain.access_migration import AccessMigration

NOW = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)
CODES = ("kds", "loyalty", "xms")


def key(key_id: str, **seats: int) -> LicenseKey:
    return LicenseKey(
        id=key_id,
        agreement_id="agreement",
        organization_id="organization",
        id_number=key_id,
        profile_code="standard",
        components=tuple(KeyComponent(code, count) for code, count in seats.items()),
        status=KeyStatus.ACTIVE,
        renewal_date=None,
        renewal_window_days=30,
        over_count=OverCountPolicy(),
        version=1,
        issued_at=NOW,
    )


def till(number: int) -> Member:
    return Member(MemberKind.REGISTER, f"R-{number:02}", f"Till {number:02}")


def group(name: str, codes: str, *members: Member, key_id: str = "old", minutes: int = 0) -> AccessGroup:
    return AccessGroup(
        id=f"{key_id}-{name}",
        key_id=key_id,
        organization_id="organization",
        terms=AccessTerms(name, tuple(codes.split()), members),
        version=1,
        created_at=NOW + timedelta(minutes=minutes),
    )


SEATS = st.dictionaries(st.sampled_from(CODES), st.integers(1, 4))


@st.composite
def groups(draw: st.DrawFn, key_id: str) -> list[AccessGroup]:
    """Groups of one key: each member in one of them, each name once."""
    tills = draw(st.lists(st.integers(1, 12), unique=True))
    names = draw(st.lists(st.sampled_from("ABCD"), unique=True, max_size=4))
    found = [
        group(
            name,
            " ".join(draw(st.lists(st.sampled_from(CODES), min_size=1, unique=True).map(sorted))),
            *(till(number) for number in tills if number % len(names) == index),
            key_id=key_id,
            minutes=draw(st.integers(0, 2)),
        )
        for index, name in enumerate(names)
    ]
    return draw(st.permutations(found))


def trimmed_to(seats: dict[str, int], there: list[AccessGroup]) -> list[AccessGroup]:
    """Give the groups that fit on a key, as a migration within it leaves them."""
    plan = plan_migration(key("new", **seats), there, key("new", **seats), [])
    return [replace(move.group, terms=move.moving) for move in plan.moves if move.moving.component_codes]


def taken_after(plan: AccessMigration, there: list[AccessGroup]) -> Counter[str]:
    taken: Counter[str] = Counter()
    for terms in (*(each.terms for each in there), *(move.moving for move in plan.moves)):
        taken.update(terms.places())
    return taken


@given(groups("old"), SEATS, groups("new"))
def test_no_component_ever_gets_more_members_than_seats(
    moving: list[AccessGroup], seats: dict[str, int], there: list[AccessGroup]
) -> None:
    """S2-25."""
    there = trimmed_to(seats, there)

    plan = plan_migration(key("old", kds=9, loyalty=9, xms=9), moving, key("new", **seats), there)

    assert all(count <= seats[code] for code, count in taken_after(plan, there).items() if count)


@given(groups("old"), SEATS, groups("new"))
def test_each_member_moves_or_stays_for_a_reason_that_holds(
    moving: list[AccessGroup], seats: dict[str, int], there: list[AccessGroup]
) -> None:
    there = trimmed_to(seats, there)

    plan = plan_migration(key("old"), moving, key("new", **seats), there)

    taken = taken_after(plan, there)
    for move in plan.moves:
        accounted = [*move.moving.members, *(each.member for each in move.left)]
        assert sorted(accounted, key=lambda each: each.id) == sorted(move.group.terms.members, key=lambda each: each.id)
        assert set(move.missing) == set(move.group.terms.component_codes) - seats.keys()
        for each in move.left:
            holds = {
                Obstacle.COMPONENT_MISSING: not set(move.group.terms.component_codes) & seats.keys(),
                Obstacle.SEATS_TOO_FEW: bool(each.component_codes)
                and all(taken[code] >= seats.get(code, 0) for code in each.component_codes),
                Obstacle.MEMBER_ELSEWHERE: any(each.member in other.terms.members for other in there),
                Obstacle.NAME_TAKEN: move.group.terms.name in {other.terms.name for other in there},
            }
            assert holds[each.obstacle], each


@given(groups("old"), SEATS, groups("new"), st.randoms(use_true_random=False))
def test_the_order_in_which_records_are_read_changes_nothing(
    moving: list[AccessGroup], seats: dict[str, int], there: list[AccessGroup], chance: random.Random
) -> None:
    first = plan_migration(key("old"), moving, key("new", **seats), there)
    again = plan_migration(
        key("old"), chance.sample(moving, len(moving)), key("new", **seats), chance.sample(there, len(there))
    )

    assert again == first


@given(groups("old"), SEATS)
def test_fitting_a_key_to_its_own_seats_is_done_once(moving: list[AccessGroup], seats: dict[str, int]) -> None:
    fitted = trimmed_to(seats, moving)

    again = plan_migration(key("new", **seats), fitted, key("new", **seats), [])

    assert all(move.is_whole and not move.missing for move in again.moves)


@given(groups("old"), st.data())
def test_the_state_tells_any_change_of_a_version(moving: list[AccessGroup], data: st.DataObject) -> None:
    old, new = key("old"), key("new", xms=1)
    before = plan_migration(old, moving, new, []).state
    records = [old, new, *moving]
    which = data.draw(st.integers(0, len(records) - 1))
    records[which] = replace(records[which], version=records[which].version + 1)

    assert plan_migration(records[0], records[2:], records[1], []).state != before


def test_the_oldest_group_and_the_first_names_come_first() -> None:
    younger = group("A", "xms", till(1), minutes=5)
    older = group("B", "kds xms", till(4), till(2), till(3))

    plan = plan_migration(key("old"), [younger, older], key("new", xms=2), [])

    assert [(move.group.terms.name, move.moving.members) for move in plan.moves] == [
        ("B", (till(2), till(3))),
        ("A", ()),
    ]
    assert plan.moves[0].missing == ("kds",)
    assert plan.moves[0].left == (LeftBehind(till(4), Obstacle.SEATS_TOO_FEW, ("xms",)),)
    assert plan.moves[1].left == (LeftBehind(till(1), Obstacle.SEATS_TOO_FEW, ("xms",)),)


def test_a_group_joins_one_of_its_name_with_the_same_components() -> None:
    there = group("A", "xms", till(1), key_id="new")
    same, other = group("A", "kds xms", till(2)), group("A", "xms", till(2))

    joining = plan_migration(key("old"), [same], key("new", xms=2), [there]).moves[0]
    barred = plan_migration(
        key("old"), [other], key("new", xms=2, kds=1), [replace(there, terms=AccessTerms("A", ("kds",)))]
    ).moves[0]

    assert (joining.joins, joining.moving.members) == (there, (till(2),))
    assert (barred.is_moved, barred.left) == (False, (LeftBehind(till(2), Obstacle.NAME_TAKEN),))


def test_who_is_on_the_target_already_stays() -> None:
    there = group("B", "xms", till(1), key_id="new")

    move = plan_migration(key("old"), [group("A", "xms", till(1))], key("new", xms=2), [there]).moves[0]

    assert (move.is_moved, move.left) == (False, (LeftBehind(till(1), Obstacle.MEMBER_ELSEWHERE),))
