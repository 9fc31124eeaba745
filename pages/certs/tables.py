"""Lists of certificates, trust configs, golden clients and simulations."""

from dataclasses import dataclass

import django_tables2 as tables
from django.utils.translation import gettext_lazy as _

from certs.models import GoldenClient, TrustConfig
from tenants.access import Verdict
from web.lists import ListTable, cells


class CertificateTable(ListTable):
    """The page gives ``places`` (entries by certificate id) and ``revoked`` (change number by fingerprint)."""

    certificate = cells("certs", "certificate", _("Certificate"), order_by=("not_after", "pk"))
    serial_number = tables.Column(
        verbose_name=_("Serial number"), attrs={"td": {"class": "mono serial"}}, orderable=False
    )
    trusted_in = cells("certs", "trusted_in", _("Trusted in"), orderable=False)
    uploaded = cells("certs", "uploaded", _("Uploaded"), order_by=("uploaded_at", "pk"))
    updated = cells("certs", "updated", _("Updated"), order_by=("updated_at", "pk"))

    class Meta(ListTable.Meta):
        orderable = True
        empty_text = _(
            "No certificate fits. Certificates come with changes, and with trust configs that are registered."
        )


@dataclass(frozen=True)
class TrustConfigRow:
    """A trust config with its live entries by role, and how many changes of it are under way."""

    trust_config: TrustConfig
    counts: list[tuple[str, int]]
    pending: int


class TrustConfigTable(ListTable):
    environment = cells(
        "certs",
        "environment",
        _("Environment"),
        order_by=("trust_config__environment__slug", "trust_config__name"),
    )
    name = cells("certs", "trust_config", _("Trust config"), order_by="trust_config__name")
    state = cells("certs", "state", _("State"), orderable=False)
    live = cells("certs", "live", _("Live"), orderable=False)
    pending = tables.Column(verbose_name=_("Changes under way"))
    observed = cells("certs", "observed", _("Last observed"), order_by="trust_config__observed_at")

    class Meta(ListTable.Meta):
        orderable = True
        empty_text = _(
            "This tenant has no trust config yet. A platform admin registers one with: manage.py register_trust_config"
        )


@dataclass(frozen=True)
class GoldenClientRow:
    """A golden client and, where its removal waits, whether the reader may decide on that."""

    client: GoldenClient
    may_decide: Verdict | None


class GoldenClientTable(ListTable):
    client = cells("certs", "golden_client", _("Client"))
    trust_config = cells("certs", "guarded", _("Trust config"))
    predicted = cells("certs", "predicted", _("Live, predicted"))
    kept = cells("certs", "kept_since", _("Kept since"))
    removal = cells("certs", "removal", _("Removal"))

    class Meta(ListTable.Meta):
        empty_text = _("None yet. Keep one for each kind of client that must not be locked out.")


class SimulationTable(ListTable):
    client = cells("certs", "simulated", _("Client"))
    trust_config = cells("certs", "simulated_on", _("Trust config"))
    asked = cells("certs", "asked", _("Asked"))
    answer = cells("certs", "answer", _("Answer"))

    class Meta(ListTable.Meta):
        empty_text = _("Nobody has asked yet.")
