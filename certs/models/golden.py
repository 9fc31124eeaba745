"""Clients that must get in, and questions whether one would."""

from django.db import models

from certs.models.trust_configs import TrustConfig
from certs.models.vault import VaultKey
from tenants.models import Tenant, User


class GoldenClient(models.Model):
    """A client that must get in: its chain, sealed, and what the simulator last predicted for it (live, as last read)."""

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="golden_clients")
    trust_config = models.ForeignKey(
        TrustConfig, on_delete=models.PROTECT, related_name="golden_clients"
    )
    name = models.CharField(max_length=100)
    sha256_fingerprint = models.CharField(max_length=64)
    subject = models.TextField()
    not_after = models.DateTimeField()
    chain_sha256 = models.CharField(max_length=64)
    vault_key = models.ForeignKey(VaultKey, on_delete=models.PROTECT, related_name="+")
    sealed = models.BinaryField()
    added_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    added_at = models.DateTimeField(auto_now_add=True)
    tried_at = models.DateTimeField(null=True)
    tried_code = models.CharField(max_length=20, blank=True)
    tried_evidence = models.JSONField(default=dict)
    # The path by which it gets in, as fingerprints from its own certificate to its trust anchor, and
    # the revision digest of the set for which that was predicted. Empty until it is tried again.
    tried_path = models.JSONField(default=list)
    tried_digest = models.CharField(max_length=64, blank=True)
    # Somebody asked that it is kept no more, and a reviewer must confirm that.
    removal_asked_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, related_name="+"
    )
    removal_asked_at = models.DateTimeField(null=True)
    removal_reason = models.TextField(blank=True)

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "trust_config", "sha256_fingerprint"],
                name="one_golden_client_each",
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_removed_by_review(self) -> bool:
        """Whether a second person must agree before it guards no more.

        Where changes pass without a person, in production, and where others rely on the same trust
        config: there, removing the guard first would open what it guards.
        """
        trust_config = self.trust_config
        is_exposed = trust_config.is_shared or trust_config.environment.is_production
        return self.tenant.is_self_service or is_exposed


class Simulation(models.Model):
    """A question whether a client gets in, asked on a page and answered by a worker. What was pasted is deleted with the answer.

    ``steps`` are those of a change that is only being written; ``change_number`` is a change's plain number: this app knows none.
    """

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="simulations")
    trust_config = models.ForeignKey(
        TrustConfig, on_delete=models.PROTECT, related_name="simulations"
    )
    change_number = models.PositiveBigIntegerField(null=True)
    steps = models.JSONField(default=list)
    judged_at = models.DateTimeField()
    sha256_fingerprint = models.CharField(max_length=64)
    subject = models.TextField()
    content_sha256 = models.CharField(max_length=64)
    vault_key = models.ForeignKey(VaultKey, on_delete=models.PROTECT, related_name="+")
    sealed = models.BinaryField()
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(auto_now_add=True)
    answered_at = models.DateTimeField(null=True)
    answers = models.JSONField(default=list)

    class Meta:
        ordering = ["-pk"]
        indexes = [models.Index(fields=["tenant", "-id"], name="simulation_tenant")]

    def __str__(self) -> str:
        return f"simulation {self.pk}"
