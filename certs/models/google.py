"""What workers share about a Google project: what is left of its quota, and whether it answers."""

from django.db import models
from django.db.models.functions import Now

from certs.hindrance import Hindrance


class GoogleProject(models.Model):
    """One row per project. Google counts its quotas per project, and a project that does not answer fails as a whole.

    ``reads_at`` and ``writes_at`` are how far ahead the calls made so far have booked the project, at the pace allowed.
    """

    project = models.CharField(max_length=100, unique=True)
    reads_at = models.DateTimeField(db_default=Now())
    writes_at = models.DateTimeField(db_default=Now())
    # Calls in a row that got no answer in time; until ``rests_until`` nobody waits for another one.
    silence_count = models.PositiveIntegerField(default=0)
    rests_until = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return self.project


class GoogleLocation(models.Model):
    """What a sweep has listed in one location of a project: every trust config there, known to the portal or not.

    While Google refuses the sweep, ``refused_at`` says since when: a change outside the portal would go unnoticed.
    """

    project = models.CharField(max_length=100)
    location = models.CharField(max_length=63)
    listed_at = models.DateTimeField(null=True)
    names = models.JSONField(default=list)
    refused_at = models.DateTimeField(null=True)
    refused_code = models.CharField(max_length=40, blank=True)
    refused_words = models.TextField(blank=True)
    refused_rpc = models.CharField(max_length=60, blank=True)
    refused_reason = models.CharField(max_length=63, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "location"], name="one_row_per_location")
        ]

    def __str__(self) -> str:
        return f"{self.project}/{self.location}"

    @property
    def hindrance(self) -> Hindrance:
        """Why Google refuses the sweep; without a code while it does not."""
        return Hindrance(
            self.refused_code, self.refused_words, self.refused_rpc, self.refused_reason
        )
