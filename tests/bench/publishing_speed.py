"""How fast trust configs are planned and written: calls per coalesced change, overhead over Google's own time, many at once."""

import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.certificates import ec_key, make, make_ca

OPERATION_SECONDS = 5.0
MANY = 50


def planning() -> None:
    """A change judged and planned on top of what a trust config holds, and the digest of the whole set."""
    plans = [_plan(count) for count in (70, 700)]
    rounds = [
        [_fastest(plan) for plan in plans] for _ in range(10)
    ]  # in turns, since the machine's own speed changes
    small, large = (min(times) for times in zip(*rounds, strict=True))
    print(
        f"{'planning on 700 entries over 70':<45} {large / small:.1f} × (≤ 12), {large * 1000:.0f} ms"
    )


def _plan(count: int) -> Callable[[], None]:
    from pki.estate import Estate
    from pki.plan import Action, Entry, Holding, Step, apply_steps, entries_of, revision_digest
    from pki.roles import Purpose, TrustRole
    from pki.rules import judge

    key = ec_key()
    authorities = [make_ca(f"CA {number}", key=key) for number in range(count * 2 // 7)]
    leaves = [make(f"client {number}", key=key) for number in range(count - len(authorities))]
    facts = {one.fingerprint: one.parsed.facts for one in [*authorities, *leaves]}
    roles = {one.fingerprint: TrustRole.TRUST_ANCHOR for one in authorities} | {
        one.fingerprint: TrustRole.ALLOWLISTED for one in leaves
    }
    holdings = frozenset(
        Holding(1, Entry(role, fingerprint)) for fingerprint, role in roles.items()
    )
    new = make("new", key=key)
    steps, known = (
        [Step(Action.ADD, Entry(TrustRole.ALLOWLISTED, new.fingerprint))],
        facts | {new.fingerprint: new.parsed.facts},
    )

    def plan() -> None:
        judge(Estate("–", Purpose.MTLS_CLIENT, holdings, known), 1, steps, at=datetime.now(UTC))
        revision_digest(entries_of(apply_steps(holdings, 1, steps)))

    return plan


def coalescing(world: Any) -> None:
    """A hundred changes, ninety-nine of them approved while the first is being written."""
    from approvals.publishing.conductor import publish

    emulator = world.emulator
    trust_config = world.add_trust_config("bench-coalescing", "payments")
    changes = [world.submit(make(f"c{number}"), to="bench-coalescing") for number in range(100)]
    world.work(limit=2_000)
    emulator.operations.seconds = 0.3
    emulator.faults.clear_calls()
    world.approve(changes[0])
    publish(trust_config_id=str(trust_config.pk))
    for change in changes[1:]:
        world.approve(change)
    while any(world.fresh(change).state != "applied" for change in changes):
        publish(trust_config_id=str(trust_config.pk))
    calls = Counter(call["rpc"] for call in emulator.faults.calls())
    reads = calls["GetTrustConfig"] + calls["ListTrustConfigs"] + calls["ListOperations"]
    print(
        f"{'100 coalesced changes':<45} {calls['UpdateTrustConfig']} writes (≤ 2), {reads} reads (≤ 6), {calls['GetOperation']} polls"
    )
    emulator.operations.seconds = 0


@contextmanager
def _processes(world: Any, broker: str, workers: int) -> Iterator[Any]:
    from tests.stack import Stack

    with tempfile.TemporaryDirectory() as folder:
        stack = Stack(Path(folder), world.emulator, broker)
        for number in range(workers):
            stack.start_worker(f"worker-{number}")
        stack.start_beat()
        try:
            yield stack
        finally:
            stack.stop()


def one_change(world: Any, name: str, broker: str, limit: float) -> float:
    """Approval to verified, by real processes, over the operation's own time."""
    with _processes(world, broker, workers=1) as stack:
        took = []
        for number in range(4):
            world.emulator.operations.seconds = 0
            change = world.submit(make(f"{name}-{number}"))
            stack.wait_until(
                lambda change=change: world.fresh(change).state == "validated", seconds=60
            )
            world.emulator.operations.seconds = OPERATION_SECONDS
            began = time.perf_counter()
            world.approve(change)
            stack.wait_until(
                lambda change=change: world.fresh(change).state == "applied", seconds=60
            )
            took.append(time.perf_counter() - began)
    world.emulator.operations.seconds = 0
    found = statistics.median(took[1:])
    print(
        f"{f'approval to verified, {name}':<45} {found:.2f} s = {found / OPERATION_SECONDS:.2f} × the operation of {OPERATION_SECONDS:.0f} s (≤ {limit})"
    )
    return found


def many_at_once(world: Any, broker: str, one: float) -> None:
    """Fifty trust configs by two workers: operations run side by side at Google, and no worker waits inside one."""
    names = [f"bench-{number}" for number in range(MANY)]
    for name in names:
        world.add_trust_config(name, "payments")
    changes = [world.submit(make(name), to=name) for name in names]
    world.work(limit=5_000)
    world.emulator.operations.seconds = OPERATION_SECONDS
    with _processes(world, broker, workers=2) as stack:
        warm = world.submit(make("warm"))
        stack.wait_until(lambda: world.fresh(warm).state == "validated", seconds=60)
        began = time.perf_counter()
        for change in changes:
            world.approve(change)
        stack.wait_until(
            lambda: all(world.fresh(change).state == "applied" for change in changes), seconds=300
        )
        took = time.perf_counter() - began
    world.emulator.operations.seconds = 0
    print(
        f"{f'{MANY} trust configs at once, 2 workers':<45} {took:.1f} s = {took / one:.1f} × the time of one (≤ 3)"
    )


def _fastest(act: Callable[[], object], times: int = 5) -> float:
    found = []
    for _ in range(times):
        began = time.perf_counter()
        act()
        found.append(time.perf_counter() - began)
    return min(found)
