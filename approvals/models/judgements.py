"""What checks and people say of a change: findings, answers, votes, comments."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from approvals.models.changes import ChangeRequest
from pki.findings import Finding as Judgement
from pki.findings import Severity
from tenants.models import User


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
        constraints = [
            models.UniqueConstraint(
                fields=["change", "code", "sha256_fingerprint"], name="one_answer_per_finding"
            )
        ]

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
            models.UniqueConstraint(
                fields=["change", "voter", "change_digest"], name="one_vote_per_person_and_plan"
            ),
            models.CheckConstraint(
                condition=Q(voter=None) ^ Q(policy=""), name="a_person_or_the_policy_votes"
            ),
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
