"""What was changed outside the portal, as a case that a person resolves."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from certs.models.trust_configs import TrustConfig, entries_from_json
from pki.facts import CertificateFacts
from pki.plan import Difference, Entry, difference


class DriftCase(models.Model):
    """Live was not what was last observed. Open until a person adopts it or puts it back, or live is as it was again."""

    class State(models.TextChoices):
        OPEN = "open", _("open")
        ADOPTED = "adopted", _("adopted")
        PUT_BACK = "put_back", _("put back")
        ACKNOWLEDGED = "acknowledged", _("acknowledged")
        OVER = "over", _("over by itself")

    trust_config = models.ForeignKey(
        TrustConfig, on_delete=models.PROTECT, related_name="drift_cases"
    )
    state = models.CharField(max_length=12, choices=State, default=State.OPEN)
    # Since when at the latest: the last read that saw what was expected, and the first that did not.
    last_expected_at = models.DateTimeField(null=True)
    found_at = models.DateTimeField()
    # Which read saw it first, and which one last: the RPC and the worker.
    found_by = models.CharField(max_length=120)
    seen_at = models.DateTimeField()
    seen_by = models.CharField(max_length=120)
    expected_entries = models.JSONField(default=list)
    entries = models.JSONField(default=list)
    facts = models.JSONField(default=dict)
    label = models.CharField(max_length=63, blank=True)
    etag = models.CharField(max_length=200, blank=True)
    # The revision of ours that Google carries and this database does not know: it is older than Google's last write.
    unknown_revision = models.PositiveBigIntegerField(null=True)
    resolved_at = models.DateTimeField(null=True)
    # Number of the change that resolved it, a plain number: this app knows no changes.
    change_number = models.PositiveBigIntegerField(null=True)
    reason = models.TextField(blank=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["trust_config"], condition=Q(state="open"), name="one_open_drift_case"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["open", "adopted", "put_back", "acknowledged", "over"]),
                name="drift_case_state_is_known",
            ),
        ]

    def __str__(self) -> str:
        return f"drift case {self.pk}"

    @property
    def entry_set(self) -> frozenset[Entry]:
        return entries_from_json(self.entries)

    @property
    def difference(self) -> Difference:
        """From what was expected to what was found."""
        return difference(entries_from_json(self.expected_entries), self.entry_set)

    def as_facts(self) -> dict[str, CertificateFacts]:
        return {
            fingerprint: CertificateFacts.from_json(values)
            for fingerprint, values in self.facts.items()
        }
