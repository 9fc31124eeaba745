"""What became of a change: the writes that it took part in, handshakes at the load balancer, and what people were reminded of."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from approvals.models.changes import ChangeRequest
from certs.models import Publication
from tenants.models import User


class ChangePublication(models.Model):
    """That a change took part in a write, and how that ended for it."""

    change = models.ForeignKey(ChangeRequest, on_delete=models.CASCADE, related_name="attempts")
    publication = models.ForeignKey(Publication, on_delete=models.PROTECT, related_name="attempts")

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["change", "publication"], name="once_per_publication")
        ]

    def __str__(self) -> str:
        return f"{self.change_id} in {self.publication_id}"


class Proof(models.Model):
    """A handshake at the load balancer after the write: what a client reports of itself, signed with its key. Only metadata is kept."""

    class Outcome(models.TextChoices):
        ACCEPTED = "accepted", _("accepted")
        REFUSED = "refused", _("refused")

    change = models.ForeignKey(ChangeRequest, on_delete=models.CASCADE, related_name="proofs")
    # The item that it is about, and the client that connected: the same, or one that the item's CA vouches for.
    sha256_fingerprint = models.CharField(max_length=64)
    client_sha256 = models.CharField(max_length=64)
    outcome = models.CharField(max_length=8, choices=Outcome)
    url = models.CharField(max_length=500)
    detail = models.CharField(max_length=500)
    server_sha256 = models.CharField(max_length=64, blank=True)
    receipt_sha256 = models.CharField(max_length=64)
    seen_at = models.DateTimeField()
    reported_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    reported_at = models.DateTimeField()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["change", "receipt_sha256"], name="one_proof_per_receipt"
            )
        ]

    def __str__(self) -> str:
        return f"{self.outcome} {self.client_sha256}"


class Reminder(models.Model):
    """That people were told, once, of what will come: the end of an overlap, the lapse of an approval."""

    class Kind(models.TextChoices):
        OVERLAP_WEEK = "overlap_week", _("an overlap ends within 7 days")
        OVERLAP_DAY = "overlap_day", _("an overlap ends within a day")
        LAPSE = "lapse", _("an approval is about to lapse")

    change = models.ForeignKey(ChangeRequest, on_delete=models.CASCADE, related_name="reminders")
    kind = models.CharField(max_length=12, choices=Kind)
    about_at = models.DateTimeField()
    made_at = models.DateTimeField()
    # When the mails, one job for each person, were asked for.
    mailed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["change", "kind", "about_at"], name="reminded_once")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.change_id}"
