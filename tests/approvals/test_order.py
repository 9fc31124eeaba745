"""Decisions take effect in the order in which they were taken, or not at all: replacements, overlaps, freezes, put-backs."""

from datetime import timedelta

import time_machine
from django.utils import timezone

from approvals.deciding import lapse, retry
from approvals.deciding.validate import validate
from approvals.draft import Removal, Timing
from approvals.judging.schedule import lapses_at
from approvals.models import ChangeRequest
from approvals.publishing.conductor import publish
from certs.models import Publication, TrustConfig
from emulator.faults import Fault
from tenants.flows import windows
from tests.certificates import make, make_ca

AL = "allowlisted_certificate"
LENA = {"by": "lena", "tenant": "logistics"}


def test_a_revocation_goes_with_the_replacement_that_was_approved_before_it(world):
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


def test_two_new_authorities_go_in_one_write(world):
    changes = [world.submit(make_ca(name)) for name in ("First Root", "Second Root", "Third Root")]
    for change in changes:
        validate(change_id=change.pk)
        world.approve(change)
    world.work()
    assert [world.fresh(change).state for change in changes] == ["applied"] * 3
    assert Publication.objects.count() == 1


def test_a_revocation_among_others_is_written_alone_and_first(world):
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


def test_an_overlap_that_is_over_is_not_approved_by_mode_b_either(world):
    world.self_service("payments", roles=(AL,), with_warnings=True)
    old = make("old")
    world.applied(old, make("stays"))
    now = timezone.now()
    world.emulator.faults.add(Fault("GetTrustConfig", code="PERMISSION_DENIED"))
    change = world.submit(
        make("new"),
        removed=[Removal(old.fingerprint, AL, "retired")],
        timing=Timing(overlap_until=now + timedelta(hours=2)),
    )
    world.work()
    assert world.fresh(change).held_code == "cloud-denied"
    with time_machine.travel(now + timedelta(hours=3), tick=True):
        retry.retry(actor=world.actor("sam"), tenant_id=change.tenant_id, number=change.number)
        world.work()
    ended = world.fresh(change)
    assert (ended.state, ended.causes) == ("rejected", [{"code": "rejected-overlap"}])
    assert old.parsed.pem in world.live()["allowlisted"]


def test_lifting_a_freeze_lets_what_waited_in_it_be_written(world):
    now = timezone.now()
    windows.freeze(
        actor=world.actor("paula"),
        environment_slug="dev",
        begins_at=now,
        ends_at=now + timedelta(days=60),
        reason="x",
    )
    change = world.approved(make("c"))
    with time_machine.travel(now + timedelta(days=20), tick=True):
        freeze = change.trust_config.environment.freezes.get()
        windows.lift_freeze(
            actor=world.actor("paula"), environment_slug="dev", freeze_id=freeze.pk, reason="done"
        )
        lapse.lapse()
        assert lapses_at(world.fresh(change)) > timezone.now() + timedelta(days=13)
        world.work()
    assert world.fresh(change).state == "approved"  # nobody rang yet: the net does
    with time_machine.travel(now + timedelta(days=20, minutes=1), tick=True):
        publish(trust_config_id=str(change.trust_config_id))
        world.work()
    assert world.fresh(change).state == "applied"


def test_a_freeze_that_has_not_begun_is_taken_back_without_a_trace(world):
    now = timezone.now()
    windows.freeze(
        actor=world.actor("paula"),
        environment_slug="dev",
        begins_at=now + timedelta(days=1),
        ends_at=now + timedelta(days=2),
        reason="x",
    )
    freeze = world.trust_config().environment.freezes.get()
    windows.lift_freeze(
        actor=world.actor("paula"), environment_slug="dev", freeze_id=freeze.pk, reason="no"
    )
    assert not world.trust_config().environment.freezes.exists()


def test_a_put_back_of_what_was_revoked_meanwhile_ends_and_says_what_to_do(world):
    theirs = make("theirs")
    world.applied(theirs, make("s1"), to="shared-clients", **LENA)
    world.applied(theirs, make("s2"), to="logistics-clients", **LENA)
    stays = [pem for pem in world.live("shared-clients")["allowlisted"] if pem != theirs.parsed.pem]
    world.edited_outside("shared-clients", allowlisted=stays)
    change = world.put_back("shared-clients")
    world.work()
    world.approved(
        removed=[Removal(theirs.fingerprint, AL, "revoked")], to="logistics-clients", **LENA
    )
    world.approve(change, by="ravi")
    world.work()
    ended = world.fresh(change)
    assert (ended.state, ended.causes) == ("rejected", [{"code": "drift-revoked"}])
    assert theirs.parsed.pem not in world.live("shared-clients")["allowlisted"]


def test_a_put_back_that_lapsed_is_not_written(world):
    first = make("first")
    world.applied(first, make("stays"))
    world.edited_outside(
        allowlisted=[pem for pem in world.live()["allowlisted"] if pem != first.parsed.pem]
    )
    change = world.put_back()
    world.work()
    world.approve(change, by="ravi")
    before = Publication.objects.count()
    with time_machine.travel(
        lapses_at(ChangeRequest.objects.get(pk=change.pk)) + timedelta(minutes=1), tick=True
    ):
        publish(trust_config_id=str(change.trust_config_id))
    assert (world.fresh(change).state, Publication.objects.count()) == ("approved", before)
