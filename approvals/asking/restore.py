"""Bringing back what was trusted once: from the sealed original that is still kept, or from a file with exactly that fingerprint."""

from collections.abc import Iterable

from django.db import connection
from django.utils.translation import gettext_lazy as _

from approvals.models import ChangeRequest
from certs.errors import NotRestorable
from certs.models import SealedCertificate, TrustConfig
from certs.vault.sealing import kept, seal
from pki.certificate import ParsedCertificate
from pki.plan import Entry
from web.texts import listed

Originals = dict[str, ParsedCertificate | SealedCertificate]


def originals_for(
    trust_config: TrustConfig,
    entries: Iterable[Entry],
    uploaded: Iterable[ParsedCertificate],
    *,
    tenant_id: int | None = None,
    unnamed: Iterable[Entry] = (),
) -> Originals:
    """For each certificate that comes back: the uploaded file, or else the original that this tenant (or, without one, any) keeps.

    :raises NotRestorable: names the fingerprints for which there is neither; those of ``unnamed`` entries are only counted.
    """
    files = {original.facts.sha256_fingerprint: original for original in uploaded}
    found: Originals = {}
    missing = []
    for fingerprint in sorted({entry.sha256_fingerprint for entry in entries}):
        if original := files.get(fingerprint) or kept(tenant_id, trust_config.pk, fingerprint):
            found[fingerprint] = original
        else:
            missing.append(fingerprint)
    hidden = {entry.sha256_fingerprint for entry in unnamed} & set(missing)
    if hidden:
        raise NotRestorable(
            _(
                "The originals of %(count)s entries of other tenants are no longer kept. A security reviewer of the platform must put them back."
            )
            % {"count": len(hidden)}
        )
    if missing:
        raise NotRestorable(
            _(
                "The originals are no longer kept. Upload files with exactly these fingerprints: %(names)s"
            )
            % {"names": listed(missing)}
        )
    return found


def keep_for(change: ChangeRequest, originals: Originals) -> None:
    """Keeps them for a change. Sealed bytes are copied as they are: the web tier cannot open them, and what they are bound to stays."""
    assert connection.in_atomic_block, "an act writes in its caller's transaction"
    for fingerprint, original in originals.items():
        if isinstance(original, ParsedCertificate):
            seal(
                tenant_id=change.tenant_id,
                trust_config=change.trust_config,
                change_id=change.pk,
                der=original.der,
            )
            continue
        SealedCertificate.objects.get_or_create(
            change_id=change.pk,
            sha256_fingerprint=fingerprint,
            defaults={
                "tenant_id": original.tenant_id,
                "trust_config_id": original.trust_config_id,
                "vault_key": original.vault_key,
                "sealed": original.sealed,
            },
        )
