"""Forms about clients: a chain to ask for or to keep. Shape and size only; bytes go on as certificates."""

from collections.abc import Iterable
from datetime import UTC, datetime, time
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from certs.models import TrustConfig
from pages.fields import NO_PEM, SeveralFilesField
from pki import bundle
from pki.bundle import Intake
from pki.certificate import ParsedCertificate
from pki.chain import client_first
from tenants.models import Environment, Purpose, Tenant, slug_validator
from web.secrets import holds_pem


class ChainForm(forms.Form):
    """A client's certificate with the intermediate CAs that it sends, as files or pasted, and the trust config it is about."""

    trust_config = forms.ChoiceField(label=_("Trust config"))
    uploads = SeveralFilesField(label=_("Certificate files"), required=False, allow_empty_file=True)
    pasted = forms.CharField(
        label=_("Or paste PEM text"),
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 5, "spellcheck": "false"}),
    )

    def __init__(self, *args: Any, tenant_id: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        found = TrustConfig.objects.for_tenant(tenant_id).select_related("environment")
        choice = self.fields["trust_config"]
        assert isinstance(choice, forms.ChoiceField)
        choice.choices = [(str(one.pk), f"{one.environment.slug} / {one.name}") for one in found]

    def intake(self) -> Intake:
        return chain_of(self.cleaned_data["uploads"], self.cleaned_data["pasted"])


def chain_of(uploads: list[Any], pasted: str) -> Intake:
    """A client's chain, its own certificate first, and what was refused of what was given."""
    sources = [(file.name or "?", file.read()) for file in uploads]
    if pasted.strip():
        sources.append((str(_("pasted text")), pasted.encode()))
    return bundle.read(sources) if sources else Intake([], [])


def in_order(intake: Intake) -> list[ParsedCertificate]:
    by_fingerprint = {one.facts.sha256_fingerprint: one for one in intake.certificates}
    return [
        by_fingerprint[fingerprint]
        for fingerprint in client_first(one.facts for one in intake.certificates)
    ]


class SimulationForm(ChainForm):
    change = forms.IntegerField(
        label=_("After change number"), required=False, min_value=1, max_value=10**12
    )
    on = forms.DateField(
        label=_("On this date"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )

    def judged_at(self) -> datetime | None:
        """Noon in UTC of the date, or None for now."""
        day = self.cleaned_data["on"]
        return datetime.combine(day, time(12), UTC) if day else None


class GoldenClientForm(ChainForm):
    name = forms.CharField(label=_("Name"), max_length=100)

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if holds_pem(name):
            self.data = {**dict(self.data.items()), "name": ""}
            raise forms.ValidationError(NO_PEM)
        return name


class EnforcementForm(forms.Form):
    """What a platform admin knows of the ServerTlsPolicy that uses the trust config."""

    enforcement = forms.ChoiceField(
        label=_("Mode of the ServerTlsPolicy"), choices=TrustConfig.Enforcement.choices
    )
    policy_name = forms.CharField(
        label=_("Name of the ServerTlsPolicy"), max_length=200, required=False
    )

    def clean_policy_name(self) -> str:
        name: str = self.cleaned_data["policy_name"]
        if holds_pem(name):
            raise forms.ValidationError(NO_PEM)
        return name


class NewTrustConfigForm(forms.Form):
    environment = forms.ChoiceField(label=_("Environment"))
    name = forms.CharField(label=_("Name at Google"), max_length=63, validators=[slug_validator])
    purpose = forms.ChoiceField(label=_("Purpose"), choices=Purpose.choices)
    custodian = forms.ChoiceField(label=_("Custodian"))
    tenants = forms.MultipleChoiceField(
        label=_("Other tenants that share it"),
        required=False,
        widget=forms.CheckboxSelectMultiple(attrs={"class": "form-check-input"}),
    )

    def __init__(
        self,
        *args: Any,
        environments: Iterable[Environment],
        tenants: Iterable[Tenant],
        **options: Any,
    ) -> None:
        super().__init__(*args, **options)
        places = [(environment.slug, environment.name) for environment in environments]
        self.fields["environment"].choices = places  # type: ignore[attr-defined]
        for field in ("custodian", "tenants"):
            self.fields[field].choices = [(tenant.slug, tenant.name) for tenant in tenants]  # type: ignore[attr-defined]

    def all_tenants(self) -> list[str]:
        """The custodian first, then those that share it."""
        custodian = self.cleaned_data["custodian"]
        return [custodian, *(slug for slug in self.cleaned_data["tenants"] if slug != custodian)]
