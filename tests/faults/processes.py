"""Real processes meet each fault at each act of a publication: worker and beat, a broker and a database of their own kind.

The act is held open by a delay in the emulator; in that moment the fault strikes. Then nobody acts, and everything must
come to rest by itself: ``invariants.py`` says what that means.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone

from approvals.asking import resolve_drift
from approvals.deciding import vote
from approvals.models import ChangeRequest
from audit.events import command
from certs.models import TrustConfig
from certs.trust_configs.drift import open_case
from certs.trust_configs.live import LABEL
from emulator.faults import Fault
from emulator.switches import switches
from jobs import heartbeat
from jobs.models import Job
from jobs.queue import ring
from pki.plan import revision_digest
from tenants.errors import NotAllowed
from tests.certificates import make
from tests.faults.invariants import broken
from tests.stack import ROOT, Stack, database_url, free_port
from tests.world import World

HELD = 1.2  # seconds for which an act is held open
PROJECT = "demo-dev"
# Where a publication can be caught: the call that is held, before or after its effect, and how many pass first.
ACTS: dict[str, Fault] = {
    "begin": Fault("GetTrustConfig"),
    "open": Fault("Decrypt"),
    "read": Fault("GetTrustConfig", when="after"),
    "update": Fault("UpdateTrustConfig"),
    "stored": Fault("UpdateTrustConfig", when="after"),
    "poll": Fault("GetOperation"),
    "read back": Fault("GetTrustConfig", skip=1),
    "finish": Fault("GetTrustConfig", when="after", skip=1),
}


class Left(Exception):
    """This machine lacks what the case needs; the sentence says what."""


@dataclass
class Case:
    """One fault at one act; ``strike`` happens while the act is held open."""

    fault: str
    strike: Callable[["Rig"], None]
    acts: tuple[str, ...] = tuple(ACTS)
    before: Callable[["Rig", str], None] | None = None
    after: Callable[["Rig"], None] | None = None
    is_held: bool = True
    updates: int | None = 1
    outcome: str = "applied"
    clock_seconds: int = 0  # by how much the worker's clock is wrong
    why: str = ""  # the fault does not apply to the other acts


class Broker:
    """A Redis of the test's own, so that it can be stopped, paused and emptied."""

    def __init__(self, folder: Path) -> None:
        if shutil.which("redis-server") is None:
            raise Left("redis-server is not installed")
        self.port, self.folder = free_port(), folder
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.start()

    def start(self) -> None:
        command = [
            "redis-server",
            "--port",
            str(self.port),
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--appendonly",
            "no",
            "--dir",
            str(self.folder),
        ]
        self.process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        until = time.monotonic() + 10
        while time.monotonic() < until:
            with suppress(Exception):
                self.client.ping()
                return
            time.sleep(0.05)
        raise AssertionError("Redis did not start")

    @property
    def client(self) -> Any:
        import redis

        return redis.Redis.from_url(self.url, socket_connect_timeout=1, socket_timeout=2)

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()

    def signal(self, number: int) -> None:
        self.process.send_signal(number)


class Rig:
    """The world of the tests with processes around it; each case gets a trust config of its own."""

    def __init__(self, world: World, folder: Path) -> None:
        self.world, self.folder = world, folder
        self.broker = Broker(folder)
        self.stack = Stack(folder, world.emulator, self.broker.url)
        self.stack.environment |= {
            "OPERATION_SECONDS": "6",
            "PROPAGATION_SECONDS": "8",
            "DRIFT_MINUTES": "1",
            "CELERY_LOGLEVEL": "ERROR",
        }
        self.case_count = self.restarts = 0
        self.others: list[ChangeRequest] = []

    def start(self) -> None:
        self.stack.start_worker()
        self.stack.start_beat()

    def stop(self) -> None:
        self.stack.stop()
        self.broker.stop()

    # --- one case
    def run(self, case: Case, act: str) -> str:
        """What came of it: applied after so many seconds, or what does not hold."""
        if not case.clock_seconds:
            return self._run(case, act)
        if connection.vendor != "postgresql":
            raise Left("needs PostgreSQL, whose clock is not the worker's")
        right = self.stack.celery
        self.stack.celery = ("-m", "tests.faults.wrong_clock", str(case.clock_seconds))
        try:
            self.restart_worker()
            return self._run(case, act)
        finally:
            self.stack.celery = right
            self.restart_worker()

    def _run(self, case: Case, act: str) -> str:
        emulator = self.world.emulator
        emulator.faults.clear()
        emulator.faults.clear_calls()
        switches.reset()
        self.case_count += 1
        self.name = f"fault-{self.case_count}"
        self.world.edit_live(self.name)
        from certs.trust_configs import register

        register.name_trust_config(
            actor=_ME,
            environment_slug="dev",
            name=self.name,
            purpose="mtls-client",
            tenant_slugs=["payments"],
        )
        self.stack.wait_until(
            lambda: self._is_supervised() and self.trust_config.state == "ready", seconds=40
        )
        emulator.operations.seconds = 0.4
        self.change = self.world.submit(make(self.name), to=self.name)
        self.stack.wait_until(
            lambda: self._is_supervised() and self.fresh.state == "validated", seconds=40
        )
        if case.before:
            case.before(self, act)
        self._strike_at(case, act)
        began = time.monotonic()
        try:
            self.stack.wait_until(
                lambda: (
                    self._is_supervised()
                    and (self.fresh.state == case.outcome or self._waits_with_a_reason(case))
                ),
                seconds=90,
            )
        except AssertionError:
            waiting = self.trust_config
            return f"NOT SETTLED: {self.fresh.state}, {waiting.state} {waiting.waiting_code} {waiting.waiting_words[:80]}"
        if case.after:
            case.after(self)
        took = time.monotonic() - began
        self._wait_for_rest()
        found = broken(emulator, self.trust_config.pk)
        updates = len(
            [
                call
                for call in emulator.faults.calls()
                if call["rpc"] == "UpdateTrustConfig" and call["resource"].endswith(f"/{self.name}")
            ]
        )
        if case.updates is not None and updates > case.updates + self._fences():
            found.append(f"{updates} writes")
        restarted, self.restarts = self.restarts, 0
        supervised = f", {restarted} × restarted by the supervisor" if restarted else ""
        return (
            "BROKEN: " + "; ".join(found)
            if found
            else f"{self.fresh.state} in {took:.1f} s, {updates} write{'s' * (updates != 1)}{supervised}"
        )

    def _strike_at(self, case: Case, act: str) -> None:
        place = ACTS[act]
        if case.is_held:
            if act == "open":  # a fresh worker has no vault key in memory, and must ask Cloud KMS
                self.restart_worker()
            project = PROJECT if place.rpc != "Decrypt" else ""
            self.world.emulator.faults.add(
                Fault(
                    place.rpc,
                    when=place.when,
                    kind="delay",
                    seconds=HELD,
                    skip=place.skip,
                    project=project,
                )
            )
        self.approve()
        if case.is_held:
            self.stack.wait_until(
                lambda: (
                    not [f for f in self.world.emulator.faults.waiting() if f["kind"] == "delay"]
                ),
                seconds=30,
            )
        case.strike(self)

    def _is_supervised(self) -> bool:
        """What docker-compose.yml does with ``restart: unless-stopped``: Celery dies of a Redis that goes away in mid-task (celery#8091)."""
        for name, start in (("worker", self.stack.start_worker), ("beat", self.stack.start_beat)):
            process = self.stack.processes.get(name)
            if process is not None and process.poll() is not None:
                self.restarts += 1
                start()
        return True

    def approve(self) -> None:
        vote.approve(
            actor=self.world.actor("rita"),
            tenant_id=self.change.tenant_id,
            number=self.change.number,
            digest=self.fresh.change_digest,
            comment="",
        )

    def _waits_with_a_reason(self, case: Case) -> bool:
        trust_config = self.trust_config
        return case.outcome == "waits" and bool(
            trust_config.blocked_at or self.fresh.held_code or open_case(trust_config)
        )

    def _wait_for_rest(self) -> None:
        """Until no write of this trust config is under way."""
        from certs.models import Publication

        self.stack.wait_until(
            lambda: (
                self._is_supervised()
                and not Publication.objects.unresolved(self.trust_config.pk).exists()
            ),
            seconds=60,
        )

    def _fences(self) -> int:
        return self.trust_config.publications.filter(kind="fence").count()

    @property
    def trust_config(self) -> TrustConfig:
        return TrustConfig.objects.select_related("environment").get(name=self.name)

    @property
    def fresh(self) -> ChangeRequest:
        return ChangeRequest.objects.get(pk=self.change.pk)

    # --- what strikes
    def restart_worker(self) -> None:
        self.stack.kill_worker()
        self.stack.start_worker()

    def signal_worker(self, number: int) -> None:
        os.killpg(self.stack.processes["worker"].pid, number)


_ME = command("faults")


def _nothing(_rig: Rig) -> None:
    """The fault was ordered beforehand."""


def _redis_down(rig: Rig) -> None:
    rig.broker.stop()
    time.sleep(1.5)
    rig.broker.start()


def _redis_paused(rig: Rig) -> None:
    rig.broker.signal(signal.SIGSTOP)
    time.sleep(2)
    rig.broker.signal(signal.SIGCONT)


def _redis_emptied(rig: Rig) -> None:
    rig.broker.client.flushall()


def _redis_refuses_writes(rig: Rig) -> None:
    rig.broker.client.config_set("min-replicas-to-write", 1)
    time.sleep(1.5)
    rig.broker.client.config_set("min-replicas-to-write", 0)


def _web_dies_after_its_commit(rig: Rig) -> None:
    """The approval is committed by a process that is killed before it rings the broker."""
    code = (
        "import os, django; django.setup()\n"
        "from jobs import queue\n"
        "queue.ring = lambda *a: os.kill(os.getpid(), 9)\n"
        "from approvals.deciding import vote\nfrom approvals.models import ChangeRequest\nfrom audit.events import Actor\n"
        f"c = ChangeRequest.objects.get(pk={rig.change.pk})\n"
        f"a = Actor('person', '{rig.world.user('rita').pk}', 'Rita', 'rita@example.com')\n"
        "vote.approve(actor=a, tenant_id=c.tenant_id, number=c.number, digest=c.change_digest, comment='')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**rig.stack.environment, "DATABASE_URL": database_url()},
        capture_output=True,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()[-500:]


def _worker_killed(rig: Rig) -> None:
    rig.restart_worker()


def _delivered_thrice(rig: Rig) -> None:
    for job in Job.objects.filter(kind="publish", subject_id=str(rig.trust_config.pk)).exclude(
        state="done"
    ):
        for _ in range(3):
            ring(job.pk, job.queue)


def _worker_stopped(rig: Rig) -> None:
    """Longer than its lease; another worker takes over meanwhile, and then the first one wakes up."""
    rig.signal_worker(signal.SIGSTOP)
    stopped = rig.stack.processes.pop("worker")
    rig.stack.start_worker()
    time.sleep(6)
    os.killpg(stopped.pid, signal.SIGCONT)
    time.sleep(2)
    os.killpg(stopped.pid, signal.SIGKILL)
    stopped.wait()


def _order(**options: Any) -> Callable[[Rig, str], None]:
    """Orders a fault for the act's own call."""

    def order(rig: Rig, act: str) -> None:
        place = ACTS[act]
        if act == "open":
            rig.restart_worker()
        values = {
            "when": place.when,
            "skip": place.skip,
            "project": PROJECT if place.rpc != "Decrypt" else "",
            **options,
        }
        rig.world.emulator.faults.add(Fault(place.rpc, **values))

    return order


def _order_update(**options: Any) -> Callable[[Rig, str], None]:
    def order(rig: Rig, _act: str) -> None:
        rig.world.emulator.faults.add(Fault("UpdateTrustConfig", project=PROJECT, **options))

    return order


def _order_stale_reads(rig: Rig, _act: str) -> None:
    rig.world.emulator.faults.add(
        Fault("GetTrustConfig", kind="stale", skip=1, times=4, project=PROJECT)
    )


def _etag_ignores_labels(rig: Rig, _act: str) -> None:
    """A→B→A: the content returns to what it was, and so does the etag."""
    switches.etag_covers_labels = False


def _foreign_edit(rig: Rig) -> None:
    body = rig.world.live(rig.name)
    rig.world.edit_live(
        rig.name,
        allowlisted=[*body["allowlisted"], make("foreign").parsed.pem],
        labels={**body["labels"], "by": "hand"},
    )


def _older_database(rig: Rig) -> None:
    """As after a restore: Google carries what a later revision wrote, of which the database knows nothing."""
    body = rig.world.live(rig.name)
    rig.world.edit_live(
        rig.name,
        allowlisted=[*body["allowlisted"], make("later").parsed.pem],
        labels={**body["labels"], LABEL: f"9-{uuid.uuid4()}"},
    )


def _admin_puts_back(rig: Rig) -> None:
    """A reviewer may not: whether a database was restored is for an admin of the platform to say."""
    case = open_case(rig.trust_config)
    assert case is not None and case.unknown_revision == 9
    with suppress(NotAllowed):
        _put_back(rig, by="ravi")
        raise AssertionError("a reviewer resolved it")
    _put_back(rig, by="paula")


def _put_back(rig: Rig, by: str = "ravi") -> None:
    """The recorded choice without which nothing may be overwritten."""
    from approvals.deciding import retry

    case = open_case(rig.trust_config)
    assert case is not None, "the foreign edit was overwritten in silence"
    where = {
        "actor": rig.world.actor(by),
        "tenant_id": rig.change.tenant_id,
        "trust_config_id": str(rig.trust_config.pk),
    }
    slug, number = resolve_drift.put_back(
        **where, digest=revision_digest(case.entry_set), reason="x", typed_name=rig.name
    )
    resolution = rig.world.change(number, slug)
    rig.stack.wait_until(lambda: rig.world.fresh(resolution).state != "submitted", seconds=40)
    if (checked := rig.world.fresh(resolution)).state == "validated":
        vote.approve(
            actor=rig.world.actor("rita"),
            tenant_id=checked.tenant_id,
            number=checked.number,
            digest=checked.change_digest,
            comment="",
        )
    rig.stack.wait_until(lambda: rig.trust_config.state == "ready", seconds=40)
    if rig.fresh.held_code:
        retry.retry(
            actor=rig.world.actor("sam"), tenant_id=rig.change.tenant_id, number=rig.change.number
        )
    rig.stack.wait_until(lambda: rig.fresh.state == "applied", seconds=40)


def _poison_among_others(rig: Rig, _act: str) -> None:
    """Eleven more changes in the same writes; Google refuses whatever holds the twelfth, and names nothing."""
    poison = rig.change.items.get().sha256_fingerprint
    rig.world.emulator.faults.add(
        Fault("UpdateTrustConfig", project=PROJECT, code="INVALID_ARGUMENT", times=99, entry=poison)
    )
    rig.others = [
        rig.world.submit(make(f"{rig.name}-{number}"), to=rig.name) for number in range(11)
    ]
    for change in _others_when(rig, "validated"):
        digest = change.change_digest
        vote.approve(
            actor=rig.world.actor("rita"),
            tenant_id=change.tenant_id,
            number=change.number,
            digest=digest,
            comment="",
        )


def _others_are_applied(rig: Rig) -> None:
    _others_when(rig, "applied")


def _others_when(rig: Rig, state: str) -> QuerySet[ChangeRequest]:
    """The other changes of the case, once all of them are there."""
    others = ChangeRequest.objects.filter(pk__in=[change.pk for change in rig.others])
    rig.stack.wait_until(
        lambda: rig._is_supervised() and others.filter(state=state).count() == len(rig.others),
        seconds=90,
    )
    return others


def _database_cut(rig: Rig) -> None:
    if connection.vendor != "postgresql":
        raise Left("needs PostgreSQL")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def _job_of_a_newer_version(rig: Rig) -> None:
    Job.objects.create(
        kind=f"from_the_future_{rig.case_count}",
        subject_id="x",
        queue="portal",
        due_at=timezone.now(),
    )


DEAD_QUEUE, DEAD_JOBS = "env-dead", 500


def _queue_without_worker(rig: Rig, _act: str) -> None:
    """Five hundred due jobs of an environment whose workers are gone; the others' worker serves its own queues only."""
    rig.stack.environment["ONE_QUEUE"] = "no"
    rig.stack.queues = "portal,env-dev"
    rig.restart_worker()
    time.sleep(heartbeat.SILENT_AFTER.total_seconds() + 1)  # the former worker served every queue
    Job.objects.bulk_create(
        Job(kind="publish", subject_id=f"dead-{n}", queue=DEAD_QUEUE, due_at=timezone.now())
        for n in range(DEAD_JOBS)
    )


def _dead_queue_stays_small(rig: Rig) -> None:
    left = Job.objects.filter(queue=DEAD_QUEUE, state="waiting")
    assert left.count() == DEAD_JOBS, "somebody else took them"
    key = f"{settings.INSTALLATION}:queue:{DEAD_QUEUE}"
    assert rig.broker.client.llen(key) <= 5, "messages pile up where nobody takes them"
    left.delete()
    rig.broker.client.delete(key)
    rig.stack.environment.pop("ONE_QUEUE")
    rig.stack.queues = ""
    rig.restart_worker()


def _killed_while_checking(rig: Rig, _act: str) -> None:
    """The worker dies in the middle of a check; another one checks within 15 seconds."""
    rig.world.emulator.faults.add(
        Fault("GetTrustConfig", kind="delay", seconds=HELD, project=PROJECT)
    )
    other = rig.world.submit(make(f"{rig.name}-checked"), to=rig.name)
    rig.stack.wait_until(lambda: not rig.world.emulator.faults.waiting(), seconds=30)
    rig.restart_worker()
    began = time.monotonic()
    rig.stack.wait_until(
        lambda: rig._is_supervised() and rig.world.fresh(other).state == "validated", seconds=40
    )
    took = time.monotonic() - began
    assert took < 15, f"checked again after {took:.0f} s"


def _redis_hangs(rig: Rig) -> None:
    """It takes connections and answers nobody; who asks for work in a request waits half a second at most."""
    code = (
        "import time, django; django.setup()\n"
        "from django.db import transaction\nfrom jobs import queue\n"
        "def ask():\n"
        "    began = time.monotonic()\n"
        "    with transaction.atomic(): queue.enqueue('forget_simulations', '-')\n"
        "    return time.monotonic() - began\n"
        "ask(); print(flush=True); input(); print(ask())\n"  # a web process has asked before
    )
    web = subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**rig.stack.environment, "DATABASE_URL": database_url()},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert web.stdout is not None
    web.stdout.readline()
    rig.broker.signal(signal.SIGSTOP)
    try:
        told, _errors = web.communicate("\n", timeout=30)
        time.sleep(8)
    finally:
        rig.broker.signal(signal.SIGCONT)
    waited = float(told)
    assert waited < 0.5, f"a request waited {waited:.1f} s for Redis"


WORKER = ("update", "stored")
# These codes say that nothing happened, so they come before an effect only.
BEFORE = tuple(act for act, place in ACTS.items() if place.when == "before")
CASES = [
    Case("1 Redis down", _redis_down),
    Case("2 Redis paused", _redis_paused),
    Case("3 broker emptied", _redis_emptied),
    Case("4 Redis refuses writes", _redis_refuses_writes),
    Case(
        "5 web killed after COMMIT",
        _nothing,
        acts=("begin",),
        is_held=False,
        why="the web does not take part later",
    ),
    Case("6-8 worker killed", _worker_killed),
    Case("9 delivered three times", _delivered_thrice),
    Case("10 worker stopped past its lease", _worker_stopped),
    Case(
        "11 answer lost", _nothing, before=_order(when="after", code="UNAVAILABLE"), is_held=False
    ),
    Case("11 connection dropped", _nothing, before=_order(kind="drop"), is_held=False),
    Case(
        "12 ABORTED",
        _nothing,
        acts=BEFORE,
        before=_order(code="ABORTED"),
        is_held=False,
        why="it says that nothing happened",
    ),
    Case("13 foreign edit", _foreign_edit, outcome="waits", after=_put_back, updates=None),
    Case("14 etag returns with the content", _worker_killed, before=_etag_ignores_labels),
    Case(
        "15 operation ends in an error",
        _nothing,
        acts=WORKER,
        before=_order_update(kind="operation_error", code="INTERNAL"),
        is_held=False,
        updates=2,
        why="there is an operation only after the update",
    ),
    Case(
        "15 operation never ends",
        _nothing,
        acts=WORKER,
        before=_order_update(kind="operation_delay", seconds=12),
        is_held=False,
        why="there is an operation only after the update",
    ),
    Case(
        "15 operation forgotten",
        _nothing,
        acts=("poll",),
        before=_order(code="NOT_FOUND"),
        is_held=False,
        why="only a poll asks for the operation",
    ),
    Case(
        "16 quota used up",
        _nothing,
        acts=BEFORE,
        before=_order(code="RESOURCE_EXHAUSTED", times=3),
        is_held=False,
        why="it says that nothing happened",
    ),
    Case(
        "17 poison, not named",
        _nothing,
        acts=WORKER,
        before=_order_update(code="INVALID_ARGUMENT", times=99),
        is_held=False,
        outcome="waits",
        why="only an update can be refused for its content",
    ),
    Case(
        "17 poison among twelve",
        _nothing,
        acts=("update",),
        before=_poison_among_others,
        after=_others_are_applied,
        is_held=False,
        outcome="waits",
        updates=None,
        why="only an update can be refused for its content",
    ),
    Case(
        "18 stale read-back",
        _nothing,
        acts=("read back", "finish"),
        before=_order_stale_reads,
        is_held=False,
        why="only reads after a write can be stale",
    ),
    Case("24 clock +1 h", _nothing, clock_seconds=3600),
    Case("24 clock -1 h", _nothing, clock_seconds=-3600),
    Case("25 a newer version's job", _job_of_a_newer_version),
    Case(
        "26 queue without a worker",
        _nothing,
        acts=("begin",),
        before=_queue_without_worker,
        after=_dead_queue_stays_small,
        is_held=False,
        why="it takes nothing from any act",
    ),
    Case(
        "27 worker killed while checking",
        _nothing,
        acts=("begin",),
        before=_killed_while_checking,
        is_held=False,
        why="a check is before all of them",
    ),
    Case("28 Redis hangs", _redis_hangs, acts=("begin", "update", "finish"), why="as 2, longer"),
    Case(
        "29 older database restored",
        _older_database,
        outcome="waits",
        after=_admin_puts_back,
        updates=None,
    ),
    Case("database connections cut", _database_cut),
]


def run_table(
    rig: Rig, *, only: Callable[[Case, str], bool], say: Callable[[str], None]
) -> tuple[list[str], list[str]]:
    """Runs the cases and says the table row by row; returns the rows that are not as they must be, and those that this machine cannot run."""
    bad: list[str] = []
    not_run: list[str] = []
    for case in CASES:
        if (others := [act for act in ACTS if act not in case.acts]) and any(
            only(case, act) for act in case.acts
        ):
            say(f"{case.fault:<34} {'–':<10} does not apply: {case.why} ({', '.join(others)})")
        for act in case.acts:
            if not only(case, act):
                continue
            try:
                outcome = rig_case(rig, case, act)
            except Left as left:
                outcome = f"left out: {left}"
                not_run.append(f"{case.fault} {act}: {left}")
            except Exception as error:
                outcome = f"FAILED: {type(error).__name__}: {str(error)[:200]}"
            row = f"{case.fault:<34} {act:<10} {outcome}"
            say(row)
            if any(word in outcome for word in ("BROKEN", "NOT SETTLED", "FAILED")):
                bad.append(row)
                rig.restart_worker()
    return bad, not_run


def rig_case(rig: Rig, case: Case, act: str) -> str:
    if case.fault.startswith("5 "):
        vars(rig)["approve"] = lambda: _web_dies_after_its_commit(rig)
        try:
            return rig.run(case, act)
        finally:
            del rig.approve
    return rig.run(case, act)
