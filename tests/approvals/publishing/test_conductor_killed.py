"""A real worker process killed with ``kill -9`` at each act of a publication: nothing is lost, nothing is written twice."""

import pytest

from approvals.models import ChangeRequest
from certs.models import Publication
from emulator.faults import Fault
from tests.certificates import make
from tests.stack import Stack
from tests.world import World

ACTS = {
    "reading live": Fault("GetTrustConfig", kind="hang"),
    "opening the original": Fault("Decrypt", kind="hang"),
    "after the intent, before the write": Fault("UpdateTrustConfig", kind="hang"),
    "after the write, before its operation is stored": Fault(
        "UpdateTrustConfig", when="after", kind="hang"
    ),
    "polling the operation": Fault("GetOperation", kind="hang"),
    "reading back": Fault("GetTrustConfig", kind="hang", skip=1),
}


def _applied(change: ChangeRequest) -> bool:
    return ChangeRequest.objects.get(pk=change.pk).state == "applied"


@pytest.mark.parametrize("act", ACTS)
def test_a_worker_killed_at_any_act_loses_nothing_and_writes_nothing_twice(
    committed_world: World, processes: Stack, act: str
) -> None:
    world, emulator = committed_world, committed_world.emulator
    emulator.operations.seconds = 0.5
    client = make()
    change = world.submit(client)
    processes.wait_until(lambda: world.fresh(change).state == "validated")
    fault = ACTS[act]
    if fault.rpc == "Decrypt":  # a fresh worker has no vault key in memory yet, and must ask for it
        processes.kill_worker()
        processes.start_worker()
    emulator.faults.add(
        Fault(
            fault.rpc,
            when=fault.when,
            kind="hang",
            skip=fault.skip,
            project="demo-dev" if fault.rpc != "Decrypt" else "",
        )
    )
    world.approve(change)
    processes.wait_until(lambda: not emulator.faults.waiting())
    processes.kill_worker()
    processes.start_worker()
    processes.wait_until(lambda: _applied(change))
    written = [
        label
        for label in world.updates()
        if Publication.objects.get(pk=label.split("-", 1)[1]).kind == "changes"
    ]
    assert len(written) == 1
    assert world.live()["allowlisted"] == [client.parsed.pem]
    assert Publication.objects.filter(state="verified", kind="changes").count() == 1


def test_a_flushed_broker_and_a_killed_worker_lose_no_change(
    committed_world: World, processes: Stack, broker: str
) -> None:
    """Messages are doorbells: the rows find their way without them."""
    world = committed_world
    processes.kill_worker()
    change = world.submit(make())
    _empty(broker, processes)
    processes.start_worker()
    processes.wait_until(lambda: world.fresh(change).state == "validated")
    processes.kill_worker()
    world.approve(change)
    _empty(broker, processes)
    processes.start_worker()
    processes.wait_until(lambda: _applied(change))
    assert len(world.updates()) == 1


def _empty(broker: str, processes: Stack) -> None:
    if broker.startswith("redis"):
        import redis

        redis.Redis.from_url(broker).flushdb()
    else:
        for message in (processes.folder / "broker" / "queue").glob("*.msg"):
            message.unlink(missing_ok=True)
