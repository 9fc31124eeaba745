"""The short form of ``make faults``: some seeds of the random schedules. The long form and the processes are started by it."""

import os

from tests.faults.simulation import run_seeds
from tests.world import World

SEEDS = range(
    int(os.environ.get("FAULT_SEEDS_FROM", "0")),
    int(os.environ.get("FAULT_SEEDS_FROM", "0")) + int(os.environ.get("FAULT_SEEDS", "6")),
)


def test_random_schedules_leave_everything_settled(world: World) -> None:
    said: list[str] = []
    failed = run_seeds(world, SEEDS, say=said.append)
    assert failed == {}, "\n".join(said)
