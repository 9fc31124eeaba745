"""Publications by the real flows against the emulator: one write, its proof, and what happens when Google says something else."""

import time
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from approvals.deciding import retry, withdraw
from approvals.draft import Removal
from approvals.models import ChangeRequest
from approvals.publishing.conductor import publish
from approvals.publishing.wake import wake_trust_configs
from audit.models import AuditEvent
from certs.models import Publication, SealedCertificate, TrustConfig
from certs.trust_configs import publications
from certs.trust_configs.publications import hindrance_of
from certs.trust_configs.remedies import remedy
from emulator.faults import Fault
from jobs.models import Job
from pages.changes.waiting import waiting_of
from tests.certificates import make, make_ca
from tests.world import World

pytestmark = pytest.mark.embedded

UPDATE, GET = "UpdateTrustConfig", "GetTrustConfig"


def test_a_change_in_mode_a_is_countersigned_written_and_verified(world: World) -> None:
    root = make_ca()
    change = world.applied(root)
    assert change.state == "applied"
    assert world.live()["anchors"] == [root.parsed.pem]
    publication = Publication.objects.get()
    assert (publication.state, publication.etag_after, publication.label) == (
        "verified",
        world.live()["etag"],
        world.updates()[0],
    )
    assert publication.operation_name.startswith("projects/demo-dev/locations/global/operations/")


def test_every_step_is_recorded_once(world: World) -> None:
    change = world.applied(make())
    types = list(
        AuditEvent.objects.filter(change_number=change.number, tenant_id=change.tenant_id)
        .order_by("pk")
        .values_list("type", flat=True)
    )
    assert types == [
        "change.submitted",
        "change.validated",
        "vote.cast",
        "change.approved",
        "publication.intended",
        "publication.sent",
        "publication.written",
        "publication.verified",
        "change.applied",
    ]


def test_foreign_labels_description_and_pem_text_of_what_stays_are_kept_verbatim(
    world: World,
) -> None:
    legacy = make_ca("Legacy")
    text = "# a remark of somebody\n" + legacy.pem.decode().replace("\n", "\r\n")
    world.add_trust_config(
        "legacy-clients", "payments", anchors=[text], labels={"team": "edge"}, description="by hand"
    )
    world.applied(make(), to="legacy-clients")
    live = world.live("legacy-clients")
    assert live["anchors"] == [text]
    assert live["labels"]["team"] == "edge"
    assert live["description"] == "by hand"


def test_changes_approved_together_are_one_write(world: World) -> None:
    changes = [world.submit(make(f"client-{n}")) for n in range(5)]
    for change in changes:
        _validate(world, change.pk)
    for change in changes:
        world.approve(change)
    world.work()
    assert {world.fresh(change).state for change in changes} == {"applied"}
    assert len(world.updates()) == 1


def test_twenty_changes_approved_while_a_write_is_under_way_cost_one_more_write(
    world: World,
) -> None:
    first = world.submit(make("first"))
    others = [world.submit(make(f"client-{n}")) for n in range(20)]
    for change in (first, *others):
        _validate(world, change.pk)
    world.emulator.operations.seconds = 3600
    world.approve(first)
    publish(trust_config_id=str(first.trust_config_id))
    assert Publication.objects.get().state == "sent"
    for change in others:
        world.approve(change)
    publish(trust_config_id=str(first.trust_config_id))
    _finish_operations(world)
    world.work()
    assert {world.fresh(change).state for change in (first, *others)} == {"applied"}
    assert len(world.updates()) == 2
    assert all(change.votes.count() == 1 for change in others)


def test_a_write_whose_answer_was_lost_is_found_by_reading_and_not_sent_again(world: World) -> None:
    world.emulator.faults.add(Fault(UPDATE, when="after", code="UNAVAILABLE"))
    change = world.applied(make())
    assert change.state == "applied"
    assert len(world.updates()) == 1
    assert Publication.objects.get().operation_name


def test_a_write_that_never_arrived_is_fenced_off_before_it_is_sent_anew(world: World) -> None:
    world.emulator.faults.add(Fault(UPDATE, when="before", code="DEADLINE_EXCEEDED"))
    change = world.applied(make())
    assert change.state == "applied"
    kinds = list(Publication.objects.order_by("revision").values_list("kind", "state"))
    assert kinds == [("changes", "voided"), ("fence", "verified"), ("changes", "verified")]


def test_a_change_in_an_unresolved_write_cannot_be_withdrawn(world: World) -> None:
    from approvals.errors import PublicationInProgress

    change = world.submit(make())
    world.work()
    world.emulator.faults.add(Fault(UPDATE, when="before", code="DEADLINE_EXCEEDED"))
    world.approve(change)
    publish(trust_config_id=str(change.trust_config_id))
    with pytest.raises(PublicationInProgress):
        withdraw.withdraw(
            actor=world.actor("sam"), tenant_id=change.tenant_id, number=change.number, reason=""
        )


def test_a_stale_etag_is_read_again_and_written_once(world: World) -> None:
    world.emulator.faults.add(Fault(UPDATE, when="before", code="ABORTED"))
    change = world.applied(make())
    assert change.state == "applied"
    assert len(world.updates()) == 1
    assert Publication.objects.filter(failure_code="cloud-conflict").count() == 1


def test_a_quota_is_waited_for_and_shown_as_waiting(world: World) -> None:
    change = world.submit(make())
    world.work()
    world.emulator.faults.add(
        Fault(UPDATE, when="before", code="RESOURCE_EXHAUSTED", message="Quota exceeded")
    )
    world.approve(change)
    publish(trust_config_id=str(change.trust_config_id))
    waiting = TrustConfig.objects.get(pk=change.trust_config_id)
    assert (waiting.waiting_code, world.fresh(change).held_code) == ("cloud-exhausted", "")
    shown = waiting_of(
        ChangeRequest.objects.select_related("trust_config__environment").get(pk=change.pk)
    )
    assert shown is not None and not shown.is_trouble
    world.work()
    assert world.fresh(change).state == "applied"


def test_what_google_refuses_by_name_is_held_and_the_others_go(world: World) -> None:
    good, bad = world.submit(make("good")), world.submit(make("bad"))
    for change in (good, bad):
        _validate(world, change.pk)
        world.approve(change)
    fingerprints = sorted(
        item.sha256_fingerprint for change in (good, bad) for item in change.items.all()
    )
    bad_one = bad.items.get().sha256_fingerprint
    field = f"trust_config.allowlisted_certificates[{fingerprints.index(bad_one)}].pem_certificate"
    world.emulator.faults.add(Fault(UPDATE, code="INVALID_ARGUMENT", field=field))
    world.work()
    assert world.fresh(good).state == "applied"
    assert (world.fresh(bad).state, world.fresh(bad).held_code) == ("approved", "cloud-rejected")


def test_a_refusal_stops_at_once_and_a_person_may_try_again(world: World) -> None:
    world.emulator.faults.add(
        Fault(
            UPDATE,
            code="PERMISSION_DENIED",
            message="certificatemanager.trustconfigs.update denied",
        )
    )
    change = world.applied(make())
    trust_config = world.trust_config()
    assert (change.state, change.held_code, trust_config.waiting_code) == (
        "approved",
        "",
        "cloud-denied",
    )
    assert trust_config.blocked_at is not None
    assert "trustconfigs.update" in trust_config.waiting_words
    assert "roles/certificatemanager.editor" in str(
        remedy(hindrance_of(trust_config), trust_config)
    )
    wake_trust_configs()
    world.work()
    assert (world.updates(), world.fresh(change).state) == ([], "approved")  # nothing by itself
    retry.retry(actor=world.actor("sam"), tenant_id=change.tenant_id, number=change.number)
    world.work()
    assert world.fresh(change).state == "applied"


@pytest.mark.parametrize(
    ("code", "state", "held"), [(3, "approved", "operation-failed"), (13, "applied", "")]
)
def test_an_operation_that_ends_in_an_error_is_held_or_tried_again_as_the_error_says(
    world: World, code: int, state: str, held: str
) -> None:
    change = world.submit(make())
    world.work()
    world.emulator.operations.seconds = 3600
    world.approve(change)
    publish(trust_config_id=str(change.trust_config_id))
    _finish_operations(world, error={"code": code, "message": "no"})
    world.emulator.operations.seconds = 0
    world.work()
    assert (world.fresh(change).state, world.fresh(change).held_code) == (state, held)
    assert len(world.live()["allowlisted"]) == (state == "applied")


def test_one_change_that_google_refuses_without_naming_it_is_found_and_the_others_go(
    world: World,
) -> None:
    """Google's words name no field: the batch is halved until the poison stands alone."""
    changes = [world.submit(make(f"c{number}")) for number in range(7)]
    poison = changes[4].items.get().sha256_fingerprint
    world.work()
    world.emulator.faults.add(Fault(UPDATE, code="INVALID_ARGUMENT", entry=poison, times=1000))
    for change in changes:
        world.approve(change)
    world.work()
    assert [world.fresh(change).state for change in changes] == ["applied"] * 4 + ["approved"] + [
        "applied"
    ] * 2
    assert world.fresh(changes[4]).held_code == "cloud-rejected"
    assert world.trust_config().batch_limit is not None


def test_the_project_that_does_not_answer_rests_and_another_goes_on(
    world: World, settings: Any
) -> None:
    settings.RPC_TIMEOUT_SECONDS = 0.3
    first, other = world.submit(make("first")), world.submit(make("second"), environment="prod")
    world.work()
    for reviewer in ("rita", "ravi"):
        world.approve(other, by=reviewer)
    world.emulator.faults.add(Fault("GetTrustConfig", kind="hang", times=3, project="demo-dev"))
    world.approve(first)
    publish(trust_config_id=str(first.trust_config_id))
    began = time.monotonic()
    publish(
        trust_config_id=str(first.trust_config_id)
    )  # at once: nobody waits for it again so soon
    assert time.monotonic() - began < 0.15
    assert "does not answer" in world.trust_config().waiting_words
    world.emulator.faults.clear()
    publish(trust_config_id=str(other.trust_config_id))
    assert world.live(environment="prod")["allowlisted"]


def test_the_portals_share_of_the_quota_is_never_exceeded(world: World, settings: Any) -> None:
    settings.WRITES_PER_MINUTE = 4  # and one at once
    changes = []
    for number in range(3):
        changes.append(world.submit(make(f"c{number}")))
        world.work()
        world.approve(changes[-1])
        publish(trust_config_id=str(changes[-1].trust_config_id))
        publish(trust_config_id=str(changes[-1].trust_config_id))
        publish(trust_config_id=str(changes[-1].trust_config_id))
    assert len(world.updates()) <= 2
    assert world.trust_config().waiting_code == "cloud-exhausted"
    assert world.fresh(changes[-1]).held_code == ""


def test_an_edit_right_after_our_write_is_drift_and_never_overwritten(world: World) -> None:
    change = world.submit(make("ours"))
    world.work()
    world.emulator.operations.seconds = 3600
    world.approve(change)
    publish(trust_config_id=str(change.trust_config_id))
    _finish_operations(world)
    publish(trust_config_id=str(change.trust_config_id))  # polls: written
    world.edit_live(allowlisted=[make("foreign").pem.decode()], labels={})
    world.work()
    assert (world.trust_config().state, world.fresh(change).held_code) == ("drifted", "overwritten")
    assert len(world.updates()) == 1


def test_a_read_back_that_still_shows_the_old_set_is_read_again_and_not_written_again(
    world: World, settings: Any
) -> None:
    settings.PROPAGATION_SECONDS = 60
    change = world.submit(make("ours"))
    world.work()
    world.emulator.operations.seconds = 3600
    world.approve(change)
    publish(trust_config_id=str(change.trust_config_id))
    _finish_operations(world)
    publish(trust_config_id=str(change.trust_config_id))
    now = world.live()
    world.edit_live(allowlisted=[], labels={})  # a stale replica answers
    publish(trust_config_id=str(change.trust_config_id))
    assert Publication.objects.get().state == "written"
    world.edit_live(allowlisted=now["allowlisted"], labels=now["labels"])
    world.work()
    assert (world.fresh(change).state, len(world.updates())) == ("applied", 1)


def test_an_operation_that_google_forgot_is_settled_by_reading(world: World) -> None:
    change = world.submit(make())
    world.work()
    world.approve(change)
    publish(trust_config_id=str(change.trust_config_id))
    with world.emulator.store.lock():
        world.emulator.operations.settle()
        for name, _body in world.emulator.store.all("operation"):
            world.emulator.store.delete("operation", name)
    world.work()
    assert (world.fresh(change).state, len(world.updates())) == ("applied", 1)


def test_a_worker_that_lost_its_lease_does_not_write(world: World) -> None:
    from approvals.publishing import intend
    from approvals.publishing.originals import Opened
    from certs.errors import LeaseLost
    from certs.trust_configs import publishing

    change = world.submit(make())
    world.work()
    world.approve(change)
    old = publications.acquire_lease(str(change.trust_config_id), "one")
    assert old is not None
    live = publishing.read_live(change.trust_config)
    TrustConfig.objects.filter(pk=change.trust_config_id).update(
        lease_until=timezone.now() - timedelta(seconds=1)
    )
    assert publications.acquire_lease(str(change.trust_config_id), "two") is not None
    with pytest.raises(LeaseLost):
        intend.intend_changes(old, live, [change], Opened(), {})
    assert not Publication.objects.exists()


def test_a_second_worker_waits_while_the_first_holds_the_lease(world: World) -> None:
    from jobs.registry import TryLater

    publications.acquire_lease(str(world.trust_config().pk), "one")
    with pytest.raises(TryLater):
        publish(trust_config_id=str(world.trust_config().pk))


def test_the_sealed_original_is_compared_with_what_was_voted_on(world: World) -> None:
    change = world.submit(make("one"))
    world.work()
    other = world.submit(make("two"))
    swapped = SealedCertificate.objects.get(change_id=other.pk)
    SealedCertificate.objects.filter(change_id=change.pk).update(sealed=swapped.sealed)
    world.approve(change)
    world.work()
    assert world.fresh(change).held_code == "wrong-original"
    assert world.updates() == []


def test_without_cloud_kms_additions_wait_and_a_removal_goes(world: World) -> None:
    trusted = make("trusted")
    world.applied(trusted)
    removal = world.submit(
        removed=[Removal(trusted.fingerprint, "allowlisted_certificate", "revoked")]
    )
    addition = world.submit(make("new"))
    for change in (removal, addition):
        _validate(world, change.pk)
        world.approve(change)
    _forget_vault_keys()
    world.emulator.faults.add(Fault("Decrypt", code="UNAVAILABLE", times=2))
    publish(trust_config_id=str(removal.trust_config_id))
    _finish_operations(world)
    publish(trust_config_id=str(removal.trust_config_id))
    publish(trust_config_id=str(removal.trust_config_id))
    assert (world.fresh(removal).state, world.fresh(addition).state) == ("applied", "approved")
    world.work()
    assert world.fresh(addition).state == "applied"


def test_a_job_that_everything_forgot_is_asked_for_again(world: World) -> None:
    from approvals.publishing.wake import wake_trust_configs

    change = world.submit(make())
    Job.objects.all().delete()
    wake_trust_configs()
    world.work()
    world.approve(change)
    Job.objects.all().delete()
    wake_trust_configs()
    world.work()
    assert world.fresh(change).state == "applied"


def test_an_approved_change_that_expired_meanwhile_goes_back_and_the_others_go(
    world: World, time_machine: Any
) -> None:
    from datetime import UTC, datetime, timedelta

    short = make("short", not_after=datetime.now(UTC) + timedelta(days=40))
    change, other = world.submit(short), world.submit(make("long"))
    for each in (change, other):
        _validate(world, each.pk)
        world.approve(each)
    time_machine.move_to(datetime.now(UTC) + timedelta(days=12))
    world.work()
    returned = world.fresh(change)
    assert (returned.state, returned.causes[0]["code"]) == ("validated", "returned-findings")
    assert world.fresh(other).state == "applied"
    assert not any(vote.change_digest == returned.change_digest for vote in returned.votes.all())


def _validate(world: World, change_id: int) -> None:
    from approvals.deciding.validate import validate

    validate(change_id=change_id)


def _finish_operations(world: World, error: dict[str, Any] | None = None) -> None:
    """What takes an hour ends now."""
    store = world.emulator.store
    with store.lock():
        for name, body in store.all("operation"):
            if not body["done"]:
                store.put("operation", name, {**body, "due": 0, "error": error})
        world.emulator.operations.settle()
    world.emulator.operations.seconds = 0


def _forget_vault_keys() -> None:
    from certs.vault import opening

    opening._cache.clear()
