"""Registration survives stops and failed reads."""

from typing import Any

import pytest

from approvals.publishing.wake import wake_trust_configs
from certs.models import TrustConfig, TrustEntry
from certs.trust_configs import publishing, register
from emulator.faults import Fault
from tests.certificates import make
from tests.world import COMMAND, World, sweep_environment


def test_a_new_trust_config_survives_a_failed_first_read(world: World) -> None:
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
    world.emulator.faults.add(Fault("GetTrustConfig", code="INTERNAL", skip=1, times=1))
    world.work()
    wake_trust_configs()
    world.work()
    sweep_environment(world)
    world.work()
    t = TrustConfig.objects.get(pk=tc)
    assert t.state == "ready"


def test_a_worker_that_was_stopped_does_not_register_a_second_time(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> Any:

    world.edit_live("late", allowlisted=[])
    pk = register.name_trust_config(
        actor=COMMAND,
        environment_slug="dev",
        name="late",
        purpose="mtls-client",
        tenant_slugs=["payments"],
    )
    real = publishing.read_live
    done = []

    def stopped(trust_config: Any) -> Any:
        live = real(trust_config)
        if not done:
            done.append(1)
            register.read_first(trust_config_id=pk)  # meanwhile another worker
            c = make("c")
            done.append(c)
            assert world.applied(c, to="late").state == "applied"
        return live

    monkeypatch.setattr(register, "read_live", stopped)
    register.read_first(trust_config_id=pk)
    assert TrustEntry.objects.open().filter(trust_config_id=pk).count() == 1
    assert len(TrustConfig.objects.get(pk=pk).observed) == 1
