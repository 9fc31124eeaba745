"""Change requests and their items. Transitions only set fields; flows do everything else."""

from datetime import datetime

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django_fsm import ConcurrentTransitionMixin, FSMField, transition

from approvals.causes import Cause
from approvals.querysets import ChangeQuerySet, ItemQuerySet
from approvals.states import OPEN, State, move
from certs.hindrance import NONE, Hindrance
from certs.models import Certificate, DriftCase, Role, TrustConfig
from pki.plan import Action, Entry, Step
from pki.roles import TrustRole
from tenants.models import Mode, Tenant, User


class ChangeRequest(ConcurrentTransitionMixin, models.Model):
    class Kind(models.TextChoices):
        REGULAR = "regular", _("change")
        ADOPTION = "adoption", _("adoption of what is live")
        PUT_BACK = "put_back", _("putting back what was")

    class Schedule(models.TextChoices):
        AT_ONCE = "at_once", _("at once")
        AT_TIME = "at_time", _("at a time")
        IN_WINDOW = "in_window", _("in the environment's change windows")

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
    submitted_by = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="submitted_changes"
    )
    submitted_at = models.DateTimeField()
    # How the submitter had signed in, for the decision that a worker records in their name.
    submitted_with = models.CharField(max_length=200, blank=True)
    # A submitter who takes care of it since its asker has lost the role.
    taken_over_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, related_name="taken_changes"
    )
    # Everybody who ever took it over: none of them votes on it.
    takers = models.ManyToManyField(User, related_name="+", blank=True)
    names_revocation = models.BooleanField(default=False)
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.REGULAR)
    # An adoption or a put-back resolves this case. Entries of other tenants go with it, unnamed.
    drift_case = models.ForeignKey(
        DriftCase, on_delete=models.PROTECT, null=True, related_name="changes"
    )
    # The revision digest of the set that the case showed when the change was asked for: votes are on that and no other.
    live_digest = models.CharField(max_length=64, blank=True)
    others_added = models.PositiveIntegerField(default=0)
    others_removed = models.PositiveIntegerField(default=0)
    schedule = models.CharField(max_length=10, choices=Schedule, default=Schedule.AT_ONCE)
    due_at = models.DateTimeField(null=True)
    # A rotation with an overlap: when a second change removes its later removals.
    overlap_until = models.DateTimeField(null=True)
    follows = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, related_name="followers"
    )
    # The instant whose state it brings back, when that is what was asked for.
    returns_to = models.DateTimeField(null=True)
    inverts = models.ManyToManyField(
        "self", symmetrical=False, related_name="inverted_by", blank=True
    )
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
    held_words = models.TextField(blank=True)
    held_rpc = models.CharField(max_length=60, blank=True)
    held_reason = models.CharField(max_length=63, blank=True)
    held_at = models.DateTimeField(null=True)
    applied_at = models.DateTimeField(null=True)
    rolled_back_at = models.DateTimeField(null=True)

    objects = ChangeQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["tenant", "number"], name="one_change_per_number"),
            models.CheckConstraint(
                condition=Q(state__in=State.values), name="change_state_is_known"
            ),
            models.CheckConstraint(condition=Q(mode__in=Mode.values), name="change_mode_is_known"),
            models.CheckConstraint(
                condition=Q(kind="regular") | Q(drift_case__isnull=False),
                name="resolutions_have_a_case",
            ),
            models.CheckConstraint(
                condition=~Q(schedule="at_time") | Q(due_at__isnull=False), name="a_time_is_named"
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "state", "-id"], name="change_tenant_state"),
            models.Index(fields=["trust_config", "state"], name="change_trust_config_state"),
            models.Index(fields=["submitted_by", "-id"], name="change_submitted_by"),
            # What sweeps and queues look for, however much is over.
            models.Index(
                fields=["state", "state_since"], name="change_open", condition=Q(state__in=OPEN)
            ),
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
        return not self.others_added and all(
            item.action == Action.REMOVE for item in self.items.all()
        )

    @property
    def is_urgent(self) -> bool:
        """A revocation, and what undoes an edit outside the portal, wait for no window and no freeze."""
        if self.kind == self.Kind.PUT_BACK:
            return True
        items = list(self.items.all())
        return bool(items) and all(item.removal == Item.Removal.REVOKED for item in items)

    @property
    def revokes(self) -> dict[str, int]:
        """The fingerprints that it revokes, each with its own number."""
        return {
            item.sha256_fingerprint: self.number
            for item in self.items.all()
            if item.removal == Item.Removal.REVOKED
        }

    @property
    def responsible(self) -> User:
        """Who may withdraw it and answers for it."""
        return self.taken_over_by or self.submitted_by

    @property
    def waits_for_first(self) -> bool:
        """The end of an overlap waits until its first change is applied, and while that is undone."""
        first = self.follows
        if first is None:
            return False
        return first.state != State.APPLIED or first.inverted_by.filter(state__in=OPEN).exists()

    @property
    def is_rollback(self) -> bool:
        return self.inverts.exists()

    @property
    def hindrance(self) -> Hindrance:
        """Why it is held; without a code when it is not."""
        return Hindrance(self.held_code, self.held_words, self.held_rpc, self.held_reason)

    def hold_for(self, why: Hindrance, *, at: datetime | None) -> None:
        self.held_code, self.held_words = why.code, why.words
        self.held_rpc, self.held_reason = why.rpc, why.reason
        self.held_at = at

    def _enter(self, at: datetime, causes: list[Cause]) -> None:
        self.state_since = at
        self.causes = causes
        self.hold_for(NONE, at=None)
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

    @transition(
        field=state, source=list(move("mark_rolled_back").sources), target=State.ROLLED_BACK
    )
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
    action = models.CharField(
        max_length=6, choices=[(Action.ADD.value, _("add")), (Action.REMOVE.value, _("remove"))]
    )
    role = models.CharField(max_length=24, choices=Role)
    certificate = models.ForeignKey(
        Certificate, on_delete=models.PROTECT, related_name="change_items"
    )
    sha256_fingerprint = models.CharField(max_length=64)
    removal = models.CharField(max_length=8, choices=Removal, blank=True)

    objects = ItemQuerySet.as_manager()

    class Meta:
        ordering = ["action", "role", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["change", "role", "sha256_fingerprint"], name="one_item_per_entry"
            ),
            models.CheckConstraint(
                condition=Q(action="add", removal="") | (Q(action="remove") & ~Q(removal="")),
                name="removals_say_their_kind",
            ),
            models.CheckConstraint(condition=Q(role__in=Role.values), name="item_role_is_known"),
        ]
        indexes = [models.Index(fields=["sha256_fingerprint"], name="item_fingerprint")]

    def __str__(self) -> str:
        return f"{self.action} {self.role} {self.sha256_fingerprint}"

    @property
    def step(self) -> Step:
        return Step(Action(self.action), Entry(TrustRole(self.role), self.sha256_fingerprint))


class LaterRemoval(models.Model):
    """What a second change removes when the overlap of a rotation ends; voted on with the first."""

    change = models.ForeignKey(
        ChangeRequest, on_delete=models.CASCADE, related_name="later_removals"
    )
    role = models.CharField(max_length=24, choices=Role)
    sha256_fingerprint = models.CharField(max_length=64)
    removal = models.CharField(max_length=8, choices=Item.Removal)

    class Meta:
        ordering = ["role", "sha256_fingerprint"]
        constraints = [
            models.UniqueConstraint(
                fields=["change", "role", "sha256_fingerprint"], name="one_later_removal_per_entry"
            ),
            models.CheckConstraint(
                condition=Q(role__in=Role.values), name="later_removal_role_is_known"
            ),
        ]
        indexes = [models.Index(fields=["sha256_fingerprint"], name="later_removal_fingerprint")]

    def __str__(self) -> str:
        return f"later {self.role} {self.sha256_fingerprint}"

    @property
    def entry(self) -> Entry:
        return Entry(TrustRole(self.role), self.sha256_fingerprint)
