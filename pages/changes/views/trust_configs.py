"""What people decide on a whole trust config: its drift, and trying again."""

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from approvals.asking import resolve_drift
from approvals.deciding import retry
from approvals.errors import BadChange
from pages.certs.trust_configs import act_on_trust_config
from pages.changes.forms import DriftForm
from pages.fields import cleaned
from pages.page_access import TenantRequest, tenant_page
from pki.catalogue import text_of
from tenants.actors import actor_of


@tenant_page(methods=("POST",))
def drift_adopt(request: TenantRequest, trust_config_id: str) -> HttpResponse:
    def act() -> str:
        data = cleaned(DriftForm(request.POST))
        slug, number = resolve_drift.adopt(
            actor=actor_of(request),
            tenant_id=request.tenant.pk,
            trust_config_id=trust_config_id,
            digest=data["digest"],
            reason=data["reason"],
            names_revocation=data["names_revocation"],
        )
        return reverse("approvals:change-detail", args=[slug, number])

    return act_on_trust_config(request, trust_config_id, act)


@tenant_page(methods=("POST",))
def drift_put_back(request: TenantRequest, trust_config_id: str) -> HttpResponse:
    def act() -> str:
        form = DriftForm(request.POST, request.FILES)
        data, intake = cleaned(form), form.intake()
        if intake.refusals:
            raise BadChange(
                text_of(intake.refusals[0].code).sentence.in_language(
                    get_language() or "en", intake.refusals[0].evidence
                )
            )
        slug, number = resolve_drift.put_back(
            actor=actor_of(request),
            tenant_id=request.tenant.pk,
            trust_config_id=trust_config_id,
            digest=data["digest"],
            reason=data["reason"],
            originals=intake.certificates,
            typed_name=data["typed_name"],
        )
        return reverse("approvals:change-detail", args=[slug, number])

    return act_on_trust_config(request, trust_config_id, act)


@tenant_page(methods=("POST",))
def drift_acknowledge(request: TenantRequest, trust_config_id: str) -> HttpResponse:
    def act() -> str:
        data = cleaned(DriftForm(request.POST))
        resolve_drift.acknowledge(
            actor=actor_of(request),
            tenant_id=request.tenant.pk,
            trust_config_id=trust_config_id,
            digest=data["digest"],
            reason=data["reason"],
        )
        return _page(request, trust_config_id)

    return act_on_trust_config(
        request, trust_config_id, act, done=_("The label is acknowledged; publishing goes on.")
    )


@tenant_page(methods=("POST",))
def trust_config_retry(request: TenantRequest, trust_config_id: str) -> HttpResponse:
    def act() -> str:
        retry.retry_trust_config(
            actor=actor_of(request), tenant_id=request.tenant.pk, trust_config_id=trust_config_id
        )
        return _page(request, trust_config_id)

    return act_on_trust_config(request, trust_config_id, act, done=_("The worker tries again."))


def _page(request: TenantRequest, trust_config_id: str) -> str:
    return reverse("certs:trust-config-detail", args=[request.tenant.slug, trust_config_id])
