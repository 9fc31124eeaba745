"""Resolutions whose case has moved on end, except where one is being written."""

import pytest
from django.db import transaction

from approvals.steps.cases import end_stale_resolutions
from tests.certificates import make
from tests.world import COMMAND, World


@pytest.mark.parametrize(("is_being_written", "state"), [(True, "submitted"), (False, "rejected")])
def test_a_resolution_that_is_being_written_is_left_to_its_outcome(
    world: World, is_being_written: bool, state: str
) -> None:
    client = make("stays")
    world.applied(client, make("goes"))
    world.edited_outside(allowlisted=[client.parsed.pem])
    change = world.adopt()
    change.live_digest = "0" * 64  # its case shows another set by now
    change.save()
    if is_being_written:
        world.write_begun(change)
    with transaction.atomic():
        end_stale_resolutions(world.trust_config(), actor=COMMAND)
    assert world.fresh(change).state == state
