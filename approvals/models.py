"""Change requests and what people and checks say of them. Transitions only set fields; flows do everything else."""

from datetime import datetime

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django_fsm import ConcurrentTransitionMixin, FSMField, transition

from approvals.causes import Cause
from approvals.querysets import ChangeQuerySet
from approvals.states import OPEN, State, move
from certs.models import Certificate, Publication, Role, TrustConfig
from pki.findings import Finding as Judgement
from pki.findings import Severity
from pki.plan import Action, Entry, Step
from pki.roles import TrustRole
from tenants.models import Mode, Tenant, User


class ChangeRequest(ConcurrentTransitionMixin, models.Model):
    number = models.PositiveBigIntegerField()
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="changes")
    trust_config = models.ForeignKey(TrustConfig, on_delete=models.PROTECT, related_name="changes")
    state = FSMField(default=State.SUBMITTED, choices=State.choices, protected=True, max_length=12)
    state_since = models.DateTimeField()
    mode = models.CharField(max_length=20, choices=Mode)
    policy_version = models.PositiveIntegerField()
    # The versions of platform's and tenant's policy that it was last judged by, such as "platform@3 payments@2".
    policies = models.CharField(max_length=200, blank=True)
    reason = models.TextField()
    submitted_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="submitted_changes")
    submitted_at = models.DateTimeField()
    names_revocation = models.BooleanField(default=False)
    inverts = models.ManyToManyField("self", symmetrical=False, related_name="inverted_by", blank=True)
    # Why it stands where it stands: why mode B asks a person, why votes are needed again, why it was rejected.
    causes = models.JSONField(default=list)
    # What its voters had not seen when it came back to them: the findings as (code, fingerprint) pairs.
    delta = models.JSONField(default=dict)
    change_digest = models.CharField(max_length=64, blank=True)
    # Grows whenever votes are needed again, and is part of the digest: votes of an earlier round count no more.
    voting_round = models.PositiveIntegerField(default=1)
    # A finding that may be answered blocks it until its submitter answers.
    awaits_answer = models.BooleanField(default=False)
    planned_at = models.DateTimeField(null=True)
    planned_etag = models.CharField(max_length=200, blank=True)
    approved_at = models.DateTimeField(null=True)
    # Google or the vault refused this change; it is tried again when a person says so.
    held_code = models.CharField(max_length=40, blank=True)
    held_reason = models.TextField(blank=True)
    held_at = models.DateTimeField(null=True)
    applied_at = models.DateTimeField(null=True)
    rolled_back_at = models.DateTimeField(null=True)

    objects = ChangeQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["tenant", "number"], name="one_change_per_number"),
            models.CheckConstraint(condition=Q(state__in=State.values), name="change_state_is_known"),
            models.CheckConstraint(condition=Q(mode__in=Mode.values), name="change_mode_is_known"),
        ]
        indexes = [
            models.Index(fields=["tenant", "state", "-id"], name="change_tenant_state"),
            models.Index(fields=["trust_config", "state"], name="change_trust_config_state"),
        ]

    def __str__(self) -> str:
        return f"#{self.number}"

    @property
    def is_open(self) -> bool:
        return self.state in OPEN

    @property
    def steps(self) -> list[Step]:
        return [item.step for item in self.items.all()]

    @property
    def only_removes(self) -> bool:
        return all(item.action == Action.REMOVE for item in self.items.all())

    @property
    def is_rollback(self) -> bool:
        return self.inverts.exists()

    def _enter(self, at: datetime, causes: list[Cause]) -> None:
        self.state_since = at
        self.causes = causes
        self.held_code = self.held_reason = ""
        self.held_at = None
        self.awaits_answer = False
        self.delta = {}

    @transition(field=state, source=list(move("mark_validated").sources), target=State.VALIDATED)
    def mark_validated(self, *, at: datetime, causes: list[Cause]) -> None:
        self._enter(at, causes)

    @transition(field=state, source=list(move("mark_approved").sources), target=State.APPROVED)
    def mark_approved(self, *, at: datetime) -> None:
        self._enter(at, [])
        self.approved_at = at

    @transition(field=state, source=list(move("mark_returned").sources), target=State.VALIDATED)
    def mark_returned(self, *, at: datetime, causes: list[Cause]) -> None:
        self._enter(at, causes)
        self.approved_at = None
        self.voting_round += 1

    @transition(field=state, source=list(move("mark_applied").sources), target=State.APPLIED)
    def mark_applied(self, *, at: datetime) -> None:
        self._enter(at, [])
        self.applied_at = at

    @transition(field=state, source=list(move("mark_rolled_back").sources), target=State.ROLLED_BACK)
    def mark_rolled_back(self, *, at: datetime, causes: list[Cause]) -> None:
        self._enter(at, causes)
        self.rolled_back_at = at

    @transition(field=state, source=list(move("mark_rejected").sources), target=State.REJECTED)
    def mark_rejected(self, *, at: datetime, causes: list[Cause]) -> None:
        self._enter(at, causes)

    @transition(field=state, source=list(move("mark_withdrawn").sources), target=State.WITHDRAWN)
    def mark_withdrawn(self, *, at: datetime, causes: list[Cause]) -> None:
        self._enter(at, causes)


class Item(models.Model):
    """Add or remove one certificate in one role."""

    class Removal(models.TextChoices):
        RETIRED = "retired", _("retired: no longer needed")
        REVOKED = "revoked", _("revoked: must never come back")

    change = models.ForeignKey(ChangeRequest, on_delete=models.CASCADE, related_name="items")
    action = models.CharField(max_length=6, choices=[(Action.ADD.value, _("add")), (Action.REMOVE.value, _("remove"))])
    role = models.CharField(max_length=24, choices=Role)
    certificate = models.ForeignKey(Certificate, on_delete=models.PROTECT, related_name="change_items")
    sha256_fingerprint = models.CharField(max_length=64)
    removal = models.CharField(max_length=8, choices=Removal, blank=True)

    class Meta:
        ordering = ["action", "role", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["change", "role", "sha256_fingerprint"], name="one_item_per_entry"),
            models.CheckConstraint(condition=Q(action="add", removal="") | (Q(action="remove") & ~Q(removal="")), name="removals_say_their_kind"),
            models.CheckConstraint(condition=Q(role__in=Role.values), name="item_role_is_known"),
        ]
        indexes = [models.Index(fields=["sha256_fingerprint"], name="item_fingerprint")]

    def __str__(self) -> str:
        return f"{self.action} {self.role} {self.sha256_fingerprint}"

    @property
    def step(self) -> Step:
        return Step(Action(self.action), Entry(TrustRole(self.role), self.sha256_fingerprint))


class Finding(models.Model):
    """What the last check of a change said; replaced as a whole at the next one."""

    change = models.ForeignKey(ChangeRequest, on_delete=models.CASCADE, related_name="findings")
    code = models.CharField(max_length=20)
    severity = models.CharField(max_length=10, choices=[(s.value, s.value) for s in Severity])
    sha256_fingerprint = models.CharField(max_length=64, blank=True)
    evidence = models.JSONField(default=dict)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.severity} {self.code}"

    @property
    def judgement(self) -> Judgement:
        return Judgement(self.code, Severity(self.severity), self.sha256_fingerprint, self.evidence)


class Answer(models.Model):
    """What the submitter says to one finding: why it is right all the same."""

    change = models.ForeignKey(ChangeRequest, on_delete=models.CASCADE, related_name="answers")
    code = models.CharField(max_length=20)
    sha256_fingerprint = models.CharField(max_length=64, blank=True)
    text = models.TextField()
    # Of the evidence that was answered: another path, another client, and the answer counts no more.
    evidence_sha256 = models.CharField(max_length=64)
    given_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    given_at = models.DateTimeField()

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["change", "code", "sha256_fingerprint"], name="one_answer_per_finding")]

    def __str__(self) -> str:
        return f"{self.code} {self.text[:50]}"


class Vote(models.Model):
    """One decision of one person, or of the policy, on one plan."""

    class Decision(models.TextChoices):
        APPROVE = "approve", _("approved")
        REJECT = "reject", _("rejected")

    change = models.ForeignKey(ChangeRequest, on_delete=models.CASCADE, related_name="votes")
    voter = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="votes")
    policy = models.CharField(max_length=100, blank=True)
    decision = models.CharField(max_length=8, choices=Decision)
    comment = models.TextField(blank=True)
    change_digest = models.CharField(max_length=64)
    cast_at = models.DateTimeField()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["change", "voter", "change_digest"], name="one_vote_per_person_and_plan"),
            models.CheckConstraint(condition=Q(voter=None) ^ Q(policy=""), name="a_person_or_the_policy_votes"),
        ]

    def __str__(self) -> str:
        return f"{self.decision} {self.change_id}"


class Comment(models.Model):
    change = models.ForeignKey(ChangeRequest, on_delete=models.CASCADE, related_name="comments")
    author = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    text = models.TextField()
    written_at = models.DateTimeField()

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.text[:50]


class ChangePublication(models.Model):
    """That a change took part in a write, and how that ended for it."""

    change = models.ForeignKey(ChangeRequest, on_delete=models.CASCADE, related_name="attempts")
    publication = models.ForeignKey(Publication, on_delete=models.PROTECT, related_name="attempts")

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["change", "publication"], name="once_per_publication")]

    def __str__(self) -> str:
        return f"{self.change_id} in {self.publication_id}"
