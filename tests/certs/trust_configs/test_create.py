"""New trust configs: asked for in the portal, made at Google once, whatever happens in between."""

import contextlib
from typing import Any

import pytest
from django.test import Client

from approvals.publishing import sweep
from certs.models import (
    TrustConfig,
)
from certs.trust_configs import ask, create
from certs.trust_configs import ask as ask_for_trust_config
from emulator.faults import Fault
from jobs.models import Job
from tenants.errors import BadValue, NotAllowed
from tests.certificates import make
from tests.world import World


def _ask(world: World, name: str = "new-clients", by: str = "paula", **options: Any) -> TrustConfig:
    values = {
        "environment_slug": "dev",
        "purpose": "mtls-client",
        "tenant_slugs": ["payments"],
        **options,
    }
    pk = ask.ask_for_trust_config(actor=world.actor(by), name=name, **values)
    return TrustConfig.objects.get(pk=pk)


def _created(world: World) -> int:
    return len(
        [call for call in world.emulator.faults.calls() if call["rpc"] == "CreateTrustConfig"]
    )


def _work(world: World) -> None:
    """Until nothing is due, however often a job asks to be called again."""
    for _ in range(8):
        Job.objects.filter(state="waiting").update(attempt_count=0)
        world.work()


def test_it_is_made_read_and_ready_for_changes(world: World) -> None:
    trust_config = _ask(world)
    _work(world)
    assert world.trust_config("new-clients").state == "ready"
    assert world.live("new-clients")["labels"] == {"countersign-revision": f"0-{trust_config.pk}"}
    assert _created(world) == 1
    assert world.applied(make(), to="new-clients").state == "applied"


@pytest.mark.parametrize(
    ("when", "kind"), [("before", "error"), ("after", "error"), ("after", "drop")]
)
def test_a_lost_answer_makes_no_second_one(world: World, when: str, kind: str) -> None:
    world.emulator.faults.add(Fault("CreateTrustConfig", when=when, kind=kind, code="UNAVAILABLE"))
    world.emulator.operations.seconds = 0.2
    _ask(world)
    import time

    for _ in range(6):
        _work(world)
        time.sleep(0.2)
    assert world.trust_config("new-clients").state == "ready"
    assert _created(world) == 1


def test_one_that_exists_already_is_not_taken_over_unasked(world: World) -> None:
    world.edit_live("new-clients", labels={})
    _ask(world)
    _work(world)
    found = world.trust_config("new-clients")
    assert (found.state, found.waiting_code) == ("unreadable", "name-taken")
    assert _created(world) == 0


def test_a_refusal_is_said_in_googles_words_and_may_be_asked_for_again(world: World) -> None:
    world.emulator.faults.add(
        Fault("CreateTrustConfig", code="PERMISSION_DENIED", message="trustconfigs.create denied")
    )
    _ask(world)
    _work(world)
    assert "trustconfigs.create denied" in world.trust_config("new-clients").waiting_words
    _ask(world)
    _work(world)
    assert world.trust_config("new-clients").state == "ready"


def test_a_quota_per_minute_is_waited_for_and_one_of_the_project_is_not(world: World) -> None:
    per_minute = Fault(
        "CreateTrustConfig",
        code="RESOURCE_EXHAUSTED",
        message="Quota exceeded.",
        reason="RATE_LIMIT_EXCEEDED",
    )
    world.emulator.faults.add(per_minute)
    _ask(world)
    _work(world)
    assert world.trust_config("new-clients").state == "ready"
    world.emulator.faults.add(
        Fault("CreateTrustConfig", code="RESOURCE_EXHAUSTED", message="No room for another.")
    )
    _ask(world, name="one-more")
    _work(world)
    refused = world.trust_config("one-more")
    assert (refused.state, refused.waiting_code) == ("unreadable", "cloud-exhausted")


def test_the_five_of_a_project_are_counted_before_google_refuses(world: World) -> None:
    for number in range(2):
        world.edit_live(f"stranger-{number}", labels={})  # three are the world's own
    sweep.sweep(environment_id=world.trust_config().environment_id)
    assert ask.room_in(world.trust_config().environment) == (5, 5)
    with pytest.raises(BadValue, match="5 of 5"):
        _ask(world)
    with pytest.raises(BadValue, match="already"):
        _ask(world, name="payments-clients", environment_slug="prod")
    page = Client()
    page.force_login(world.user("paula"))
    assert b"5 / 5" in b" ".join(page.get("/trust-configs/new/").content.split())


@pytest.mark.parametrize("name", ["1abc", "abc-", "Abc", "a_b", "a" * 64, ""])
def test_the_name_follows_googles_rules(world: World, name: str) -> None:
    with pytest.raises(Exception, match="lower-case"):
        _ask(world, name=name)
    page = Client()
    page.force_login(world.user("paula"))
    form = {"environment": "dev", "name": name, "purpose": "mtls-client", "custodian": "payments"}
    assert page.post("/trust-configs/new/", form).status_code == 422


def test_only_platform_admins_ask(world: World) -> None:
    with pytest.raises(NotAllowed):
        _ask(world, by="tom")


def test_the_page_asks_and_shows_that_it_is_being_made(world: World) -> None:
    page = Client()
    page.force_login(world.user("paula"))
    form = {
        "environment": "dev",
        "name": "new-clients",
        "purpose": "mtls-client",
        "custodian": "payments",
        "tenants": ["logistics", "payments"],
    }
    answer = page.post("/trust-configs/new/", form)
    assert answer.status_code == 302
    made = TrustConfig.objects.get(name="new-clients")
    assert (made.custodian.slug, made.tenants.count()) == ("payments", 2)
    assert b"Being made at Google" in page.get(answer["Location"]).content
    create.create(
        trust_config_id=str(world.trust_config().pk)
    )  # one that is not being made is left alone
    assert world.trust_config().state == "ready"


def test_a_stale_read_makes_no_second_trust_config(world: World) -> None:
    from certs.trust_configs import ask, create
    from jobs.registry import TryLater

    tc = ask.ask_for_trust_config(
        actor=world.actor("paula"),
        environment_slug="dev",
        name="brand-new",
        purpose="mtls-client",
        tenant_slugs=["payments"],
    )
    with pytest.raises(TryLater):
        create.create(trust_config_id=tc)
    world.emulator.faults.add(Fault("GetTrustConfig", code="NOT_FOUND", times=1))
    with contextlib.suppress(Exception):
        create.create(trust_config_id=tc)
    t = TrustConfig.objects.get(pk=tc)
    assert t.state != "unreadable"


def test_a_trust_config_that_google_does_not_make_is_tried_again_on_its_page(world: World) -> None:
    world.emulator.faults.add(
        Fault("CreateTrustConfig", code="PERMISSION_DENIED", message="trustconfigs.create denied")
    )
    pk = ask_for_trust_config.ask_for_trust_config(
        actor=world.actor("paula"),
        environment_slug="dev",
        name="new-clients",
        purpose="mtls-client",
        tenant_slugs=["payments"],
    )
    world.work()
    page = world.page("paula")
    text = page.get(f"/t/payments/trust-configs/{pk}/").content.decode()
    assert (
        "trustconfigs.create denied" in text
        and "certificatemanager.editor" in text
        and "Try again" in text
    )
    page.post(f"/t/payments/trust-configs/{pk}/retry/")
    world.work()
    assert TrustConfig.objects.get(pk=pk).state == "ready"
    assert sum(call["rpc"] == "CreateTrustConfig" for call in world.emulator.faults.calls()) >= 1
