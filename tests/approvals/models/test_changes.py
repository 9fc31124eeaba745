"""The change machine against a model of a few lines: two submitters, two reviewers, a worker, in any order (hypothesis)."""

import os
from dataclasses import replace
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from approvals.asking import roll_back
from approvals.deciding import vote, withdraw
from approvals.deciding.validate import validate
from approvals.draft import Removal
from approvals.errors import ApprovalError
from approvals.models import ChangeRequest, Vote
from approvals.publishing.conductor import publish
from certs.errors import CertsError
from certs.models import TrustEntry
from emulator.faults import Fault
from pki.rules import proposed_role
from tenants.errors import TenantError
from tests.certificates import ec_key, make, make_ca
from tests.faults.invariants import live_entries, unsound
from tests.world import World

OURS = (ApprovalError, CertsError, TenantError)
KEY = ec_key()
# What the worker meets while it works: nothing, an answer that is lost, a conflict, a read that fails.
FAULTS = [
    None,
    Fault("UpdateTrustConfig", when="after"),
    Fault("UpdateTrustConfig"),
    Fault("UpdateTrustConfig", code="ABORTED"),
    Fault("GetTrustConfig", skip=1),
]


def test_the_change_machine_holds_to_its_model(world: World) -> None:
    world.add_user("sue", ("submitter", "payments"))
    count = iter(range(10_000))

    class Machine(RuleBasedStateMachine):
        """The model: which state each change is in, who voted, and what must be live when nothing is under way."""

        @initialize()
        def begin(self) -> None:
            self.name = f"model-{next(count)}"
            self.trust_config = world.add_trust_config(self.name, "payments")
            self.states: dict[int, str] = {}
            self.trusted: set[str] = set()
            self.revoked: set[str] = set()
            self.roles: dict[str, str] = {}

        def _act(self, act: Any) -> bool:
            try:
                act()
            except OURS:
                return False
            return True

        def _one(self, data: Any, *states: str) -> ChangeRequest | None:
            found = sorted(pk for pk, state in self.states.items() if state in states)
            return (
                ChangeRequest.objects.get(pk=data.draw(st.sampled_from(found))) if found else None
            )

        @rule(by=st.sampled_from(["sam", "sue"]), kind=st.sampled_from([make, make_ca]))
        def submit(self, by: str, kind: Any) -> None:
            made = kind(f"{self.name}-{len(self.states)}", key=KEY)
            self.roles[made.fingerprint] = proposed_role(made.parsed.facts).value
            change = world.submit(made, to=self.name, by=by)
            self.states[change.pk] = "submitted"

        @rule(
            by=st.sampled_from(["sam", "sue"]),
            data=st.data(),
            kind=st.sampled_from(["retired", "revoked"]),
        )
        @precondition(lambda self: self.trusted)
        def remove(self, by: str, data: Any, kind: str) -> None:
            fingerprint = data.draw(st.sampled_from(sorted(self.trusted)))
            before = set(ChangeRequest.objects.values_list("pk", flat=True))
            if self._act(
                lambda: world.submit(
                    removed=[Removal(fingerprint, self.roles[fingerprint], kind)],
                    to=self.name,
                    by=by,
                )
            ):
                for change in ChangeRequest.objects.exclude(pk__in=before):
                    self.states[change.pk] = "submitted"
            self._reread()

        @rule(data=st.data())
        def check(self, data: Any) -> None:
            if change := self._one(data, "submitted"):
                validate(change_id=change.pk)
                assert world.fresh(change).state == "validated"
                self.states[change.pk] = "validated"

        @rule(
            data=st.data(),
            who=st.sampled_from(["rita", "ravi", "sam", "sue", "ada", "tom", "paula"]),
            yes=st.booleans(),
        )
        def decide(self, data: Any, who: str, yes: bool) -> None:
            change = self._one(data, "submitted", "validated", "approved")
            if change is None:
                return
            act = vote.approve if yes else vote.reject
            done = self._act(
                lambda: act(
                    actor=world.actor(who),
                    tenant_id=change.tenant_id,
                    number=change.number,
                    digest=change.change_digest,
                    comment="x",
                )
            )
            assert done is (self.states[change.pk] == "validated" and who in {"rita", "ravi"})
            if done:
                self.states[change.pk] = "approved" if yes else "rejected"

        @rule(data=st.data(), who=st.sampled_from(["sam", "sue", "rita"]))
        def take_back(self, data: Any, who: str) -> None:
            change = self._one(data, "submitted", "validated", "approved", "applied")
            if change is None:
                return
            done = self._act(
                lambda: withdraw.withdraw(
                    actor=world.actor(who),
                    tenant_id=change.tenant_id,
                    number=change.number,
                    reason="",
                )
            )
            assert done is (
                self.states[change.pk] != "applied" and change.submitted_by_id == world.user(who).pk
            )
            if done:
                self.states[change.pk] = "withdrawn"

        @rule(data=st.data())
        def undo(self, data: Any) -> None:
            if change := self._one(data, "applied"):
                before = set(ChangeRequest.objects.values_list("pk", flat=True))
                where = {
                    "tenant_id": change.tenant_id,
                    "number": change.number,
                    "also": [],
                    "reason": "x",
                    "originals": [],
                    "typed_name": self.name,
                }
                if self._act(lambda: roll_back.roll_back(actor=world.actor("sue"), **where)):
                    self.states[ChangeRequest.objects.exclude(pk__in=before).get().pk] = "submitted"

        @rule(fault=st.sampled_from(FAULTS))
        def work(self, fault: Fault | None) -> None:
            if fault is not None:
                world.emulator.faults.add(replace(fault))
            for _ in range(9):
                publish(trust_config_id=str(self.trust_config.pk))
            world.emulator.faults.clear()
            for change in ChangeRequest.objects.filter(pk__in=self.states).order_by(
                "applied_at", "pk"
            ):
                if self.states[change.pk] == "approved":
                    assert change.state in {
                        "applied",
                        "validated",
                    }  # written, or back to its voters
                    self._note(change)
            self._reread()

        def _note(self, change: ChangeRequest) -> None:
            if change.state == "applied":
                for item in change.items.all():
                    (self.trusted.add if item.action == "add" else self.trusted.discard)(
                        item.sha256_fingerprint
                    )
                    if item.removal == "revoked":
                        self.revoked.add(item.sha256_fingerprint)

        def _reread(self) -> None:
            self.states = dict(
                ChangeRequest.objects.filter(pk__in=self.states).values_list("pk", "state")
            )

        @invariant()
        def states_are_as_the_model_says(self) -> None:
            if not hasattr(self, "states"):
                return
            assert (
                dict(ChangeRequest.objects.filter(pk__in=self.states).values_list("pk", "state"))
                == self.states
            )

        @invariant()
        def live_is_what_was_approved(self) -> None:
            if not hasattr(self, "trusted"):
                return
            live = {
                entry.sha256_fingerprint
                for entry in live_entries(world.emulator, self.trust_config)
            }
            assert live == self.trusted
            assert not live & self.revoked
            held = (
                TrustEntry.objects.open()
                .filter(trust_config=self.trust_config)
                .values_list("certificate__sha256_fingerprint", flat=True)
            )
            assert set(held) == live

        @invariant()
        def records_audit_and_writes_agree(self) -> None:
            if hasattr(self, "trust_config"):
                assert unsound(world.emulator, self.trust_config.pk) == []

        @invariant()
        def nobody_decides_alone_on_what_they_asked_for(self) -> None:
            votes = Vote.objects.filter(
                change__in=getattr(self, "states", {}), decision="approve"
            ).select_related("change")
            assert not any(cast.voter_id == cast.change.submitted_by_id for cast in votes)

    profile = settings(
        max_examples=int(os.environ.get("MODEL_EXAMPLES", "10")),
        stateful_step_count=25,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(Machine, settings=profile)
