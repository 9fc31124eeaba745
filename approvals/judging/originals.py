"""What only a worker can say of a change: it opens the originals, verifies signatures, lints, and tries the golden clients."""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from approvals.judging.judge import last_seen_by_worker
from approvals.judging.projection import Projected, as_live
from approvals.models import ChangeRequest
from certs.errors import CertsError
from certs.golden_clients.standing import Tried, locked_out, try_all
from certs.trust_configs.live import Live
from certs.vault.opening import open_sealed
from certs.vault.sealing import kept
from gcp.errors import CloudError
from jobs import clock
from pki.certificate import ParsedCertificate, canonical_pem, der_of_pem, parse
from pki.findings import Finding, Severity
from pki.lint import lint
from pki.plan import Action
from pki.roles import Purpose
from pki.signatures import judge_signatures
from tenants.policies import in_force

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Examination:
    """``tried`` are the golden clients with their answers for what is live."""

    findings: list[Finding] = field(default_factory=list)
    tried: list[Tried] = field(default_factory=list)


def examine(change: ChangeRequest, live: Live, *, at: datetime) -> Examination:
    """Looks at the originals of a change and at its golden clients. No transaction may be open: Cloud KMS is asked.

    :raises gcp.errors.CloudError: when Cloud KMS does not answer and the change adds something: nobody would have looked at
        its signatures. A change that only removes waits for nothing, and says that the golden clients were not tried.
    """
    try:
        tried = try_all(change.trust_config, live.pems, at=at)
        additions = originals_of(change, live)
        pems = {certificate.facts.sha256_fingerprint: certificate.pem for certificate in additions}
        base = _with_approved(change, live) if tried else as_live(change.trust_config, live)
    except CloudError as error:
        if not change.only_removes:
            raise
        return Examination([Finding("EST-GOLDEN-02", Severity.WARNING, "", {"reason": error.code})])
    at_hand = {
        entry.sha256_fingerprint: ParsedCertificate(
            live.facts[entry.sha256_fingerprint], der_of_pem(pem)
        )
        for entry, pem in live.pems.items()
    }
    policies = in_force(change.tenant_id, at).policies
    findings = [*judge_signatures(additions, at_hand, policies), *lint(additions)]
    if tried:
        after = base.after(change.tenant_id, change.steps, pems)
        findings += locked_out(
            tried, after.pems, Purpose(change.trust_config.purpose), change.tenant_id, at=at
        )
    return Examination(findings, tried)


def foresee_all(
    due: Iterable[ChangeRequest], live: Live, opened: Mapping[str, str], *, waits: bool
) -> dict[int, list[Finding]]:
    """Just before a write: which golden clients the due changes would lock out, cumulatively.

    ``opened`` are their originals as PEM. A change that would be sent back for it does not count
    for those after it. Empty when no golden client is kept.

    :raises gcp.errors.CloudError: when Cloud KMS does not open the chains and the changes wait for
        it. An urgent removal waits for nothing (``waits`` is false): then they are not tried.
    """
    due, at = list(due), clock.now()
    if not due:
        return {}
    trust_config = due[0].trust_config
    try:
        tried = try_all(trust_config, live.pems, at=at)
    except CloudError as error:
        if waits:
            raise
        logger.warning("golden clients were not tried before an urgent write (%s)", error.code)
        return {}
    except CertsError as error:  # one that cannot be opened at all must not stop everybody
        logger.warning("golden clients were not tried before a write (%s)", error.code)
        return {}
    if not tried:
        return {}
    found: dict[int, list[Finding]] = {}
    base, purpose = as_live(trust_config, live), Purpose(trust_config.purpose)
    for change in due:
        after = base.after(change.tenant_id, change.steps, opened)
        locked = locked_out(tried, after.pems, purpose, change.tenant_id, at=at)
        found[change.pk] = [
            *(one for one in last_seen_by_worker(change) if one.code != "EST-GOLDEN-01"),
            *locked,
        ]
        if not {one.key for one in locked} - {
            (one.code, one.sha256_fingerprint) for one in change.findings.all()
        }:
            base = after
    return found


def _with_approved(change: ChangeRequest, live: Live) -> Projected:
    """Live with the other approved changes on top of it."""
    base = as_live(change.trust_config, live)
    others = (
        ChangeRequest.objects.due(change.trust_config_id)
        .exclude(pk=change.pk)
        .select_related("trust_config")
    )
    for other in others:
        opened = {one.facts.sha256_fingerprint: one.pem for one in originals_of(other, live)}
        base = base.after(other.tenant_id, other.steps, opened)
    return base


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
                logger.warning(
                    "an original could not be opened for its examination (%s)", error.code
                )
    return found
