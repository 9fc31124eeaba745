"""Writes to Google as records."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from certs.hindrance import Hindrance
from certs.models.trust_configs import TrustConfig, entries_from_json
from certs.querysets import PublicationQuerySet
from gcp.errors import CloudExhausted
from pki.plan import Entry


class Publication(models.Model):
    """One write to one trust config: its intent, what was sent, and what was read back."""

    class Kind(models.TextChoices):
        CHANGES = "changes", _("changes")
        FENCE = "fence", _("fencing write")
        PUT_BACK = "put_back", _("putting back")

    class State(models.TextChoices):
        INTENDED = "intended", _("intent recorded")
        SENT = "sent", _("writing")
        WRITTEN = "written", _("written")
        VERIFIED = "verified", _("verified")
        FAILED = "failed", _("failed")
        VOIDED = "voided", _("voided")

    UNRESOLVED = (State.INTENDED, State.SENT, State.WRITTEN)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    trust_config = models.ForeignKey(
        TrustConfig, on_delete=models.PROTECT, related_name="publications"
    )
    revision = models.PositiveBigIntegerField()
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.CHANGES)
    state = models.CharField(max_length=10, choices=State, default=State.INTENDED)
    base_digest = models.CharField(max_length=64)
    revision_digest = models.CharField(max_length=64)
    # What it changes on the set that it was based on: action, role and fingerprint; unknown of writes before that was kept.
    steps = models.JSONField(null=True)
    # The whole set: while the outcome is open, and for good where ``keeps_set`` says so.
    entries = models.JSONField(null=True)
    keeps_set = models.BooleanField(default=True, db_default=True)
    etag_before = models.CharField(max_length=200)
    etag_after = models.CharField(max_length=200, blank=True)
    operation_name = models.CharField(max_length=300, blank=True)
    worker = models.CharField(max_length=64)
    intended_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    written_at = models.DateTimeField(null=True)
    verified_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    failure_code = models.CharField(max_length=40, blank=True)
    failure = models.TextField(blank=True)
    failure_rpc = models.CharField(max_length=60, blank=True)
    failure_reason = models.CharField(max_length=63, blank=True)

    objects = PublicationQuerySet.as_manager()

    class Meta:
        ordering = ["-revision"]
        indexes = [
            models.Index(
                fields=["trust_config", "revision"],
                name="publication_unresolved",
                condition=Q(state__in=["intended", "sent", "written"]),
            )
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["trust_config", "revision"], name="one_publication_per_revision"
            ),
            models.CheckConstraint(
                condition=Q(
                    state__in=["intended", "sent", "written", "verified", "failed", "voided"]
                ),
                name="publication_state_is_known",
            ),
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        """The value of the label ``countersign-revision`` that this write carries."""
        return f"{self.revision}-{self.pk}"

    @property
    def failed_because(self) -> Hindrance:
        return Hindrance(self.failure_code, self.failure, self.failure_rpc, self.failure_reason)

    @property
    def is_postponed(self) -> bool:
        """Google's quota was used up: nothing was written, and its changes go into a later write. No failure."""
        return self.state == self.State.FAILED and self.failure_code == CloudExhausted.code

    @property
    def entry_set(self) -> frozenset[Entry]:
        """The set that it writes; known while the outcome is open (afterwards ``publications.set_of`` finds it)."""
        assert self.entries is not None, f"{self} is over, and its set is kept as steps"
        return entries_from_json(self.entries)
