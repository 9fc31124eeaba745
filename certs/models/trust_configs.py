"""Certificates as metadata, trust configs with what was last observed of them, and who holds what in them."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from certs.querysets import CertificateQuerySet, TrustConfigQuerySet, TrustEntryQuerySet
from pki.facts import CertificateFacts
from pki.plan import Entry, Holding
from pki.roles import TrustRole
from tenants.models import Environment, Purpose, Tenant, User


class Role(models.TextChoices):
    TRUST_ANCHOR = TrustRole.TRUST_ANCHOR.value, _("trust anchor")
    INTERMEDIATE_CA = TrustRole.INTERMEDIATE_CA.value, _("intermediate CA")
    ALLOWLISTED = TrustRole.ALLOWLISTED.value, _("allowlisted certificate")


class Certificate(models.Model):
    """A tenant's certificate: fingerprint and metadata only."""

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="certificates")
    sha256_fingerprint = models.CharField(max_length=64)
    spki_sha256 = models.CharField(max_length=64)
    serial_number = models.CharField(max_length=200)
    subject = models.TextField()
    issuer = models.TextField()
    not_before = models.DateTimeField()
    not_after = models.DateTimeField()
    key_algorithm = models.CharField(max_length=64)
    facts = models.JSONField()
    uploaded_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    uploaded_at = models.DateTimeField(auto_now_add=True)
    updated_by = models.CharField(max_length=150, blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = CertificateQuerySet.as_manager()

    class Meta:
        ordering = ["not_after", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "sha256_fingerprint"], name="one_certificate_per_tenant"
            )
        ]
        indexes = [models.Index(fields=["tenant", "not_after", "id"], name="certificate_expiry")]

    def __str__(self) -> str:
        return self.sha256_fingerprint

    def as_facts(self) -> CertificateFacts:
        return CertificateFacts.from_json(self.facts)


class TrustConfig(models.Model):
    """A Certificate Manager trust config that the portal writes, and what was last observed of it."""

    class State(models.TextChoices):
        NAMED = "named", _("Waiting for its first read")
        READY = "ready", _("Ready")
        DRIFTED = "drifted", _("Changed outside the portal")
        UNREADABLE = "unreadable", _("Cannot be read")
        CREATING = "creating", _("Being made at Google")

    class Enforcement(models.TextChoices):
        """``client_validation_mode`` of the ServerTlsPolicy (Network Security API) that uses the trust config."""

        UNKNOWN = "unknown", _("not declared")
        REJECT = "reject", "REJECT_INVALID"
        ALLOW = "allow", "ALLOW_INVALID_OR_MISSING_CLIENT_CERT"

    class Probe(models.TextChoices):
        """What a client with a certificate that nobody trusts meets at the endpoint."""

        UNKNOWN = "unknown", _("not tried")
        REFUSED = "refused", _("refuses untrusted clients")
        ACCEPTED = "accepted", _("lets untrusted clients in")
        UNREACHABLE = "unreachable", _("not reached")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    environment = models.ForeignKey(
        Environment, on_delete=models.PROTECT, related_name="trust_configs"
    )
    purpose = models.CharField(max_length=20, choices=Purpose)
    name = models.CharField(max_length=63)
    tenants = models.ManyToManyField(Tenant, related_name="trust_configs")
    custodian = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=12, choices=State, default=State.NAMED)
    is_made_here = models.BooleanField(
        default=False
    )  # asked for on "New trust config"; else it was there and was registered
    creation_operation = models.CharField(max_length=300, blank=True)
    # What was last observed: the set, our label and the etag, by which read at what time.
    observed_at = models.DateTimeField(null=True)
    observed_etag = models.CharField(max_length=200, blank=True)
    observed_label = models.CharField(max_length=63, blank=True)
    observed_entries = models.JSONField(default=list)
    # One writer at a time: who holds it until when by database time; the fence grows with each holder.
    lease_owner = models.CharField(max_length=64, blank=True)
    lease_until = models.DateTimeField(null=True)
    fence = models.PositiveBigIntegerField(default=0)
    last_revision = models.PositiveBigIntegerField(default=0)
    # Why workers wait (a hindrance in its parts), and how often they have waited in a row.
    waiting_code = models.CharField(max_length=40, blank=True)
    waiting_words = models.TextField(blank=True)
    waiting_rpc = models.CharField(max_length=60, blank=True)
    waiting_reason = models.CharField(max_length=63, blank=True)
    pause_count = models.PositiveIntegerField(default=0)
    # Google's final no to the worker itself (a role, an API): nothing is tried until a person says so.
    blocked_at = models.DateTimeField(null=True)
    # Halved when Google refuses a whole write without naming what it refuses, until only that is left.
    batch_limit = models.PositiveIntegerField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    # What a load balancer does with clients that it does not accept, as a platform admin declared it, and when.
    enforcement = models.CharField(max_length=10, choices=Enforcement, default=Enforcement.UNKNOWN)
    enforcement_policy = models.CharField(max_length=200, blank=True)
    enforcement_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    enforcement_at = models.DateTimeField(null=True)
    # Where a worker connects as an untrusted client, of the endpoints that the platform allows, and what came of it.
    endpoint = models.CharField(max_length=255, blank=True)
    probe = models.CharField(max_length=12, choices=Probe, default=Probe.UNKNOWN, db_column="gate")
    probe_detail = models.CharField(max_length=300, blank=True, db_column="gate_detail")
    probed_at = models.DateTimeField(null=True, db_column="gate_tried_at")

    objects = TrustConfigQuerySet.as_manager()

    class Meta:
        ordering = ["environment__is_production", "environment__slug", "name"]
        constraints = [
            models.UniqueConstraint(
                fields=["environment", "name"], name="one_trust_config_per_name"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["named", "ready", "drifted", "unreadable", "creating"]),
                name="trust_config_state_is_known",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def effect_doubt(self) -> str | Promise:
        """Why a verified write here need not turn anybody away; empty when a policy enforces it.

        As declared: a trust config that no policy enforces protects nothing.
        """
        if self.enforcement == self.Enforcement.REJECT:
            return ""
        if self.enforcement == self.Enforcement.ALLOW:
            return _("the declared policy lets clients in that it does not trust")
        return _("nobody has declared a policy that enforces this trust config")

    @property
    def resource_name(self) -> str:
        """Google's full name: projects/*/locations/*/trustConfigs/*."""
        return f"projects/{self.environment.project}/locations/{self.environment.location}/trustConfigs/{self.name}"

    @property
    def creation_label(self) -> str:
        """Under which the portal makes it: whoever reads it knows by this that it is ours."""
        return f"0-{self.pk}"

    @property
    def observed(self) -> frozenset[Entry]:
        return entries_from_json(self.observed_entries)

    @property
    def is_shared(self) -> bool:
        return self.tenants.count() > 1


class TrustEntry(models.Model):
    """A tenant's claim on one certificate in one role, from when to when, brought and ended by what."""

    class Origin(models.TextChoices):
        PUBLICATION = "publication", _("a change")
        ADOPTED = "adopted", _("adopted when the trust config was registered")
        FOREIGN = "foreign", _("changed outside the portal and taken over")

    trust_config = models.ForeignKey(TrustConfig, on_delete=models.PROTECT, related_name="entries")
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="trust_entries")
    certificate = models.ForeignKey(
        Certificate, on_delete=models.PROTECT, related_name="trust_entries"
    )
    role = models.CharField(max_length=24, choices=Role)
    added_at = models.DateTimeField()
    added_origin = models.CharField(max_length=12, choices=Origin)
    added_publication = models.ForeignKey(
        "Publication", on_delete=models.PROTECT, null=True, related_name="added_entries"
    )
    removed_at = models.DateTimeField(null=True)
    removed_origin = models.CharField(max_length=12, choices=Origin, blank=True)
    removed_publication = models.ForeignKey(
        "Publication", on_delete=models.PROTECT, null=True, related_name="removed_entries"
    )

    objects = TrustEntryQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["trust_config", "tenant", "certificate", "role"],
                condition=Q(removed_at=None),
                name="one_open_entry_each",
            ),
            models.CheckConstraint(condition=Q(role__in=Role.values), name="entry_role_is_known"),
        ]

    def __str__(self) -> str:
        return f"{self.role} {self.certificate_id}"

    @property
    def holding(self) -> Holding:
        return Holding(
            self.tenant_id, Entry(TrustRole(self.role), self.certificate.sha256_fingerprint)
        )


def entries_from_json(rows: list[list[str]]) -> frozenset[Entry]:
    return frozenset(Entry(TrustRole(role), fingerprint) for role, fingerprint in rows)


def entries_to_json(entries: frozenset[Entry]) -> list[list[str]]:
    return sorted([entry.role.value, entry.sha256_fingerprint] for entry in entries)
