"""What stands in the way of asking: a trust config that takes no changes, and another open change of the same certificate."""

from collections.abc import Iterable
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from approvals.errors import ConflictingChange
from approvals.locks import lock_trust_config
from approvals.models import ChangeRequest
from certs.errors import TrustConfigNotReady
from certs.models import TrustConfig
from certs.vault.sealing import require_vault_key
from pki.plan import Entry
from tenants.errors import UnknownObject
from tenants.models import Tenant
from web.texts import listed


def open_trust_config(tenant: Tenant, trust_config_id: UUID | str) -> TrustConfig:
    """The locked trust config, if this tenant may ask for changes of it now.

    :raises UnknownObject: when it does not serve the tenant.
    :raises TrustConfigNotReady: before its first read and while live is not what was last observed.
    :raises VaultClosed: before the tenant's vault key exists.
    """
    if not TrustConfig.objects.for_tenant(tenant.pk).filter(pk=trust_config_id).exists():
        raise UnknownObject
    trust_config = lock_trust_config(trust_config_id)
    if trust_config.state != TrustConfig.State.READY:
        raise TrustConfigNotReady(
            _("This trust config takes no changes now: %(state)s.")
            % {"state": TrustConfig.State(trust_config.state).label}
        )
    require_vault_key(tenant.pk, trust_config)
    return trust_config


def conflicting(trust_config: TrustConfig, fingerprints: Iterable[str]) -> list[ChangeRequest]:
    """Open changes of this trust config that name one of these certificates, or will when their overlap ends."""
    wanted = set(fingerprints)
    changes = (
        ChangeRequest.objects.open()
        .filter(trust_config=trust_config)
        .select_related("tenant", "trust_config__environment")
    )
    naming = changes.filter(items__sha256_fingerprint__in=wanted).distinct()
    later = changes.filter(later_removals__sha256_fingerprint__in=wanted).distinct()
    return list({change.pk: change for change in [*naming, *later]}.values())


def refuse_conflicts(tenant: Tenant, conflicts: list[ChangeRequest]) -> None:
    """:raises ConflictingChange: when there are any; names those of the same tenant only."""
    if conflicts:
        mine = listed(f"#{change.number}" for change in conflicts if change.tenant_id == tenant.pk)
        where = mine or _("another tenant's change")
        raise ConflictingChange(
            _(
                "Another open change has one of these certificates in this trust config: %(where)s. Wait for it or withdraw it first."
            )
            % {"where": where}
        )


def refuse_beside_others(
    tenant: Tenant, trust_config: TrustConfig, entries: Iterable[Entry]
) -> None:
    """A way back waits for every open change of one of these certificates.

    :raises ConflictingChange:
    """
    fingerprints = {entry.sha256_fingerprint for entry in entries}
    refuse_conflicts(tenant, conflicting(trust_config, fingerprints))
