"""The conductor's steps: nothing is sent or verified that should not be."""

from typing import Any

import pytest
from django.db import transaction

from approvals.publishing import conductor, intend
from approvals.publishing.conductor import publish
from certs.models import Publication, TrustConfig
from certs.trust_configs import publications, publishing
from tests.certificates import make
from tests.world import World


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

    monkeypatch.setattr(conductor.intend, "intend_changes", frozen_afterwards)
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
