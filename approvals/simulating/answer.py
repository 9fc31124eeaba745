"""A worker answers a simulation: live as it reads it now, and what would be live after the change in question."""

import json
from collections.abc import Mapping

from django.db import transaction

from approvals.judging.originals import originals_of
from approvals.judging.projection import as_live
from approvals.models import ChangeRequest
from approvals.states import OPEN
from certs.errors import WrongOriginal
from certs.golden_clients.standing import for_tenant, own_fingerprints, trust_store_of
from certs.models import Simulation
from certs.trust_configs.live import Live
from certs.trust_configs.publishing import read_live
from certs.vault.opening import open_text
from certs.vault.sealing import SIMULATION
from jobs import clock
from pki import bundle
from pki.certificate import ParsedCertificate
from pki.plan import Action, Entry, Step
from pki.roles import Purpose, TrustRole
from pki.simulate import Verdict, simulate


def answer(*, simulation_id: int) -> None:
    """Answers once, and deletes what was pasted.

    :raises gcp.errors.CloudError: when live cannot be read or Cloud KMS does not answer; the job tries again.
    """
    simulation = (
        Simulation.objects.select_related("trust_config__environment", "vault_key")
        .filter(pk=simulation_id, answered_at=None)
        .first()
    )
    if simulation is None:
        return
    live = read_live(simulation.trust_config)
    try:
        content = json.loads(
            open_text(
                simulation.vault_key,
                SIMULATION,
                simulation.content_sha256,
                bytes(simulation.sealed),
            )
        )
    except WrongOriginal:
        content = {"chain": [], "additions": []}
    chain = _read(content["chain"])
    answers = [_said("live", simulation, chain, live.pems)]
    if simulation.steps:
        opened = {one.facts.sha256_fingerprint: one.pem for one in _read(content["additions"])}
        answers.append(
            _said(
                "change",
                simulation,
                chain,
                as_live(simulation.trust_config, live)
                .after(simulation.tenant_id, _steps(simulation), opened)
                .pems,
            )
        )
    elif (after := _after_change(simulation, live)) is not None:
        answers.append(_said("change", simulation, chain, after))
    with transaction.atomic(durable=True):
        simulation = Simulation.objects.select_for_update(of=("self",)).get(pk=simulation_id)
        simulation.answers, simulation.answered_at, simulation.sealed = answers, clock.now(), b""
        simulation.save(update_fields=["answers", "answered_at", "sealed"])


def _after_change(simulation: Simulation, live: Live) -> Mapping[Entry, str] | None:
    """What would be live after the stored change; None without one, or when it is no longer open."""
    changes = ChangeRequest.objects.for_tenant(simulation.tenant_id).filter(
        number=simulation.change_number or 0, state__in=OPEN
    )
    change = changes.select_related("trust_config__environment").first()
    if change is None:
        return None
    opened = {one.facts.sha256_fingerprint: one.pem for one in originals_of(change, live)}
    return as_live(change.trust_config, live).after(change.tenant_id, change.steps, opened).pems


def _said(
    where: str, simulation: Simulation, chain: list[ParsedCertificate], pems: Mapping[Entry, str]
) -> dict[str, object]:
    purpose = Purpose(simulation.trust_config.purpose)
    verdict: Verdict = simulate(
        trust_store_of(pems), [one.der for one in chain], purpose=purpose, at=simulation.judged_at
    )
    own = own_fingerprints(simulation.trust_config, simulation.tenant_id) | {
        one.facts.sha256_fingerprint for one in chain
    }
    return {
        "where": where,
        "code": verdict.code,
        "evidence": for_tenant(verdict, own),
        "path": list(verdict.path),
    }


def _steps(simulation: Simulation) -> list[Step]:
    return [
        Step(Action(action), Entry(TrustRole(role), fingerprint))
        for action, role, fingerprint in simulation.steps
    ]


def _read(pems: list[str]) -> list[ParsedCertificate]:
    return bundle.read([("", pem.encode()) for pem in pems]).certificates if pems else []
