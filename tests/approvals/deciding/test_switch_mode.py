"""The second person confirms exactly the switch that the page showed."""

import pytest
from django.utils import timezone

from approvals.deciding import switch_mode
from pki.policy import Policy, SelfService
from tenants.errors import StaleDecision
from tenants.flows import policies as policy_flow
from tenants.models import ModeSwitch
from tests.world import World


def proposed(world: World) -> ModeSwitch:
    switch_mode.propose(
        actor=world.actor("paula"),
        tenant_id=world.tenant().pk,
        reason="They know what they do.",
        limits=switch_mode.Limits(item_count=50),
    )
    return ModeSwitch.objects.select_related("tenant").get(state="proposed")


def confirm(world: World, switch: ModeSwitch, digest: str) -> None:
    switch_mode.decide(
        actor=world.actor("rita"),
        tenant_id=switch.tenant_id,
        switch_id=switch.pk,
        digest=digest,
        is_confirmed=True,
    )


def test_a_ceiling_that_moved_meanwhile_makes_it_stale(world: World) -> None:
    switch = proposed(world)
    shown = switch_mode.shown_digest(switch, timezone.now())
    policy_flow.propose(
        actor=world.actor("paula"),
        tenant_id=None,
        policy=Policy(self_service=SelfService(item_count=1)),
        effective_from=None,
        reason="Less by itself.",
    )
    with pytest.raises(StaleDecision):
        confirm(world, switch, shown)
    assert world.tenant().mode == "platform_managed"
    confirm(world, switch, switch_mode.shown_digest(switch, timezone.now()))
    assert world.tenant().mode == "self_service"


def test_a_stale_confirmation_is_refused_and_shown_again(world: World) -> None:
    switch = proposed(world)
    page = world.page("rita")
    url = f"/t/payments/mode/{switch.pk}/decide/"
    answer = page.post(url, {"decision": "confirm", "digest": "0" * 64}, follow=True)
    assert "is not what the page showed" in answer.content.decode()
    assert world.tenant().mode == "platform_managed"
    digest = answer.context["proposed_digest"]
    page.post(url, {"decision": "confirm", "digest": digest})
    assert world.tenant().mode == "self_service"
