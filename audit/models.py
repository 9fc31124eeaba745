"""Insert-only rows. ``payload`` is the evidence; every other column is a copy of it, for search."""

import json

from django.db import models
from django.db.models import Q
from django.db.models.functions import Right
from django.utils.functional import cached_property

from audit.log import Json


class AuditEvent(models.Model):
    payload = models.BinaryField()
    leaf_hash = models.BinaryField()
    at = models.DateTimeField()
    type = models.CharField(max_length=64)
    tenant_id = models.BigIntegerField(null=True)
    actor_kind = models.CharField(max_length=16)
    actor_id = models.CharField(max_length=100)
    subject_kind = models.CharField(max_length=32)
    subject_id = models.CharField(max_length=100)
    environment = models.CharField(max_length=64, blank=True)
    trust_config_id = models.CharField(max_length=36, blank=True)
    change_number = models.PositiveBigIntegerField(null=True)
    result = models.CharField(max_length=16)

    class Meta:
        indexes = [
            models.Index(fields=["tenant_id", "-id"], name="event_tenant"),
            models.Index(fields=["subject_kind", "subject_id", "-id"], name="event_subject"),
            models.Index(fields=["type", "-id"], name="event_type"),
            models.Index(fields=["actor_kind", "actor_id", "-id"], name="event_actor"),
            models.Index(fields=["trust_config_id", "-id"], name="event_trust_config"),
            models.Index(fields=["tenant_id", "change_number", "-id"], name="event_change"),
            models.Index(fields=["at"], name="event_at"),
            models.Index(fields=["environment", "-id"], name="event_environment"),
            models.Index(fields=["result", "-id"], name="event_not_ok", condition=~Q(result="ok")),
            models.Index(
                fields=["tenant_id", "result", "-id"],
                name="event_tenant_not_ok",
                condition=~Q(result="ok"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pk} {self.type}"

    @cached_property
    def recorded(self) -> Json:
        """The recorded facts, read from the evidence itself and not from its copies."""
        loaded: Json = json.loads(bytes(self.payload))
        return loaded


class AuditFingerprint(models.Model):
    """Which certificates an event is about, so that a certificate's history is one indexed query."""

    event = models.ForeignKey(AuditEvent, on_delete=models.PROTECT, related_name="fingerprints")
    sha256_fingerprint = models.CharField(max_length=64)

    class Meta:
        indexes = [
            models.Index(fields=["sha256_fingerprint", "-event"], name="event_fingerprint"),
            # The form in which pages show one.
            models.Index(Right("sha256_fingerprint", 8), name="event_short_fingerprint"),
        ]

    def __str__(self) -> str:
        return self.sha256_fingerprint


class AuditPersonal(models.Model):
    """The erasable part of an event: who it was by name. The payload holds only its salted hash."""

    event = models.OneToOneField(
        AuditEvent, on_delete=models.PROTECT, primary_key=True, related_name="personal"
    )
    salt = models.BinaryField()
    name = models.CharField(max_length=200, blank=True)
    email = models.CharField(max_length=254, blank=True)
    ip = models.CharField(max_length=45, blank=True)

    def __str__(self) -> str:
        return self.name


class AnonymousRefusal(models.Model):
    """A counter of one minute, until it becomes an event."""

    minute = models.DateTimeField()
    kind = models.CharField(max_length=32)
    count = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["minute", "kind"], name="one_counter_per_minute")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.minute}: {self.count}"
