"""Asking whether a client gets in: the question is sealed, so that only a worker can read it, and deleted with its answer."""

import json
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from approvals.draft import Addition, Removal
from approvals.models import ChangeRequest
from approvals.states import OPEN
from audit.events import Actor
from certs.models import Simulation, TrustConfig
from certs.vault.sealing import SIMULATION, seal_text
from jobs import clock
from jobs.queue import enqueue, left_behind
from pki.certificate import ParsedCertificate
from tenants.errors import BadValue, NotPossible, UnknownObject
from tenants.locks import lock_tenant

MOST_CERTIFICATES = 20
MOST_WAITING = 20
MOST_AT_ONCE = 500


@dataclass(frozen=True)
class Draft:
    """A change that is only being written: what it would add and remove."""

    additions: tuple[Addition, ...] = ()
    removals: tuple[Removal, ...] = ()


def ask(
    *,
    actor: Actor,
    tenant_id: int,
    trust_config_id: str,
    chain: list[ParsedCertificate],
    change_number: int | None = None,
    draft: Draft | None = None,
    judged_at: datetime | None = None,
) -> int:
    """Asks a worker what the load balancer would answer to this chain; returns the simulation's id.

    The answer is for what is live and, with a change or a draft of one, for what would be live after it.

    :raises BadValue: without a certificate, or with more than 20.
    :raises UnknownObject: when the trust config or the open change is not this tenant's.
    :raises NotPossible: while 20 questions of the tenant wait.
    :raises VaultClosed:
    """
    if not chain or len(chain) > MOST_CERTIFICATES:
        raise BadValue(
            _(
                "Give the client's certificate, with the intermediate CAs that it sends: at most %(limit)s."
            )
            % {"limit": MOST_CERTIFICATES}
        )
    draft = draft or Draft()
    with transaction.atomic(durable=True):
        tenant = lock_tenant(tenant_id)
        trust_config = (
            TrustConfig.objects.for_tenant(tenant_id)
            .select_related("environment")
            .filter(pk=trust_config_id)
            .first()
        )
        if trust_config is None:
            raise UnknownObject
        changes = ChangeRequest.objects.for_tenant(tenant_id).filter(
            trust_config=trust_config, state__in=OPEN, number=change_number or 0
        )
        if change_number is not None and not changes.exists():
            raise BadValue(
                _("No change #%(number)s of this trust config is under way.")
                % {"number": change_number}
            )
        if Simulation.objects.filter(tenant=tenant, answered_at=None).count() >= MOST_WAITING:
            raise NotPossible(
                _(
                    "%(limit)s questions of this tenant wait for their answers already. Try again in a minute."
                )
                % {"limit": MOST_WAITING}
            )
        content = {
            "chain": [one.pem for one in chain],
            "additions": [addition.certificate.pem for addition in draft.additions],
        }
        vault_key, digest, sealed = seal_text(
            tenant_id=tenant_id,
            trust_config=trust_config,
            kind=SIMULATION,
            text=json.dumps(content).encode(),
        )
        simulation = Simulation.objects.create(
            tenant=tenant,
            trust_config=trust_config,
            change_number=change_number,
            steps=_steps(draft),
            judged_at=judged_at or clock.now(),
            sha256_fingerprint=chain[0].facts.sha256_fingerprint,
            subject=chain[0].facts.subject,
            content_sha256=digest,
            vault_key=vault_key,
            sealed=sealed,
            asked_by_id=actor.user_id,
        )
        enqueue("simulate", simulation.pk, queue=trust_config.environment.queue)
    return simulation.pk


def ask_again() -> None:
    """Questions that no job answers any more are asked for anew: it was given up, or lost."""
    with transaction.atomic(durable=True):
        waiting = Simulation.objects.filter(answered_at=None).select_related(
            "trust_config__environment"
        )
        queues = {str(one.pk): one.trust_config.environment.queue for one in waiting[:MOST_AT_ONCE]}
        for subject in left_behind("simulate", queues):
            enqueue("simulate", subject, queue=queues[subject])


def forget_old(*, before: datetime) -> None:
    """Deletes simulations that were asked for before an instant."""
    with transaction.atomic(durable=True):
        Simulation.objects.filter(asked_at__lt=before).delete()


def _steps(draft: Draft) -> list[list[str]]:
    added = [
        ["add", addition.role, addition.certificate.facts.sha256_fingerprint]
        for addition in draft.additions
    ]
    return [
        *added,
        *(["remove", removal.role, removal.sha256_fingerprint] for removal in draft.removals),
    ]
