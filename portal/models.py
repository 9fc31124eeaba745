"""What the portal itself keeps: counts of attempts, for the time that Redis is away."""

from django.db import models


class KeptEntry(models.Model):
    """One entry of the cache. ``value`` is JSON under a signature of ours; what is past ``expires_at`` counts no more."""

    key = models.CharField(max_length=250, primary_key=True)
    value = models.TextField()
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.key
