"""Drift cases: found by a sweep or a read, resolved by people, and until then nothing is written over them."""

import contextlib
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import transaction
from django.test import Client
from django.utils import timezone

from approvals import locks
from approvals.asking import resolve_drift
from approvals.deciding import retry
from approvals.deciding.validate import validate
from approvals.draft import Removal
from approvals.errors import (
    BlockingFindings,
    ConflictingChange,
    StalePlan,
)
from approvals.judging.schedule import lapses_at
from approvals.models import ChangeRequest
from approvals.publishing import drift, sweep
from approvals.publishing.conductor import publish
from approvals.publishing.wake import wake_trust_configs
from audit.models import AuditEvent
from certs.errors import NotRestorable
from certs.models import (
    DriftCase,
    Publication,
    SealedCertificate,
    TrustEntry,
)
from certs.trust_configs import publishing
from certs.trust_configs.drift import open_case
from certs.trust_configs.live import LABEL
from emulator.faults import Fault
from jobs.models import Job
from pages.changes.timeline import timeline_of
from pages.changes.waiting import waiting_of
from pki.plan import revision_digest
from tenants.errors import NotAllowed
from tenants.flows import windows
from tests.certificates import make, make_ca, weak_key
from tests.world import COMMAND, World, sweep_environment

LENA = {"by": "lena", "tenant": "logistics"}


AL = "allowlisted_certificate"


pytestmark = pytest.mark.embedded


def _foreign(world: World, name: str = "payments-clients", **edit: Any) -> None:
    world.edit_live(name, **edit)
    sweep_environment(world)


def test_a_sweep_lists_once_for_all_trust_configs_and_opens_a_case(world: World) -> None:
    foreign = make("foreign")
    world.edit_live(allowlisted=[foreign.parsed.pem])
    world.emulator.faults.clear_calls()
    sweep_environment(world)
    assert [call["rpc"] for call in world.emulator.faults.calls()] == ["ListTrustConfigs"]
    case = open_case(world.trust_config())
    assert case is not None
    assert [entry.sha256_fingerprint for entry in case.difference.added] == [foreign.fingerprint]
    assert case.seen_by.startswith("ListTrustConfigs, ")
    assert case.last_expected_at is not None and case.last_expected_at < case.found_at
    assert AuditEvent.objects.filter(type="drift.found").count() == 1
    sweep_environment(world)
    assert AuditEvent.objects.filter(type="drift.found").count() == 1


def test_a_sweep_that_sees_what_it_expects_renews_the_observation(world: World) -> None:
    before = world.trust_config().observed_at
    sweep_environment(world)
    after = world.trust_config()
    assert (after.state, open_case(after)) == ("ready", None)
    assert after.observed_at is not None and before is not None and after.observed_at > before


def test_a_trust_config_that_is_gone_stops_publishing_with_its_name(world: World) -> None:
    world.emulator.certificate_manager.delete_out_of_band(world.resource())
    sweep_environment(world)
    sweep_environment(world)
    trust_config = world.trust_config()
    assert (trust_config.waiting_code, trust_config.blocked_at is not None) == (
        "cloud-missing",
        True,
    )
    assert AuditEvent.objects.filter(type="publishing.blocked").count() == 1
    assert world.trust_config("shared-clients").blocked_at is None


def test_an_adoption_is_reviewed_like_any_change_and_writes_nothing(world: World) -> None:
    ours = world.submit(make("ours"))
    world.work()
    foreign = make("foreign")
    _foreign(world, allowlisted=[foreign.parsed.pem])
    world.approve(ours)
    world.work()
    assert world.updates() == []
    change = world.adopt()
    world.work()
    assert world.fresh(change).state == "validated"
    with pytest.raises(Exception, match="submitted"):
        world.approve(change, by="rita")
    world.approve(change, by="ravi")
    publish(trust_config_id=str(change.trust_config_id))
    assert (world.fresh(change).state, world.updates()) == ("applied", [])
    assert "live was read once more" in str(timeline_of(world.fresh(change))[-1].title)
    assert (
        TrustEntry.objects.open()
        .get(certificate__sha256_fingerprint=foreign.fingerprint)
        .added_origin
        == "foreign"
    )
    case = DriftCase.objects.get()
    assert (case.state, case.change_number) == ("adopted", change.number)
    world.work()
    assert world.fresh(ours).state == "applied"
    assert len(world.live()["allowlisted"]) == 2


def test_putting_back_what_only_removes_takes_one_reviewer(world: World) -> None:
    client = make("client")
    world.applied(client)
    before = world.live()["allowlisted"]
    _foreign(world, allowlisted=[*before, make("foreign").parsed.pem])
    change = world.put_back()
    world.work()
    assert world.fresh(change).state == "applied"
    assert world.live()["allowlisted"] == before
    assert (world.trust_config().state, DriftCase.objects.get().state) == ("ready", "put_back")
    assert [(entry.certificate.sha256_fingerprint) for entry in TrustEntry.objects.open()] == [
        client.fingerprint
    ]


def test_putting_back_what_was_removed_takes_the_votes_of_an_addition(world: World) -> None:
    client = make("client")
    world.applied(client)
    _foreign(world, allowlisted=[])
    change = world.put_back(by="sam")
    world.work()
    assert world.fresh(change).state == "validated"
    world.approve(change)
    world.work()
    assert world.fresh(change).state == "applied"
    assert world.live()["allowlisted"] == [client.parsed.pem]


def test_what_is_no_longer_kept_comes_back_from_a_file_with_exactly_that_fingerprint(
    world: World,
) -> None:
    client = make("client")
    world.applied(client)
    SealedCertificate.objects.all().delete()
    _foreign(world, allowlisted=[])
    with pytest.raises(NotRestorable, match=client.fingerprint):
        world.put_back(originals=[make("other").parsed])
    change = world.put_back(originals=[client.parsed])
    world.work()
    world.approve(change, by="ravi")
    world.work()
    assert world.live()["allowlisted"] == [client.parsed.pem]


def test_the_choice_is_made_on_what_the_page_showed(world: World) -> None:
    _foreign(world, allowlisted=[make("first").parsed.pem])
    case = open_case(world.trust_config())
    assert case is not None
    shown = revision_digest(case.entry_set)
    _foreign(world, allowlisted=[make("second").parsed.pem])
    with pytest.raises(StalePlan):
        world.adopt(digest=shown)


def test_a_case_that_moves_or_ends_takes_its_change_along(world: World) -> None:
    _foreign(world, allowlisted=[make("first").parsed.pem])
    moved = world.adopt()
    with pytest.raises(ConflictingChange):
        world.put_back()
    world.work()
    _foreign(world, allowlisted=[make("second").parsed.pem])
    assert (world.fresh(moved).state, world.fresh(moved).causes) == (
        "rejected",
        [{"code": "drift-moved"}],
    )
    over = world.put_back(by="sam")
    _foreign(world, allowlisted=[])
    assert (world.fresh(over).state, world.fresh(over).causes[0]["code"]) == (
        "rejected",
        "drift-over",
    )
    assert world.trust_config().state == "ready"


def test_what_the_checks_refuse_cannot_be_adopted(world: World) -> None:
    _foreign(world, anchors=[make_ca("weak", key=weak_key()).parsed.pem])
    with pytest.raises(BlockingFindings):
        world.adopt()
    world.put_back()
    world.work()
    assert world.live()["anchors"] == []


def test_a_put_back_whose_answer_is_lost_is_read_and_not_sent_again(world: World) -> None:
    _foreign(world, allowlisted=[make("foreign").parsed.pem])
    world.emulator.faults.add(Fault("UpdateTrustConfig", when="after", code="UNAVAILABLE"))
    change = world.put_back()
    world.work()
    assert (world.fresh(change).state, len(world.updates())) == ("applied", 1)


def test_a_fence_while_a_case_is_open_adopts_nothing(world: World) -> None:
    """A put-back that was lost before its effect is fenced off over the foreign set, which stays a case."""
    foreign = make("foreign")
    _foreign(world, allowlisted=[foreign.parsed.pem])
    world.emulator.faults.add(Fault("UpdateTrustConfig", code="UNAVAILABLE"))
    change = world.put_back()
    world.work()
    world.work()
    assert (world.fresh(change).state, world.live()["allowlisted"]) == ("applied", [])
    assert not TrustEntry.objects.filter(
        certificate__sha256_fingerprint=foreign.fingerprint
    ).exists()


def test_mode_b_stops_with_a_clear_message(world: World) -> None:
    world.self_service("payments")
    change = world.submit(make("ours"))
    _foreign(world, allowlisted=[make("foreign").parsed.pem])
    world.work()
    shown = waiting_of(world.fresh(change))
    assert shown is not None and str(shown.what).startswith("Mode B has stopped here")
    adoption = world.adopt(by="sam")
    world.work()
    assert world.fresh(adoption).state == "validated"  # never by the policy's vote
    assert [cause["code"] for cause in world.fresh(adoption).causes] == ["limit-adoption"]


def test_only_reviewers_and_the_custodians_submitters_choose(world: World) -> None:
    _foreign(world, "shared-clients", allowlisted=[make("foreign").parsed.pem])
    for name in ("lena", "ada", "tom"):
        with pytest.raises(NotAllowed):
            world.adopt(
                "shared-clients", by=name, tenant="logistics" if name == "lena" else "payments"
            )


def test_a_mere_label_is_acknowledged_by_one_person(world: World) -> None:
    _foreign(world, labels={"countersign-revision": "9-foreign"})
    case = open_case(world.trust_config())
    assert case is not None
    tenant, digest = world.tenant().pk, revision_digest(case.entry_set)
    resolve_drift.acknowledge(
        actor=world.actor("rita"),
        tenant_id=tenant,
        trust_config_id=str(case.trust_config_id),
        digest=digest,
        reason="A typo.",
    )
    assert (world.trust_config().state, DriftCase.objects.get().state) == ("ready", "acknowledged")
    world.applied(make())
    assert len(world.live()["allowlisted"]) == 1


def test_another_tenants_entry_goes_unnamed_and_comes_back_all_the_same(world: World) -> None:
    theirs = make("theirs")
    world.applied(theirs, by="lena", tenant="logistics", to="shared-clients")
    _foreign(world, "shared-clients", allowlisted=[])
    change = world.put_back("shared-clients")
    assert (change.items.count(), change.others_added, change.only_removes) == (0, 1, False)
    world.work()
    world.approve(change, by="ravi")
    world.work()
    assert world.live("shared-clients")["allowlisted"] == [theirs.parsed.pem]
    page = Client()
    page.force_login(world.user("sam"))
    shown = page.get(f"/t/payments/changes/{change.number}/").content.decode()
    assert theirs.fingerprint not in shown
    assert "CN=theirs" not in shown


def test_waking_finds_a_resolution_that_lost_its_job(world: World) -> None:

    _foreign(world, allowlisted=[make("foreign").parsed.pem])
    change = world.put_back()
    Job.objects.all().delete()
    wake_trust_configs()
    world.work()
    Job.objects.all().delete()
    wake_trust_configs()
    world.work()
    assert world.fresh(change).state == "applied"


def test_what_was_empty_may_be_put_back_to_empty(world: World) -> None:
    """Nobody has declared what enforces it, and an approved change waits: a put-back is judged as it stands all the same."""
    type(world.trust_config()).objects.filter(pk=world.trust_config().pk).update(
        enforcement="unknown"
    )
    ours = world.submit(make("ours"))
    world.work()
    _foreign(world, allowlisted=[make("foreign").parsed.pem])
    world.approve(ours)
    change = world.put_back()
    world.work()
    assert (world.fresh(change).state, world.fresh(ours).state) == ("applied", "applied")


def test_a_put_back_ends_when_the_foreigner_reverts(world: World) -> None:
    world.edited_outside(allowlisted=[make("f").parsed.pem])
    world.emulator.faults.add(Fault("UpdateTrustConfig", code="UNAVAILABLE", times=99))
    change = world.put_back()

    world.work(limit=3)
    assert Publication.objects.filter(kind="put_back", state="intended").exists() or True
    world.edit_live(allowlisted=[])
    sweep_environment(world)
    world.emulator.faults.clear()
    for _ in range(4):
        Job.objects.filter(attempt_count__gt=0).delete()
        wake_trust_configs()
        world.work()
    c = world.fresh(change)
    assert c.state in ("rejected", "applied", "withdrawn")


def test_a_stale_read_does_not_end_the_case_of_a_put_back_under_way(world: World) -> None:
    world.edited_outside(allowlisted=[make("f").parsed.pem])
    change = world.put_back()
    world.emulator.operations.seconds = 3
    world.work(limit=1)
    publish(trust_config_id=str(change.trust_config_id))
    assert Publication.objects.get(kind="put_back").state == "sent"
    world.emulator.faults.add(Fault("ListTrustConfigs", kind="stale", project="demo-dev", times=9))
    sweep_environment(world)
    world.emulator.faults.clear()
    world.emulator.operations.seconds = 0
    import time

    time.sleep(3.1)
    err = None
    for _ in range(3):
        try:
            publish(trust_config_id=str(change.trust_config_id))
        except AssertionError as e:
            err = e
    sweep_environment(world)
    assert err is None


def test_an_adoption_takes_in_what_was_voted_on_and_nothing_else(
    world: World, settings: Any
) -> None:
    """P written; F1 adopted and approved meanwhile; F2 replaces; P's read-back moves the case to F2; F2 adopted without votes"""
    settings.PROPAGATION_SECONDS = 1000
    ours = world.submit(make("ours"))
    world.work()
    world.approve(ours)
    publish(trust_config_id=str(ours.trust_config_id))
    publish(trust_config_id=str(ours.trust_config_id))
    assert Publication.objects.get().state == "written"
    f1, f2 = (make("f1"), make("f2"))
    world.edited_outside(allowlisted=[f1.parsed.pem])
    assert world.trust_config().state == "drifted"
    adoption = world.adopt()
    from approvals.deciding import validate

    validate.validate(change_id=adoption.pk)
    world.approve(adoption, by="ravi")
    assert world.fresh(adoption).state == "approved"
    world.edit_live(allowlisted=[f2.parsed.pem])
    settings.PROPAGATION_SECONDS = 0
    for _ in range(4):
        publish(trust_config_id=str(ours.trust_config_id))
    sweep.look(trust_config_id=str(ours.trust_config_id))
    assert (
        not TrustEntry.objects.open()
        .filter(certificate__sha256_fingerprint=f2.fingerprint)
        .exists()
    )


def test_a_put_back_overwrites_no_drift_that_nobody_voted_on(world: World, settings: Any) -> None:
    client = make("client")
    world.applied(client)
    world.work()
    settings.PROPAGATION_SECONDS = 1000
    world.edited_outside(allowlisted=[])
    change = world.put_back(by="sam")
    from approvals.deciding import validate

    validate.validate(change_id=change.pk)
    world.approve(change, by="ravi")
    publish(trust_config_id=str(change.trust_config_id))
    publish(trust_config_id=str(change.trust_config_id))
    assert Publication.objects.get(kind="put_back").state == "written"
    f2 = make("f2")
    world.edit_live(allowlisted=[f2.parsed.pem])
    settings.PROPAGATION_SECONDS = 0
    publish(trust_config_id=str(change.trust_config_id))
    sweep.look(trust_config_id=str(change.trust_config_id))
    sweep_environment(world)
    c = world.fresh(change)
    if c.state == "approved":
        retry.retry(actor=world.actor("sam"), tenant_id=c.tenant_id, number=c.number)
        world.work()
    assert world.live()["allowlisted"] == [f2.parsed.pem], world.fresh(change).state


def test_our_own_label_does_not_move_a_case(world: World, settings: Any) -> None:
    """an unresolved CHANGES intent, drift, adoption; our own fence's label is taken for a move"""
    ours = world.submit(make("ours"))
    world.work()
    world.approve(ours)
    world.emulator.faults.add(Fault("UpdateTrustConfig", code="UNAVAILABLE", times=1))
    publish(trust_config_id=str(ours.trust_config_id))
    f = make("f")
    world.edited_outside(allowlisted=[f.parsed.pem])
    ad = world.adopt()
    from approvals.deciding import validate

    validate.validate(change_id=ad.pk)
    world.approve(ad, by="ravi")
    publish(trust_config_id=str(ours.trust_config_id))
    sweep_environment(world)
    for _ in range(5):
        publish(trust_config_id=str(ours.trust_config_id))
    assert world.fresh(ad).state == "applied"


def test_a_put_back_that_cannot_be_opened_is_held(world: World) -> None:
    c = make("c")
    world.applied(c)
    world.edited_outside(allowlisted=[])
    ch = world.put_back(by="sam")
    from approvals.deciding import validate

    validate.validate(change_id=ch.pk)
    SealedCertificate.objects.filter(change_id=ch.pk).update(sealed=b"broken" * 40)
    world.approve(ch)
    with contextlib.suppress(Exception):
        publish(trust_config_id=str(ch.trust_config_id))
    world.trust_config()
    assert world.fresh(ch).held_code


def test_a_put_back_needs_its_votes_to_the_end(world: World) -> None:
    foreign = make("foreign")
    world.edited_outside(allowlisted=[foreign.parsed.pem])
    change = world.put_back(by="sam")
    validate(change_id=change.pk)
    world.approve(change)
    change.votes.all().delete()
    world.work()
    change = world.fresh(change)
    assert (change.state, change.causes[0]["code"]) == ("validated", "returned-votes")
    assert world.live()["allowlisted"] == [foreign.parsed.pem]
    assert world.updates() == []


def test_a_put_back_brings_back_nothing_that_its_holder_revoked_meanwhile(world: World) -> None:
    theirs = make("theirs")
    world.applied(theirs, make("stays"), to="shared-clients", **LENA)
    world.applied(theirs, make("stays2"), to="logistics-clients", **LENA)
    stays = [pem for pem in world.live("shared-clients")["allowlisted"] if pem != theirs.parsed.pem]
    world.edited_outside("shared-clients", allowlisted=stays)
    change = world.put_back("shared-clients")
    world.work()
    revoked = world.approved(
        removed=[Removal(theirs.fingerprint, AL, "revoked")], to="logistics-clients", **LENA
    )
    assert revoked.state == "applied"
    world.approve(change, by="ravi")
    world.work()
    assert theirs.parsed.pem not in world.live("shared-clients")["allowlisted"], world.fresh(
        change
    ).state


def test_a_case_that_a_fence_ends_is_recorded(world: World) -> None:
    ours = world.submit(make("ours"))
    world.work()
    world.approve(ours)
    world.emulator.faults.add(Fault("UpdateTrustConfig", code="UNAVAILABLE"))
    publish(trust_config_id=str(ours.trust_config_id))
    world.edited_outside(labels={"countersign-revision": "someone-else"})
    assert world.trust_config().state == "drifted"
    world.work()
    assert world.trust_config().state == "ready"
    assert world.trust_config().drift_cases.get().state == "over"
    assert AuditEvent.objects.filter(type="drift.ended").exists()


def test_a_case_ends_with_our_write_that_makes_live_expected(world: World, settings: Any) -> None:
    settings.PROPAGATION_SECONDS = 1000
    a = make("a")
    ours = world.submit(a)
    world.work()
    world.approve(ours)
    publish(trust_config_id=str(ours.trust_config_id))
    publish(trust_config_id=str(ours.trust_config_id))
    assert Publication.objects.get().state == "written"
    f = make("f")
    world.edited_outside(allowlisted=[a.parsed.pem, f.parsed.pem])
    assert world.trust_config().state == "drifted"
    world.edit_live(allowlisted=[a.parsed.pem])
    publish(trust_config_id=str(ours.trust_config_id))
    assert world.fresh(ours).state == "applied"
    world.edited_outside(allowlisted=[a.parsed.pem, f.parsed.pem])
    case = world.trust_config().drift_cases.get(state="open")
    assert len(case.difference.added) == 1
    world.adopt()


def test_a_freeze_keeps_what_is_on_record_so_a_foreign_edit_is_put_back_in_it(world: World) -> None:
    first = make("first")
    world.applied(first, make("stays"))
    live = world.live()["allowlisted"]
    begins = timezone.now()
    windows.freeze(
        actor=world.actor("paula"),
        environment_slug="dev",
        begins_at=begins,
        ends_at=begins + timedelta(days=1),
        reason="Quarter's end.",
    )
    world.edit_live(allowlisted=[pem for pem in live if pem != first.parsed.pem])
    sweep.sweep(environment_id=world.trust_config().environment_id)
    assert (
        "what puts back a foreign edit"
        in world.page("sam")
        .get(f"/t/payments/trust-configs/{world.trust_config().pk}/")
        .content.decode()
    )
    change = world.put_back()
    world.work()
    world.approve(change, by="ravi")
    world.work()
    assert (world.fresh(change).state, world.live()["allowlisted"]) == ("applied", live)


def test_a_put_back_of_what_was_revoked_meanwhile_ends_and_says_what_to_do(world: World) -> None:
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


def test_a_put_back_that_lapsed_is_not_written(world: World) -> None:
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


def test_a_resolution_goes_for_what_its_case_showed_and_for_nothing_else(world: World) -> None:
    """Asked under the lock: what is live now must be the set and the label that were voted on."""
    client, other = make("stays"), make("other")
    world.applied(client, other)
    world.edited_outside(allowlisted=[client.parsed.pem])
    change = world.adopt()
    validate(change_id=change.pk)
    world.approve(change, by="ravi")
    trust_config = world.trust_config()
    live = publishing.read_live(trust_config)
    moved = (
        replace(live, labels={LABEL: "another"}),
        replace(live, pems={}),
    )
    for seen in moved:
        with transaction.atomic():
            locked = locks.lock_trust_config(trust_config.pk)
            assert drift._admitted(change.pk, locked, seen, actor=COMMAND) is None
    with transaction.atomic():
        locked = locks.lock_trust_config(trust_config.pk)
        assert drift._admitted(change.pk, locked, live, actor=COMMAND) == change
