"""Which approved changes go into one write, in which order."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from django.db import transaction
from django.utils import timezone

from approvals.deciding import lapse
from approvals.deciding.validate import validate
from approvals.draft import Removal, Timing
from approvals.errors import ConflictingChange
from approvals.judging.schedule import lapses_at
from approvals.publishing import admission
from approvals.publishing.conductor import publish
from approvals.publishing.originals import Opened
from certs.models import Publication, TrustConfig
from certs.trust_configs import publishing
from emulator.faults import Fault
from gcp.errors import CloudUnavailable
from pki.plan import Action
from tests.certificates import make, make_ca
from tests.world import COMMAND, World

AL = "allowlisted_certificate"


LENA = {"by": "lena", "tenant": "logistics"}


def test_a_return_by_a_revocation_voids_the_votes_and_locks_nobody_out(world: World) -> None:
    client, other = make("client"), make("other")
    world.applied(client, other, environment="prod")
    retire = world.submit(
        removed=[Removal(client.fingerprint, "allowlisted_certificate", "retired")],
        environment="prod",
    )
    validate(change_id=retire.pk)
    for name in ("rita", "ravi"):
        world.approve(retire, by=name)
    world.submit(
        removed=[Removal(client.fingerprint, "allowlisted_certificate", "revoked")],
        environment="prod",
    )
    world.approve(retire, by="rita")
    assert world.fresh(retire).state == "validated"
    world.approve(retire, by="ravi")
    assert world.fresh(retire).state == "approved"


def test_a_revocation_of_one_tenant_leaves_another_tenants_change_alone(world: World) -> None:
    client, other = make("client"), make("other")
    world.applied(client, other, to="shared-clients")
    theirs = world.submit(client, by="lena", tenant="logistics", to="shared-clients")
    validate(change_id=theirs.pk)
    world.approve(theirs)
    answers = {"EST-STILL-ACCEPTED": "They were told."}
    world.submit(
        removed=[Removal(client.fingerprint, "allowlisted_certificate", "revoked")],
        to="shared-clients",
        answers=answers,
    )
    assert world.fresh(theirs).state == "approved"
    with pytest.raises(ConflictingChange):
        world.submit(
            removed=[Removal(client.fingerprint, "allowlisted_certificate", "retired")],
            to="shared-clients",
        )


def test_what_nobody_saw_stops_the_end_of_an_overlap(world: World) -> None:
    old, p = (make_ca("old"), make_ca("p"))
    world.applied(old, p)
    now = timezone.now()
    q = world.submit(
        removed=[Removal(p.fingerprint, "trust_anchor", "retired")],
        timing=Timing("at_time", now + timedelta(days=1)),
    )
    first = world.submit(
        make("leaf"),
        removed=[Removal(old.fingerprint, "trust_anchor", "retired")],
        timing=Timing(overlap_until=now + timedelta(days=5)),
    )
    world.work()
    world.approve(q)
    world.approve(first)
    world.work()
    first.followers.get()
    with time_machine.travel(now + timedelta(days=1, minutes=1), tick=True):
        publish(trust_config_id=str(first.trust_config_id))
        world.work()
    with time_machine.travel(now + timedelta(days=5, minutes=1), tick=True):
        publish(trust_config_id=str(first.trust_config_id))
        world.work()
    assert world.live()["anchors"]


def test_a_revocation_goes_before_what_waits(world: World) -> None:
    c = make("c")
    world.applied(c, make("k"))
    TrustConfig.objects.filter(name="payments-clients").update(batch_limit=1)
    head = world.submit(make("head"))
    world.work()
    urgent = world.submit(removed=[Removal(c.fingerprint, AL, "revoked")])
    world.work()
    world.emulator.faults.add(Fault("Decrypt", code="UNAVAILABLE", times=999))
    world.emulator.faults.add(Fault("RawDecrypt", code="UNAVAILABLE", times=999))
    from certs.vault import opening

    for n in dir(opening):
        o = getattr(opening, n)
        if hasattr(o, "cache_clear"):
            o.cache_clear()
        if isinstance(o, dict) and (not n.startswith("__")):
            o.clear()
    world.approve(head)
    world.approve(urgent)
    world.work(limit=20)
    assert world.fresh(urgent).state == "applied"


def test_one_write_does_not_revoke_a_certificate_and_let_it_back_in_under_another_role(
    world: World,
) -> None:
    ca = make_ca("ca")
    world.applied(ca, make("stays"), role=AL)
    back = world.submit(ca, role="trust_anchor")
    world.work()
    revocation = world.submit(removed=[Removal(ca.fingerprint, AL, "revoked")])
    world.work()
    world.approve(revocation)
    world.approve(back)
    world.work()
    assert world.fresh(revocation).state == "applied"
    assert ca.parsed.pem not in world.live()["anchors"]


def test_one_write_does_not_revoke_a_certificate_and_let_it_back_in_for_another_tenant(
    world: World,
) -> None:
    c = make("c")
    world.applied(c, make("stays"), to="shared-clients")
    back = world.submit(c, to="shared-clients", **LENA)
    world.work()
    revocation = world.submit(removed=[Removal(c.fingerprint, AL, "revoked")], to="shared-clients")
    world.work()
    world.approve(revocation)
    world.approve(back)
    world.work()
    assert world.fresh(revocation).state == "applied"
    assert c.parsed.pem not in world.live("shared-clients")["allowlisted"]


def test_an_approval_that_lapsed_is_not_written_whoever_comes_first(world: World) -> None:
    change = world.submit(make("c"))
    world.work()
    world.approve(change)
    change = world.fresh(change)
    with time_machine.travel(lapses_at(change) + timedelta(minutes=1), tick=True):
        publish(trust_config_id=str(change.trust_config_id))
        assert (world.fresh(change).state, Publication.objects.count()) == ("approved", 0)
        lapse.lapse()
    assert world.fresh(change).state == "rejected"


def test_a_revocation_goes_with_the_replacement_that_was_approved_before_it(world: World) -> None:
    old, new = make_ca("Old Root"), make_ca("New Root")
    world.applied(old)
    TrustConfig.objects.update(enforcement="reject")
    replacement = world.submit(new)
    world.work()
    world.approve(replacement)
    revocation = world.submit(removed=[Removal(old.fingerprint, "trust_anchor", "revoked")])
    validate(change_id=revocation.pk)
    world.approve(revocation)
    assert {world.fresh(replacement).state, world.fresh(revocation).state} == {"approved"}
    world.work()
    assert (world.fresh(replacement).state, world.fresh(revocation).state) == ("applied", "applied")
    assert world.live()["anchors"] == [new.parsed.pem]


def test_two_new_authorities_go_in_one_write(world: World) -> None:
    changes = [world.submit(make_ca(name)) for name in ("First Root", "Second Root", "Third Root")]
    for change in changes:
        validate(change_id=change.pk)
        world.approve(change)
    world.work()
    assert [world.fresh(change).state for change in changes] == ["applied"] * 3
    assert Publication.objects.count() == 1


def test_a_revocation_among_others_is_written_alone_and_first(world: World) -> None:
    old = make_ca("Old Root")
    world.applied(old, make_ca("Second"))
    revocation = world.submit(removed=[Removal(old.fingerprint, "trust_anchor", "revoked")])
    other = world.submit(make("other"))
    world.work()
    world.approve(revocation)
    world.approve(other)
    world.work()
    assert (world.fresh(revocation).state, world.fresh(other).state) == ("applied", "applied")
    assert (
        Publication.objects.filter(kind="changes").count() == 3
    )  # the first, the urgent one alone, the other


def test_what_one_change_revokes_goes_before_what_would_bring_it_back() -> None:
    def one(name: str, *added: str, revokes: str = "") -> Any:
        steps = [
            SimpleNamespace(
                action=Action.ADD, entry=SimpleNamespace(sha256_fingerprint=fingerprint)
            )
            for fingerprint in added
        ]
        return SimpleNamespace(name=name, steps=steps, revokes={revokes: 1} if revokes else {})

    changes = [one("first", "a"), one("brings", "x"), one("last", "b"), one("revokes", revokes="x")]
    ordered = admission._revoking_first(changes)
    assert [change.name for change in ordered] == ["first", "revokes", "brings", "last"]


def test_what_a_change_revokes_is_revoked_for_the_next_one_of_the_same_write(world: World) -> None:
    leaves = make("leaves")
    world.applied(leaves, make("stays"))
    change = world.checked(removed=[Removal(leaves.fingerprint, AL, "revoked")])
    world.approve(change)
    live = publishing.read_live(world.trust_config())
    with transaction.atomic():
        before = admission.estate_at(world.trust_config(), live)
        after = admission.admit(
            world.fresh(change),
            before,
            None,
            may_return=False,
            actor=COMMAND,
            at=timezone.now(),
        )
    assert after is not None
    assert leaves.fingerprint not in before.revoked
    assert leaves.fingerprint in after.revoked


def test_a_change_whose_original_could_not_be_opened_yet_does_not_go(world: World) -> None:
    change = world.checked(make())
    world.approve(change)
    due = [world.fresh(change)]
    with transaction.atomic():
        opened = Opened()
        assert admission.still_due(world.trust_config(), due, opened) == due
        opened.waiting[change.pk] = CloudUnavailable("Decrypt", "silent")
        assert admission.still_due(world.trust_config(), due, opened) == []
