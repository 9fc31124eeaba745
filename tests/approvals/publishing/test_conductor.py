"""The conductor's steps: nothing is sent or verified that should not be."""

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from approvals.publishing import conductor, intend
from approvals.publishing.conductor import publish
from audit.models import AuditEvent
from certs.models import Publication, TrustConfig
from certs.trust_configs import publications, publishing
from emulator.faults import Fault
from pages.changes.timeline import timeline_of
from tests.certificates import make
from tests.world import World


def _see(world: World, who: Any, change: Any) -> Any:
    return world.page(who).get(f"/t/payments/changes/{change.number}/").content.decode()


def written(world: World, **options: Any) -> Publication:
    """A write whose operation is done and whose read-back is still to come."""
    change = world.checked(make(), **options)
    world.approve(change)
    config = str(change.trust_config_id)
    for _ in range(6):
        publish(trust_config_id=config)
        publication = Publication.objects.order_by("-pk").first()
        if publication is not None and publication.state == Publication.State.WRITTEN:
            return publication
    raise AssertionError("the write did not come about")


def test_our_label_with_another_set_is_not_verified(world: World) -> None:
    publication = written(world)
    world.edit_live(allowlisted=[make("foreign").parsed.pem])
    publish(trust_config_id=str(publication.trust_config_id))
    publication.refresh_from_db()
    assert publication.state != Publication.State.VERIFIED
    assert publication.failure_code in {"", "read-back-differs"}


def test_our_set_under_another_label_is_not_verified(world: World) -> None:
    publication = written(world)
    world.edit_live(labels={"countersign-revision": "999-somebody"})
    publish(trust_config_id=str(publication.trust_config_id))
    publication.refresh_from_db()
    assert (publication.state, publication.failure_code) == ("failed", "overwritten")


def test_a_worker_whose_lease_ran_out_before_it_sends_sends_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped between the intent and the call, as a frozen process is."""
    change = world.checked(make())
    world.approve(change)
    intended = intend.intend_changes

    def frozen_afterwards(lease: Any, *arguments: Any, **options: Any) -> Publication | None:
        publication = intended(lease, *arguments, **options)
        TrustConfig.objects.update(fence=lease.fence + 1)  # another worker took it over
        return publication

    monkeypatch.setattr(intend, "intend_changes", frozen_afterwards)
    publish(trust_config_id=str(change.trust_config_id))
    assert world.updates() == []
    assert Publication.objects.get().state == "intended"


def test_no_intent_is_written_on_a_set_that_is_not_as_observed(world: World) -> None:
    change = world.checked(make())
    world.approve(change)
    config = world.trust_config()
    with transaction.atomic():
        lease = publications.acquire_lease(str(config.pk), "one")
    assert lease is not None
    world.edit_live(allowlisted=[make("foreign").parsed.pem])
    live = publishing.read_live(config)
    from approvals.publishing.originals import open_additions

    opened = open_additions([world.fresh(change)], live)
    due = [world.fresh(change)]
    assert intend.intend_changes(lease, live, due, opened, {}) is None
    assert intend.intend_fence(lease, live) is None
    assert not Publication.objects.exists()


def test_a_foreign_edit_between_read_and_write_is_not_overwritten(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The etag of the read guards the write; the intent that it left is settled by reading."""
    change = world.checked(make())
    world.approve(change)
    foreign = make("foreign")
    send = publishing.send

    def edited_before(*arguments: Any, **options: Any) -> str:
        world.edit_live(allowlisted=[foreign.parsed.pem])
        return send(*arguments, **options)

    monkeypatch.setattr(publishing, "send", edited_before)
    publish(trust_config_id=str(change.trust_config_id))
    assert world.live()["allowlisted"] == [foreign.parsed.pem]
    assert world.fresh(change).state == "approved"


def test_a_fence_that_google_fails_waits_before_the_next(world: World) -> None:
    change = world.submit(make())
    world.work()
    world.emulator.faults.add(Fault("UpdateTrustConfig", code="UNAVAILABLE"))
    world.approve(change)
    tc = str(change.trust_config_id)
    publish(trust_config_id=tc)
    world.emulator.operations.seconds = 3600
    publish(trust_config_id=tc)
    store = world.emulator.store
    with store.lock():
        for name, body in store.all("operation"):
            store.put(
                "operation",
                name,
                {**body, "due": 0, "error": {"code": 13, "message": "internal"}}
                if not body["done"]
                else body,
            )
        world.emulator.operations.settle()
    publish(trust_config_id=tc)
    waiting = TrustConfig.objects.get(pk=tc)
    assert (waiting.waiting_code, waiting.pause_count) == ("cloud-unavailable", 1)


def test_an_unexpected_fault_gives_the_lease_back(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    change = world.submit(make())
    world.work()
    world.approve(change)

    def broken(*_: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(publishing, "read_live", broken)
    with pytest.raises(ZeroDivisionError):
        publish(trust_config_id=str(change.trust_config_id))
    assert TrustConfig.objects.get(pk=change.trust_config_id).lease_until is None


def test_the_limit_of_a_batch_is_lifted_again(world: World) -> None:
    TrustConfig.objects.filter(name="payments-clients").update(batch_limit=900)
    c = world.applied(make("c"))
    assert (c.state, world.trust_config().batch_limit) == ("applied", None)


def test_googles_quota_is_a_wait_and_no_failure(world: World) -> None:
    change = world.submit(make("c"))
    world.work()
    world.emulator.faults.add(
        Fault("UpdateTrustConfig", code="RESOURCE_EXHAUSTED", message="Quota exceeded", times=2)
    )
    world.approve(change)
    world.work()
    assert world.fresh(change).state == "applied"
    assert [
        (moment.kind, str(moment.title))
        for moment in timeline_of(world.fresh(change))
        if "quota" in str(moment.title)
    ] == [("now", "Waited for Google's quota; nothing was written")] * 2
    assert "Writing failed" not in _see(world, "sam", change)
    assert AuditEvent.objects.filter(type="publication.postponed", result="ok").count() == 2
    assert not AuditEvent.objects.filter(type="publication.failed").exists()
    assert (
        "postponed"
        in world.page("sam")
        .get(f"/t/payments/trust-configs/{change.trust_config_id}/")
        .content.decode()
    )


def test_our_own_share_of_the_quota_leaves_no_trace_of_a_write(world: World, settings: Any) -> None:
    change = world.submit(make("c"))
    world.work()
    world.approve(change)
    settings.WRITES_PER_MINUTE = 1
    from certs.models import GoogleProject

    GoogleProject.objects.update(writes_at=timezone.now() + timedelta(minutes=5))
    publish(trust_config_id=str(change.trust_config_id))
    assert (world.trust_config().waiting_code, Publication.objects.count()) == (
        "cloud-exhausted",
        0,
    )


def test_where_google_refuses_the_worker_a_stray_job_writes_nothing(world: World) -> None:
    change = world.checked(make())
    world.approve(change)
    TrustConfig.objects.update(blocked_at=timezone.now())
    publish(trust_config_id=str(change.trust_config_id))
    assert world.updates() == []
    assert world.fresh(change).state == "approved"


def test_an_operation_that_runs_is_waited_for_although_its_intent_was_lost(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker died between the call and the note of the operation's name; Google still works at it."""
    change = world.checked(make())
    world.approve(change)
    world.write_begun(change)
    running = SimpleNamespace(is_done=False)
    monkeypatch.setattr(publishing, "operations_since", lambda *_: [running])
    settled: list[object] = []
    monkeypatch.setattr(conductor, "_settle_by_reading", lambda *args: settled.append(args))
    publish(trust_config_id=str(change.trust_config_id))
    assert settled == []
    running.is_done = True
    publish(trust_config_id=str(change.trust_config_id))
    assert len(settled) == 1


def test_what_stays_is_sent_verbatim_as_it_was_read(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where an original of the same certificate was opened: Google's own text stays as it is."""
    client = make("stays")
    world.applied(client)
    trust_config = world.trust_config()
    live = publishing.read_live(trust_config)
    (entry,) = live.entries
    odd = f"{live.pems[entry]}\n# as somebody wrote it\n"
    live = replace(live, pems={entry: odd})
    sent: list[str] = []

    def update(_name: str, *, entries: Any, **_options: Any) -> str:
        sent.extend(one.pem for one in entries)
        return "operation"

    double = SimpleNamespace(trust_configs=SimpleNamespace(update=update))
    monkeypatch.setattr(publishing, "clients", lambda: double)
    publication = SimpleNamespace(entry_set=frozenset({entry}), label="9-x")
    additions = {client.fingerprint: client.parsed.pem}
    publishing.send(trust_config, publication, live=live, additions=additions)
    assert sent == [odd]
