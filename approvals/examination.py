"""What only a worker can say of a change: it opens the originals, verifies signatures, lints, and tries the golden clients."""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.utils import timezone

from approvals.checks import last_seen_by_worker
from approvals.models import ChangeRequest
from certs.errors import CertsError
from certs.golden import Tried, locked_out, try_all
from certs.live import Live
from certs.models import TrustConfig, TrustEntry
from certs.opening import open_sealed
from certs.sealing import kept
from gcp.errors import CloudError
from pki.certificate import ParsedCertificate, canonical_pem, der_of_pem, parse
from pki.findings import Finding, Severity
from pki.lint import lint
from pki.plan import Action, Entry, Step, apply_steps, difference, entries_of
from pki.roles import Purpose
from pki.signatures import judge_signatures

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Examination:
    """``tried`` are the golden clients with their answers for what is live."""

    findings: list[Finding] = field(default_factory=list)
    tried: list[Tried] = field(default_factory=list)


def examine(change: ChangeRequest, live: Live, *, at: datetime) -> Examination:
    """Looks at the originals of a change and at its golden clients. No transaction may be open: Cloud KMS is asked.

    :raises gcp.errors.CloudError: when Cloud KMS does not answer and there are golden clients to be tried.
    """
    tried = try_all(change.trust_config, live.pems, at=at)
    try:
        additions = originals_of(change, live)
    except CloudError as error:
        if tried:
            raise
        return Examination([Finding("LINT-02", Severity.INFO, "", {"count": str(len(change.steps)), "reason": error.code})])
    at_hand = {entry.sha256_fingerprint: ParsedCertificate(live.facts[entry.sha256_fingerprint], der_of_pem(pem)) for entry, pem in live.pems.items()}
    at_hand |= {certificate.facts.sha256_fingerprint: certificate for certificate in additions}
    pems = {certificate.facts.sha256_fingerprint: certificate.pem for certificate in additions}
    findings = [*judge_signatures(additions, at_hand), *lint(additions), *_locked_out(change, live, tried, pems, at=at)]
    return Examination(findings, tried)


def foresee_all(due: Iterable[ChangeRequest], live: Live, opened: Mapping[str, str]) -> dict[int, list[Finding]]:
    """Just before a write: which golden clients each due change would lock out. ``opened`` are its originals as PEM.

    Empty when Cloud KMS does not open their chains: they were tried when the plan was made, and an urgent removal waits for nothing.
    """
    due, at = list(due), timezone.now()
    if not due:
        return {}
    try:
        tried = try_all(due[0].trust_config, live.pems, at=at)
    except (CloudError, CertsError) as error:
        logger.warning("golden clients were not tried before a write (%s)", error.code)
        return {}
    return {change.pk: [*_unrelated(change), *_locked_out(change, live, tried, opened, at=at)] for change in due} if tried else {}


def _unrelated(change: ChangeRequest) -> list[Finding]:
    """What the last look at the originals said of anything but golden clients: that does not change with time."""
    return [finding for finding in last_seen_by_worker(change) if finding.code != "EST-GOLDEN-01"]


def _locked_out(change: ChangeRequest, live: Live, tried: list[Tried], opened: Mapping[str, str], *, at: datetime) -> list[Finding]:
    if not tried:
        return []
    after = projected(change.trust_config, change.tenant_id, change.steps, live, opened)
    return locked_out(tried, after, Purpose(change.trust_config.purpose), change.tenant_id, at=at)


def projected(trust_config: TrustConfig, tenant_id: int, steps: Iterable[Step], live: Live, opened: Mapping[str, str]) -> dict[Entry, str]:
    """The entries, each with its PEM, that would be live after these steps alone; others' claims keep what they hold."""
    before = TrustEntry.objects.filter(trust_config=trust_config).holdings()
    found = difference(entries_of(before), entries_of(apply_steps(before, tenant_id, steps)))
    pems = {entry: pem for entry, pem in live.pems.items() if entry not in found.removed}
    by_fingerprint = {entry.sha256_fingerprint: pem for entry, pem in live.pems.items()} | dict(opened)
    return pems | {entry: by_fingerprint[entry.sha256_fingerprint] for entry in found.added if entry.sha256_fingerprint in by_fingerprint}


def originals_of(change: ChangeRequest, live: Live) -> list[ParsedCertificate]:
    """The change's own certificates, opened; one that is live already is taken from there.

    :raises gcp.errors.CloudError: when Cloud KMS does not answer.
    """
    found = []
    by_fingerprint = {entry.sha256_fingerprint: pem for entry, pem in live.pems.items()}
    for item in change.items.all():
        if item.action != Action.ADD:
            continue
        if pem := by_fingerprint.get(item.sha256_fingerprint):
            found.append(parse(der_of_pem(pem)))
        elif sealed := kept(change.tenant_id, change.trust_config_id, item.sha256_fingerprint):
            try:
                found.append(parse(der_of_pem(canonical_pem(open_sealed(sealed)))))
            except CertsError as error:  # publishing will hold the change with this reason; here there is nothing to look at
                logger.warning("an original could not be opened for its examination (%s)", error.code)
    return found
