"""Sealed originals and the keys that they are sealed to."""

from django.db import models

from certs.models.trust_configs import TrustConfig
from tenants.models import Environment, Purpose, Tenant


class VaultKey(models.Model):
    """The key pair to which a tenant's originals are sealed. The private half is here only as Cloud KMS wrapped it."""

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="vault_keys")
    environment = models.ForeignKey(Environment, on_delete=models.PROTECT)
    purpose = models.CharField(max_length=20, choices=Purpose)
    identifier = models.UUIDField(unique=True)
    public_key = models.BinaryField()
    wrapped_private_key = models.BinaryField()
    kms_key_version = models.CharField(max_length=300)
    format_version = models.PositiveSmallIntegerField()
    created_at = models.DateTimeField(auto_now_add=True)
    serves_until = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(
                fields=["tenant", "environment", "purpose", "-serves_until"],
                name="vault_key_current",
            )
        ]

    def __str__(self) -> str:
        return str(self.identifier)


class SealedCertificate(models.Model):
    """An original, sealed (HPKE) to a vault key, for as long as one change may need it (design: retention ``none``).

    ``change_id`` is that change's plain id: this app knows no changes.
    """

    vault_key = models.ForeignKey(VaultKey, on_delete=models.PROTECT, related_name="sealed")
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="sealed")
    trust_config = models.ForeignKey(TrustConfig, on_delete=models.PROTECT, related_name="sealed")
    change_id = models.BigIntegerField()
    sha256_fingerprint = models.CharField(max_length=64)
    sealed = models.BinaryField()
    sealed_at = models.DateTimeField(auto_now_add=True)
    # Empty while the change is under way; then the end of its rollback window.
    keep_until = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["change_id", "sha256_fingerprint"], name="sealed_once_per_change"
            )
        ]
        indexes = [
            models.Index(fields=["keep_until"], name="sealed_keep_until"),
            models.Index(
                fields=["tenant", "trust_config", "sha256_fingerprint"], name="sealed_lookup"
            ),
        ]

    def __str__(self) -> str:
        return self.sha256_fingerprint
