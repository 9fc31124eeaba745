"""Drift cases: found by a sweep or a read, resolved by people, and until then nothing is written over them."""

from typing import Any

import pytest
from django.test import Client

from approvals.asking import resolve_drift
from approvals.errors import BlockingFindings, ConflictingChange, StalePlan
from approvals.publishing import sweep
from approvals.publishing.conductor import publish
from approvals.publishing.wake import wake_trust_configs
from audit.models import AuditEvent
from certs.errors import NotRestorable
from certs.models import DriftCase, SealedCertificate, TrustEntry
from certs.trust_configs.drift import open_case
from emulator.faults import Fault
from pages.changes.timeline import timeline_of
from pages.changes.waiting import waiting_of
from pki.plan import revision_digest
from tenants.errors import NotAllowed
from tests.certificates import make, make_ca, weak_key
from tests.world import World

pytestmark = pytest.mark.embedded


def _sweep(world: World, environment: str = "dev") -> None:
    sweep.sweep(environment_id=world.trust_config(environment=environment).environment_id)


def _foreign(world: World, name: str = "payments-clients", **edit: Any) -> None:
    world.edit_live(name, **edit)
    _sweep(world)


def test_a_sweep_lists_once_for_all_trust_configs_and_opens_a_case(world: World) -> None:
    foreign = make("foreign")
    world.edit_live(allowlisted=[foreign.parsed.pem])
    world.emulator.faults.clear_calls()
    _sweep(world)
    assert [call["rpc"] for call in world.emulator.faults.calls()] == ["ListTrustConfigs"]
    case = open_case(world.trust_config())
    assert case is not None
    assert [entry.sha256_fingerprint for entry in case.difference.added] == [foreign.fingerprint]
    assert case.seen_by.startswith("ListTrustConfigs, ")
    assert case.last_expected_at is not None and case.last_expected_at < case.found_at
    assert AuditEvent.objects.filter(type="drift.found").count() == 1
    _sweep(world)
    assert AuditEvent.objects.filter(type="drift.found").count() == 1


def test_a_sweep_that_sees_what_it_expects_renews_the_observation(world: World) -> None:
    before = world.trust_config().observed_at
    _sweep(world)
    after = world.trust_config()
    assert (after.state, open_case(after)) == ("ready", None)
    assert after.observed_at is not None and before is not None and after.observed_at > before


def test_a_trust_config_that_is_gone_stops_publishing_with_its_name(world: World) -> None:
    world.emulator.certificate_manager.delete_out_of_band(world.resource())
    _sweep(world)
    _sweep(world)
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
    from jobs.models import Job

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
