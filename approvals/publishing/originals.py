"""Opening the originals that a write adds, before any transaction."""

from dataclasses import dataclass, field

from approvals.models import ChangeRequest
from certs.errors import CertsError, NotRestorable
from certs.hindrance import Hindrance
from certs.trust_configs.live import Live
from certs.vault.opening import open_sealed
from certs.vault.sealing import kept
from gcp.errors import FINAL, CloudError, CloudUnavailable
from pki.certificate import canonical_pem
from pki.plan import Action


@dataclass
class Opened:
    """Originals opened for a write, as canonical PEM by fingerprint, and the changes that could not be opened."""

    pems: dict[str, str] = field(default_factory=dict)
    refused: dict[int, Hindrance] = field(default_factory=dict)
    waiting: dict[int, CloudError] = field(default_factory=dict)


def open_additions(due: list[ChangeRequest], live: Live) -> Opened:
    """Opens what is to be added and is not live yet. No transaction is open, since Cloud KMS is asked.

    Once it gave no answer, nobody else waits for another one: one deadline, however many changes are due.

    :raises CloudError: when Cloud KMS answers nothing and no change can go without it.
    """
    opened = Opened()
    silence: CloudError | None = None
    for change in due:
        missing = [
            item.sha256_fingerprint
            for item in change.items.all()
            if item.action == Action.ADD and item.step.entry not in live.pems
        ]
        if missing and silence:
            opened.waiting[change.pk] = silence
            continue
        try:
            for fingerprint in missing:
                opened.pems[fingerprint] = _original(change, fingerprint)
        except (CertsError, *FINAL) as error:
            opened.refused[change.pk] = Hindrance.of(error)
        except CloudUnavailable as error:
            opened.waiting[change.pk] = silence = error
        except CloudError as error:
            opened.waiting[change.pk] = error
    if due and len(opened.waiting) == len(due):
        raise next(iter(opened.waiting.values()))
    return opened


def _original(change: ChangeRequest, fingerprint: str) -> str:
    sealed = kept(change.tenant_id, change.trust_config_id, fingerprint)
    if sealed is None:
        raise NotRestorable("The sealed original is gone.")
    return canonical_pem(open_sealed(sealed))
