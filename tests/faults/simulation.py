"""One seed, one schedule: people, two workers, Google and misfortune take turns, and the invariants hold in the end.

Everything runs in this process: the real flows, the real clients, the real emulator. A worker "dies" by an exception that
nothing of ours catches, at the moment before or after any call to Google; a request "is late" when it reaches Google
after its worker has long given up on it.
"""

import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import gcp
from approvals.asking import resolve_drift, roll_back
from approvals.deciding import retry, vote, withdraw
from approvals.draft import Removal
from approvals.errors import ApprovalError
from approvals.models import ChangeRequest
from approvals.publishing import conductor as publish_flow
from approvals.publishing import sweep
from approvals.publishing import wake as wake_flow
from certs.errors import CertsError
from certs.models import Publication, TrustConfig, TrustEntry
from certs.trust_configs.drift import open_case
from certs.trust_configs.live import LABEL
from emulator.faults import Fault
from emulator.switches import switches
from gcp.errors import CloudError, OutcomeUnknown
from gcp.interfaces import Clients
from jobs import tasks
from jobs.models import Job, JobState
from jobs.registry import TryLater
from pki.plan import revision_digest
from tenants.errors import TenantError
from tests.certificates import Made, ec_key, make, make_ca
from tests.faults.invariants import broken
from tests.world import LONG_AGO, World

STEPS = 30
RPCS = ("GetTrustConfig", "UpdateTrustConfig", "GetOperation", "ListOperations")
UNKNOWN_OUTCOMES = ("UNAVAILABLE", "INTERNAL", "DEADLINE_EXCEEDED")
CODES = ("UNAVAILABLE", "ABORTED", "RESOURCE_EXHAUSTED", "INTERNAL", "DEADLINE_EXCEEDED")
OURS = (ApprovalError, CertsError, TenantError)


class Killed(BaseException):
    """kill -9: no handler of ours runs."""


@dataclass
class Interceptor:
    """Stands between a worker and the real client: here it dies, and here its request gets lost or late."""

    real: Any
    chance: random.Random
    is_armed: bool = False
    late: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        act = getattr(self.real, name)

        def call(*arguments: Any, **values: Any) -> Any:
            if self.is_armed and self.chance.random() < 0.12:
                raise Killed
            if self.is_armed and name == "update" and self.chance.random() < 0.3:
                if self.chance.random() < 0.7:
                    self.late.append((arguments[0], values))
                raise OutcomeUnknown("UpdateTrustConfig", "the request is late or lost")
            result = act(*arguments, **values)
            if self.is_armed and self.chance.random() < 0.12:
                raise Killed
            return result

        return call

    def deliver(self) -> None:
        """What was late arrives now, with the etag it was sent with."""
        while self.late:
            name, values = self.late.pop(0)
            try:
                self.real.update(name, **values)
            except CloudError:
                continue


@dataclass
class Simulation:
    world: World
    seed: int
    trace: list[str] = field(default_factory=list)

    def run(self) -> list[str]:
        """The invariants that do not hold after this seed's schedule."""
        self.chance = random.Random(self.seed)
        emulator = self.world.emulator
        emulator.faults.clear()
        emulator.faults.clear_calls()
        switches.reset()
        switches.queues_updates, switches.rechecks_etag = self.chance.random() < 0.2, True
        self.name, self.made = f"sim-{self.seed}", []
        self.trust_config = self.world.add_trust_config(
            self.name, "payments", *(["logistics"] if self.chance.random() < 0.3 else [])
        )
        self.pk = str(self.trust_config.pk)
        real = gcp.clients()
        self.wire = Interceptor(real.trust_configs, self.chance)
        key = next(key for key, clients in gcp._built.items() if clients is real)
        gcp._built[key] = Clients(self.wire, real.keys)
        try:
            for _ in range(STEPS):
                self._step()
                if given_up := self._given_up_and_live():
                    return [given_up]
            self._calm()
        finally:
            gcp._built[key] = real
            emulator.operations.seconds = 0
        found = broken(emulator, self.pk)
        TrustConfig.objects.filter(pk=self.pk).update(
            state=TrustConfig.State.NAMED
        )  # the next seed's sweeps leave it alone
        emulator.certificate_manager.delete_out_of_band(self.trust_config.resource_name)
        return found

    def _step(self) -> None:
        acts: list[tuple[int, Callable[[], None]]] = [
            (6, self._submit),
            (4, self._remove),
            (14, self._work),
            (3, self._misfortune),
            (2, self._foreign_edit),
            (2, self._resolve),
            (2, self._withdraw),
            (2, self._roll_back),
            (3, self._operations_end),
            (5, self._late_arrives),
            (2, self._lease_ends),
            (1, self._try_again),
        ]
        act = self.chance.choices(
            [act for _weight, act in acts], [weight for weight, _act in acts]
        )[0]
        self.trace.append(act.__name__)
        act()

    def _given_up_and_live(self) -> str:
        """I1: what the portal has given up as failed or voided must never take effect afterwards."""
        label = self.world.live(self.name)["labels"].get(LABEL, "")
        if "-" not in label or label.startswith("0-"):
            return ""
        publication = Publication.objects.get(pk=label.partition("-")[2])
        is_known = publication.state not in {"failed", "voided"} or publication.failure_code in {
            "read-back-differs",
            "overwritten",
        }
        return (
            ""
            if is_known
            else f"{label} is live although it was given up as {publication.state} ({publication.failure_code})"
        )

    # --- people
    def _submit(self) -> None:
        kind = make_ca if self.chance.random() < 0.3 else make
        made = kind(f"{self.name}-{len(self.made)}", key=_KEY)
        self.made.append(made)
        self._ask(made)

    def _ask(self, *added: Made, **options: Any) -> None:
        try:
            change = self.world.submit(*added, to=self.name, **options)
            self._run_jobs("validate_change")
            self._approve(change)
        except OURS as error:
            self.trace.append(f"refused: {error}")

    def _approve(self, change: ChangeRequest) -> None:
        change = self.world.fresh(change)
        for reviewer in ("rita", "ravi"):
            if self.world.fresh(change).state == "validated":
                try:
                    digest = self.world.fresh(change).change_digest
                    vote.approve(
                        actor=self.world.actor(reviewer),
                        tenant_id=change.tenant_id,
                        number=change.number,
                        digest=digest,
                        comment="",
                    )
                except OURS as error:
                    self.trace.append(f"refused: {error}")

    def _remove(self) -> None:
        held = list(
            TrustEntry.objects.open()
            .filter(trust_config_id=self.pk, tenant=self.world.tenant())
            .select_related("certificate")
        )
        if held:
            entry = self.chance.choice(held)
            kind = self.chance.choice(["retired", "retired", "revoked"])
            self._ask(removed=[Removal(entry.certificate.sha256_fingerprint, entry.role, kind)])

    def _withdraw(self) -> None:
        self._on_one(
            {"submitted", "validated", "approved"},
            lambda c: withdraw.withdraw(
                actor=self.world.actor("sam"), tenant_id=c.tenant_id, number=c.number, reason=""
            ),
        )

    def _roll_back(self) -> None:
        def undo(change: ChangeRequest) -> None:
            from approvals.asking.undo import later_changes

            also = [later.number for later in later_changes(change)]
            number = roll_back.roll_back(
                actor=self.world.actor("rita"),
                tenant_id=change.tenant_id,
                number=change.number,
                typed_name=change.trust_config.name,
                also=also,
                reason="x",
                originals=[m.parsed for m in self.made],
            )
            self._run_jobs("validate_change")
            self._approve(self.world.change(number))

        self._on_one({"applied"}, undo)

    def _try_again(self) -> None:
        tenant = self.world.tenant().pk
        self._may_refuse(
            lambda: retry.retry_trust_config(
                actor=self.world.actor("rita"), tenant_id=tenant, trust_config_id=self.pk
            )
        )
        for change in ChangeRequest.objects.filter(
            trust_config_id=self.pk, state="approved"
        ).exclude(held_code=""):
            self._may_refuse(
                lambda change=change: retry.retry(
                    actor=self.world.actor("sam"), tenant_id=change.tenant_id, number=change.number
                )
            )

    def _resolve(self) -> None:
        case = open_case(TrustConfig.objects.get(pk=self.pk))
        if case is None or ChangeRequest.objects.open().filter(drift_case=case).exists():
            return
        digest, tenant = revision_digest(case.entry_set), self.world.tenant().pk
        where = {
            "actor": self.world.actor("rita"),
            "tenant_id": tenant,
            "trust_config_id": self.pk,
            "digest": digest,
            "reason": "x",
        }
        if not case.difference.added and not case.difference.removed:
            self._may_refuse(lambda: resolve_drift.acknowledge(**where))
            return
        adopt, put_back = (
            lambda: resolve_drift.adopt(**where, names_revocation=True),
            lambda: resolve_drift.put_back(
                **where,
                originals=[made.parsed for made in self.made],
                typed_name=self.trust_config.name,
            ),
        )
        first, second = (adopt, put_back) if self.chance.random() < 0.5 else (put_back, adopt)
        if not self._may_refuse(first):
            self._may_refuse(second)
        self._run_jobs("validate_change")
        for change in (
            ChangeRequest.objects.open().filter(trust_config_id=self.pk).exclude(kind="regular")
        ):
            self._approve(change)

    # --- workers
    def _work(self) -> None:
        """A worker takes a step or a few; it may die on the way."""
        self.wire.is_armed = True
        try:
            for _ in range(self.chance.choice([1, 1, 2, 4])):
                publish_flow.publish(trust_config_id=self.pk)
        except Killed:
            self.trace.append("killed")
            if self.chance.random() < 0.7:  # else its lease still runs
                self._lease_ends()
        except (TryLater, CloudError) as error:
            self.trace.append(str(error))
        finally:
            self.wire.is_armed = False

    def _lease_ends(self) -> None:
        TrustConfig.objects.filter(pk=self.pk).update(lease_until=LONG_AGO)

    def _run_jobs(self, kind: str) -> None:
        for job in Job.objects.filter(kind=kind, state=JobState.WAITING):
            Job.objects.filter(pk=job.pk).update(due_at=LONG_AGO)
            tasks.run(job.pk)

    # --- Google and others
    def _misfortune(self) -> None:
        kind = self.chance.choice(
            ["error", "error", "error", "stale", "operation_error", "operation_delay"]
        )
        rpc = (
            self.chance.choice(RPCS)
            if kind == "error"
            else "GetTrustConfig"
            if kind == "stale"
            else "UpdateTrustConfig"
        )
        when = self.chance.choice(["before", "after"])
        # ABORTED and RESOURCE_EXHAUSTED say that nothing happened; after an effect only an unknown outcome is honest.
        code = self.chance.choice(CODES if when == "before" else UNKNOWN_OUTCOMES)
        self.world.emulator.faults.add(
            Fault(
                rpc, when=when, kind=kind, code=code, seconds=3600, times=self.chance.randint(1, 2)
            )
        )
        self.trace.append(f"{kind} {rpc} {when} {code}")

    def _foreign_edit(self) -> None:
        body = self.world.live(self.name)
        foreign = make(f"foreign-{self.seed}", key=_KEY)
        self.made.append(foreign)
        edit = self.chance.choice(
            [
                [*body["allowlisted"], foreign.parsed.pem],
                body["allowlisted"][1:],
                body["allowlisted"],
            ]
        )
        labels = {} if self.chance.random() < 0.3 else body["labels"]
        self.world.edit_live(self.name, allowlisted=edit, labels=labels)

    def _operations_end(self) -> None:
        store = self.world.emulator.store
        with store.lock():
            for name, body in self.world.emulator.operations._running():
                store.put("operation", name, {**body, "due": 0})
            self.world.emulator.operations.settle()
        self.world.emulator.operations.seconds = self.chance.choice([0, 0, 3600])

    def _late_arrives(self) -> None:
        self.wire.deliver()

    # --- the end
    def _calm(self) -> None:
        """Misfortune ends: what is late arrives, operations end, leases run out; people resolve what only people can."""
        self.world.emulator.faults.clear()
        for _round in range(6):
            self.wire.deliver()
            self._operations_end()
            self.world.emulator.operations.seconds = 0
            self._lease_ends()
            sweep.sweep(environment_id=self.trust_config.environment_id)
            wake_flow.wake_trust_configs()
            self._until_quiet()
            self._try_again()
            self._resolve()
        self._until_quiet()

    def _until_quiet(self) -> None:
        for _ in range(120):
            job = (
                Job.objects.filter(
                    state=JobState.WAITING, kind__in=["publish", "validate_change", "look_again"]
                )
                .order_by("pk")
                .first()
            )
            if job is None:
                return
            Job.objects.filter(pk=job.pk).update(due_at=LONG_AGO, attempt_count=0)
            tasks.run(job.pk)

    def _on_one(self, states: set[str], act: Callable[[ChangeRequest], None]) -> None:
        found = list(
            ChangeRequest.objects.filter(
                trust_config_id=self.pk, state__in=states, tenant=self.world.tenant()
            )
        )
        if found:
            change = self.chance.choice(found)
            self._may_refuse(lambda: act(change))

    def _may_refuse(self, act: Callable[[], Any]) -> bool:
        try:
            act()
        except OURS as error:
            self.trace.append(f"refused: {error}")
            return False
        return True


_KEY = ec_key()


def run_seeds(world: World, seeds: range, *, say: Callable[[str], None]) -> dict[int, list[str]]:
    """Runs one schedule after the other; returns the seeds after which something does not hold, with what it is."""
    failed: dict[int, list[str]] = {}
    began, counts = time.monotonic(), Counter[str]()
    Job.objects.all().delete()  # what waits with a reason in the table's last rows would be woken before the seed's own jobs
    TrustConfig.objects.update(state=TrustConfig.State.NAMED)
    for seed in seeds:
        simulation = Simulation(world, seed)
        if found := simulation.run():
            failed[seed] = [*found, "schedule: " + " → ".join(simulation.trace)]
            say(f"seed {seed}: {found}")
        counts.update(
            step
            for step in simulation.trace
            if step in {"killed", "_foreign_edit", "_late_arrives"}
        )
    took = timedelta(seconds=int(time.monotonic() - began))
    say(
        f"{len(seeds)} seeds, {len(failed)} failed, {took}; {counts['killed']} workers killed, {counts['_foreign_edit']} foreign edits"
    )
    return failed
