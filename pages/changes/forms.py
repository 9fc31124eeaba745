"""Forms: shape and size only. Whether something is allowed is asked of the policy, whether it is right of the checks."""

from datetime import datetime
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from approvals.deciding.switch_mode import Limits
from approvals.draft import Addition, Removal, Timing
from approvals.models import ChangeRequest, Item
from certs.models import Role, TrustEntry
from pages.fields import (
    MAXIMAL_ANSWER,
    MAXIMAL_REASON,
    NO_PEM,
    InstantField,
    PlainTextField,
    ReasonForm,
    SeveralFilesField,
    instant_input,
)
from pki import bundle
from pki.bundle import Intake
from pki.catalogue import FINDINGS
from pki.receipt import MAXIMAL_BYTES
from pki.rules import proposed_role
from web.secrets import holds_key, holds_pem


class ChangeForm(forms.Form):
    """What a submitter fills in. Certificates read so far travel as canonical PEM in ``found_pem``; nothing is stored before submit."""

    uploads = SeveralFilesField(label=_("Certificate files"), required=False, allow_empty_file=True)
    pasted = forms.CharField(
        label=_("Or paste PEM text"),
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 5, "spellcheck": "false"}),
    )
    found_pem = forms.CharField(required=False, strip=False, widget=forms.HiddenInput)
    reason = forms.CharField(
        label=_("Reason"),
        required=False,
        max_length=MAXIMAL_REASON,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    client_chain = forms.CharField(
        label=_("A client's certificate, with the intermediate CAs that it sends"),
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false"}),
    )
    schedule = forms.ChoiceField(
        label=_("When it is written"), choices=ChangeRequest.Schedule.choices, required=False
    )
    due_at = InstantField(label=_("Not before (UTC)"), required=False, widget=instant_input())
    overlap_until = InstantField(
        label=_("Old and new overlap until (UTC)"), required=False, widget=instant_input()
    )
    names_revocation = forms.BooleanField(
        label=_(
            "This change brings back a certificate that was revoked, and I know why that is right"
        ),
        required=False,
    )

    def intake(self) -> Intake:
        """Everything that was given, read: files, pasted text, and what earlier rounds had found."""
        data = self.cleaned_data
        sources = [(file.name or "?", file.read()) for file in data["uploads"]]
        if data["pasted"].strip():
            sources.append((str(_("pasted text")), data["pasted"].encode()))
        if data["found_pem"].strip():
            sources.insert(0, ("", data["found_pem"].encode()))
        return bundle.read(sources) if sources else Intake([], [])

    def additions(self, intake: Intake) -> list[Addition]:
        """The certificates that were not left out, each in the chosen or else the proposed role."""
        chosen = []
        for certificate in intake.certificates:
            fingerprint = certificate.facts.sha256_fingerprint
            if f"leave_out_{fingerprint}" in self.data:
                continue
            role = self.data.get(f"role_{fingerprint}", "")
            chosen.append(
                Addition(
                    certificate,
                    role if role in Role.values else proposed_role(certificate.facts).value,
                )
            )
        return chosen

    def timing(self) -> Timing:
        """When it may be written; a time that is named means that it waits for that."""
        data = self.cleaned_data
        schedule = data["schedule"] or ChangeRequest.Schedule.AT_ONCE
        if schedule == ChangeRequest.Schedule.AT_ONCE and data["due_at"]:
            schedule = ChangeRequest.Schedule.AT_TIME
        return Timing(schedule, data["due_at"], data["overlap_until"])

    def answers(self) -> dict[str, str]:
        return {code: text for code, text in answers_in(self.data).items() if not holds_pem(text)}

    def removals(self, entries: list[TrustEntry]) -> list[Removal]:
        """The entries that were ticked, each retired or revoked."""
        chosen = []
        for entry in entries:
            kind = self.data.get(f"remove_{entry.pk}", "")
            if kind in Item.Removal.values:
                chosen.append(Removal(entry.certificate.sha256_fingerprint, entry.role, kind))
        return chosen


class AnswerForm(forms.Form):
    """Answers to findings; the fields are named by their codes."""

    def clean(self) -> dict[str, Any]:
        if any(holds_pem(text) for text in answers_in(self.data).values()):
            raise forms.ValidationError(NO_PEM)
        return super().clean() or {}

    def answers(self) -> dict[str, str]:
        return answers_in(self.data)


def answers_in(data: Any) -> dict[str, str]:
    """What was typed beside findings, by code; one that is not in the catalogue is nobody's."""
    typed = {
        name.removeprefix("answer_"): str(data[name]) for name in data if name.startswith("answer_")
    }
    plain = {
        code: text.replace("\0", "").strip()[:MAXIMAL_ANSWER]
        for code, text in typed.items()
        if code in FINDINGS
    }
    return {code: text for code, text in plain.items() if text}


class VoteForm(forms.Form):
    digest = forms.CharField(max_length=64, widget=forms.HiddenInput)
    comment = PlainTextField(label=_("Comment"))


class OriginalsForm(ReasonForm):
    """A reason, and files for what is no longer kept sealed."""

    uploads = SeveralFilesField(
        label=_("Originals that are no longer kept"), required=False, allow_empty_file=True
    )

    def intake(self) -> Intake:
        return (
            bundle.read([(file.name or "?", file.read()) for file in self.cleaned_data["uploads"]])
            if self.cleaned_data["uploads"]
            else Intake([], [])
        )


class DriftForm(OriginalsForm):
    digest = forms.CharField(max_length=64, widget=forms.HiddenInput)
    names_revocation = forms.BooleanField(required=False)
    typed_name = forms.CharField(required=False, max_length=100)


class ReceiptForm(forms.Form):
    receipt = forms.CharField(max_length=MAXIMAL_BYTES, strip=True, widget=forms.Textarea)

    def clean_receipt(self) -> str:
        text: str = self.cleaned_data["receipt"]
        if holds_key(text):
            raise forms.ValidationError(NO_PEM)
        return text


class ReturnForm(OriginalsForm):
    date = InstantField(label=_("As it was at (UTC)"))

    def clean_date(self) -> datetime:
        date: datetime = self.cleaned_data["date"]
        if date > timezone.now():
            raise forms.ValidationError(_("The date must lie in the past."))
        return date


class RollBackForm(OriginalsForm):
    typed_name = forms.CharField(
        label=_("The trust config's name, typed"), required=False, max_length=100
    )

    def also(self) -> list[int]:
        chosen = self.data.getlist("also") if isinstance(self.data, QueryDict) else []
        return [int(value) for value in chosen if value.isdecimal() and len(value) < 16]


class SelfServiceForm(ReasonForm):
    """The limits that mode B would have."""

    roles = forms.MultipleChoiceField(
        label=_("Roles that mode B may change by itself"),
        choices=Role.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple(attrs={"class": "form-check-input"}),
    )
    item_count = forms.IntegerField(
        label=_("Items at once, at most"), min_value=1, max_value=100, initial=10
    )
    in_production = forms.BooleanField(label=_("Also in production"), required=False)
    with_warnings = forms.BooleanField(label=_("Also with warnings"), required=False)

    def limits(self) -> Limits:
        data = self.cleaned_data
        return Limits(
            tuple(data["roles"]), data["item_count"], data["in_production"], data["with_warnings"]
        )
