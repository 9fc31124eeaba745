"""What undoing comes down to: what was held before against what is held now."""

import json
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from approvals.asking import roll_back
from approvals.asking.undo import later_changes, net_of
from approvals.draft import Removal
from approvals.errors import BadChange, ConflictingChange
from approvals.models import ChangeRequest
from certs.models import TrustEntry
from pki.plan import Action, Entry
from tests.certificates import Made, ec_key, make
from tests.world import World

ALLOWLISTED = "allowlisted_certificate"
KEY = ec_key()


def plan_of_rollback(change: ChangeRequest) -> dict[Entry, Action]:
    return net_of([change, *later_changes(change)])


def retire(made: Made) -> Removal:
    return Removal(made.fingerprint, ALLOWLISTED, "retired")


def undone(world: World, change: ChangeRequest) -> ChangeRequest:
    """The change rolled back, with all that must be undone with it; by a reviewer, with a vote."""
    change = world.fresh(change)
    number = roll_back.roll_back(
        actor=world.actor("rita"),
        tenant_id=change.tenant_id,
        number=change.number,
        typed_name=change.trust_config.name,
        also=[later.number for later in later_changes(change)],
        reason="Back.",
        originals=[],
    )
    world.work()
    undo = world.change(number)
    if undo.state == "validated":
        world.approve(undo, by="ravi")
        world.work()
    undo = world.fresh(undo)
    assert undo.state == "applied", (undo.state, undo.causes)
    return undo


def held(world: World) -> set[str]:
    rows = TrustEntry.objects.filter(trust_config=world.trust_config()).holdings()
    return {row.entry.sha256_fingerprint for row in rows}


def test_undoing_does_not_bring_back_what_an_undone_change_had_added(world: World) -> None:
    x, y, other = make("x"), make("y"), make("other")
    world.applied(other)
    first = world.applied(x)
    undone(world, world.applied(y, removed=[retire(x)]))
    assert held(world) == {x.fingerprint, other.fingerprint}
    plan = {e.sha256_fingerprint: a.value for e, a in plan_of_rollback(world.fresh(first)).items()}
    assert plan == {x.fingerprint: "remove"}
    undone(world, first)
    assert held(world) == {other.fingerprint}


def test_what_did_an_undone_change_again_must_be_undone_with_the_first(world: World) -> None:
    x, y, other = make("x"), make("y"), make("other")
    world.applied(other)
    first = world.applied(x)
    undo = undone(world, world.applied(y, removed=[retire(x)]))
    again = undone(world, undo)
    assert held(world) == {y.fingerprint, other.fingerprint}
    assert later_changes(world.fresh(first)) == [again]
    undone(world, first)
    assert held(world) == {other.fingerprint}


def test_a_rollback_on_which_later_changes_rest_is_not_undone_before_them(world: World) -> None:
    """It would undo and do again in one change; undoing that would bring back neither state."""
    x, y, other = make("x"), make("y"), make("other")
    world.applied(other, x)
    undo = undone(world, world.applied(y, removed=[retire(x)]))
    later = world.applied(removed=[retire(x)])
    with pytest.raises(ConflictingChange, match=f"Roll back #{later.number} first"):
        undone(world, undo)
    address = f"/t/payments/changes/{undo.number}/roll-back/"
    assert f"Roll back #{later.number} first" in world.page("rita").get(address).content.decode()
    undone(world, later)
    undone(world, undo)
    assert held(world) == {y.fingerprint, other.fingerprint}


def test_a_change_of_other_certificates_is_left_alone(world: World) -> None:
    x, y, z = make("x"), make("y"), make("z")
    first = world.applied(x)
    world.applied(y)
    undone(world, first)
    assert held(world) == {y.fingerprint}
    world.applied(z)
    assert held(world) == {y.fingerprint, z.fingerprint}


STAYS = make("stays", key=KEY)
POOL = [make(f"pool-{n}", key=KEY) for n in range(4)]


@settings(
    max_examples=5,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_undoing_everything_since_an_instant_gives_that_instant_again(
    world: World, data: Any
) -> None:
    """Random changes, rollbacks and rollbacks of rollbacks; then undone in a random order."""
    if STAYS.fingerprint not in held(world):
        world.applied(STAYS)
    before = held(world)
    last = ChangeRequest.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    for _ in range(data.draw(st.integers(1, 5))):
        _one_step(world, data, after=last)
    # One of which nothing is left to undo is refused by the portal, and needs no undoing.
    while living := [c for c in _applied_since(last) if not _is_undo(c) and plan_of_rollback(c)]:
        change = data.draw(st.sampled_from(living))
        was, touched = held(world), _touched(change)
        undone(world, change)
        assert held(world) ^ was <= touched, "nothing that nobody asked for"
    assert held(world) == before


def _one_step(world: World, data: Any, *, after: int) -> None:
    now = held(world)
    undoable = _applied_since(after)
    undoable = [
        change
        for change in undoable
        if plan_of_rollback(change) and not (_is_undo(change) and later_changes(change))
    ]
    if undoable and data.draw(st.booleans()):
        undone(world, data.draw(st.sampled_from(undoable)))
        return
    chosen = data.draw(st.lists(st.sampled_from(POOL), min_size=1, max_size=2, unique=True))
    world.applied(
        *(made for made in chosen if made.fingerprint not in now),
        removed=[retire(made) for made in chosen if made.fingerprint in now],
    )


def _applied_since(pk: int) -> list[ChangeRequest]:
    return list(ChangeRequest.objects.filter(pk__gt=pk, state="applied").order_by("pk"))


def _is_undo(change: ChangeRequest) -> bool:
    inverted = list(change.inverts.all())
    return bool(inverted) and not any(_is_undo(each) for each in inverted)


def _touched(change: ChangeRequest) -> set[str]:
    taken = [change, *later_changes(change)]
    return {item.sha256_fingerprint for each in taken for item in each.items.all()}


def test_the_two_ways_to_name_an_instant_agree(world: World) -> None:
    """A return to the instant before a change, and undoing it, plan the same."""
    from approvals.asking.undo import plan_of_return

    x, y = make("x"), make("y")
    world.applied(y)
    change = world.applied(x, removed=[retire(y)])
    back = plan_of_return(world.trust_config(), change.tenant_id, world.fresh(change).submitted_at)
    plan = plan_of_rollback(change)
    assert {e for e, a in plan.items() if a.value == "add"} == set(back.added)
    assert {e for e, a in plan.items() if a.value == "remove"} == set(back.removed)


@pytest.mark.parametrize("by", ["sid", "rex"])
def test_a_role_in_one_environment_rolls_nothing_back_in_another(world: World, by: str) -> None:
    from tenants.errors import NotAllowed

    change = world.applied(make(), environment="prod")
    with pytest.raises(NotAllowed):
        roll_back.roll_back(
            actor=world.actor(by),
            tenant_id=change.tenant_id,
            number=change.number,
            typed_name=change.trust_config.name,
            also=[],
            reason="Back.",
            originals=[],
        )


def test_production_and_an_empty_trust_store_ask_for_the_name(world: World) -> None:
    last, there = world.applied(make("last")), world.applied(make("there"), environment="prod")
    for change in (last, there):
        for typed in ("", "payments"):
            with pytest.raises(BadChange, match="Type the name"):
                roll_back.roll_back(
                    actor=world.actor("rita"),
                    tenant_id=change.tenant_id,
                    number=change.number,
                    also=[],
                    reason="Back.",
                    originals=[],
                    typed_name=typed,
                )
    assert undone(world, last).state == "applied"
    assert undone(world, there).state == "applied"


def test_the_page_of_a_rollback_judges_it_before_it_is_asked_for(world: World) -> None:
    change = world.applied(make("last"))
    page = world.page("rita").get(f"/t/payments/changes/{change.number}/roll-back/")
    text = page.content.decode()
    assert "What the checks say of it" in text
    assert "EST-LAST" in text
    assert "Type payments-clients to go on" in text
    assert page.context["undoing"].needs_name


def test_the_one_who_decides_is_named_with_how_they_signed_in(world: World) -> None:
    from audit.models import AuditEvent

    undo = undone(world, world.applied(make("x"), make("y")))
    vote = AuditEvent.objects.filter(type="vote.cast", change_number=undo.number).get()
    assert (vote.actor_kind, vote.actor_id) == ("person", str(world.user("rita").pk))
    assert json.loads(bytes(vote.payload))["actor"]["authenticated_by"] == "password"


def test_undoing_a_removal_in_production_takes_two_votes(world: World) -> None:
    """It adds trust, so it takes what an addition takes."""
    x = make("x")
    world.applied(x, make("y"), environment="prod")
    removal = world.applied(removed=[retire(x)], environment="prod")
    number = roll_back.roll_back(
        actor=world.actor("sam"),
        tenant_id=removal.tenant_id,
        number=removal.number,
        also=[],
        reason="Back.",
        originals=[],
        typed_name=removal.trust_config.name,
    )
    world.work()
    undo = world.change(number)
    world.approve(undo, by="rita")
    assert world.fresh(undo).state == "validated"
    world.approve(undo, by="ravi")
    assert world.fresh(undo).state == "approved"


def test_an_entry_goes_back_to_before_the_first_chosen_change_that_touched_it(
    world: World,
) -> None:
    """A change that stays had taken a away; undoing an older one about b brings a not back."""
    a, b, other = make("a"), make("b"), make("other")
    world.applied(a, other)
    about_b = world.applied(b)
    stays = world.applied(removed=[retire(a)])
    world.applied(a, removed=[retire(b)])
    world.applied(removed=[retire(a)])
    with pytest.raises(BadChange, match="nothing left to undo"):
        undone(world, about_b)
    assert world.fresh(stays).state == "applied"
    assert held(world) == {other.fingerprint}


def test_what_a_change_that_stays_had_added_comes_back(world: World) -> None:
    a, b = make("a"), make("b")
    world.applied(make("other"))
    about_b = world.applied(b)
    stays = world.applied(a)
    world.applied(removed=[retire(a), retire(b)])
    undone(world, about_b)
    assert world.fresh(stays).state == "applied"
    assert a.fingerprint in held(world)
    assert b.fingerprint not in held(world)


def test_an_adoption_is_undone_like_any_other_change(world: World) -> None:
    a, b = make("a"), make("b")
    world.applied(a)
    world.edited_outside(allowlisted=[a.parsed.pem, b.parsed.pem])
    undone(world, world.adopted())
    assert held(world) == {a.fingerprint}


def test_a_put_back_is_no_change_to_undo_and_in_nobodys_way(world: World) -> None:
    from tenants.errors import NotAllowed

    a = make("a")
    change = world.applied(a, make("other"))
    world.edited_outside(allowlisted=[])
    put_back = world.put_back(by="sam")
    world.work()
    world.approve(put_back)
    world.work()
    assert world.fresh(put_back).state == "applied"
    assert later_changes(world.fresh(change)) == []
    with pytest.raises(NotAllowed, match="put back"):
        undone(world, put_back)


def test_production_asks_for_the_name_also_where_much_is_left(world: World) -> None:
    goes = world.applied(make("goes"), environment="prod")
    world.applied(make("stays"), environment="prod")
    with pytest.raises(BadChange, match="Type the name"):
        roll_back.roll_back(
            actor=world.actor("rita"),
            tenant_id=goes.tenant_id,
            number=goes.number,
            also=[],
            reason="Back.",
            originals=[],
        )


def test_later_changes_of_other_certificates_are_not_read(world: World) -> None:
    """The way back of a change costs the same however much was changed after it."""
    first = world.applied(make("first"))
    world.applied(make("second"))
    with CaptureQueriesContext(connection) as few:
        assert later_changes(first) == []
    for n in range(6):
        world.applied(make(f"other{n}"))
    with CaptureQueriesContext(connection) as many:
        assert later_changes(first) == []
    assert len(few) == len(many)


def test_what_rests_on_what_rests_on_it_is_found_over_other_certificates(world: World) -> None:
    a, b, c = make("a"), make("b"), make("c")
    first = world.applied(a)
    second = world.applied(b, removed=[retire(a)])
    third = world.applied(c, removed=[retire(b)])
    world.applied(make("apart"))
    assert [change.number for change in later_changes(first)] == [second.number, third.number]


def test_what_was_before_a_later_change_of_the_same_certificate_does_not_rest_on_it(
    world: World,
) -> None:
    """#2 adds b; #3 takes a and b out. Only #3 rests on #1, which added a."""
    a, b = make("a"), make("b")
    first = world.applied(a)
    world.applied(b)
    third = world.applied(
        make("c"),
        removed=[retire(a), retire(b)],
    )
    assert [change.number for change in later_changes(first)] == [third.number]
