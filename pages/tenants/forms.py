"""The form of a policy: each line of :class:`pki.policy.Policy` as a field, one issuer or pattern per line."""

import re
from datetime import UTC, datetime, time
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from certs.models import Role
from pages.fields import NO_PEM, InstantField, ReasonForm
from pki.catalogue import text_of
from pki.errors import BadPolicy
from pki.policy import KEYS, LONGEST_DAYS, USAGES, Policy
from tenants.windows import Window
from web.secrets import holds_pem

ROLES = [(role.value, role.label) for role in Role]


def _boxes(label: Any, choices: list[tuple[str, Any]]) -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        label=label,
        choices=choices,
        required=False,
        widget=forms.CheckboxSelectMultiple(attrs={"class": "form-check-input"}),
    )


def _days(label: Any) -> forms.IntegerField:
    return forms.IntegerField(label=label, required=False, min_value=1, max_value=LONGEST_DAYS)


class PolicyForm(ReasonForm):
    keys = _boxes(
        _("Allowed keys (none ticked: whatever Google accepts)"), [(key, key) for key in KEYS]
    )
    roles = _boxes(_("Allowed roles"), ROLES)
    longest_trust_anchor = _days(_("Trust anchors are valid for at most, days"))
    longest_intermediate_ca = _days(_("Intermediate CAs are valid for at most, days"))
    longest_allowlisted_certificate = _days(
        _("Allowlisted certificates are valid for at most, days")
    )
    left_trust_anchor = _days(_("Trust anchors have left at least, days"))
    left_intermediate_ca = _days(_("Intermediate CAs have left at least, days"))
    left_allowlisted_certificate = _days(_("Allowlisted certificates have left at least, days"))
    usages = _boxes(
        _("Extended key usages that an allowlisted certificate must have"),
        [(name, name) for name in USAGES],
    )
    issuers = forms.CharField(
        label=_("Allowed issuers"),
        required=False,
        max_length=60_000,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
    )
    names = forms.CharField(
        label=_("Names that an allowlisted certificate may have"),
        required=False,
        max_length=60_000,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
    )
    allows_public_cas = forms.BooleanField(label=_("Public CAs may be trusted"), required=False)
    own_roles = _boxes(_("Roles that mode B may ever change by itself"), ROLES)
    own_item_count = forms.IntegerField(
        label=_("Items at once, at most"), min_value=1, max_value=100, initial=100
    )
    own_in_production = forms.BooleanField(label=_("Also in production"), required=False)
    own_with_warnings = forms.BooleanField(label=_("Also with warnings"), required=False)
    effective_from = forms.DateField(
        label=_("In force from"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    preview_on = forms.DateField(
        label=_("Preview also on"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if any(holds_pem(data.get(name, "")) for name in ("issuers", "names")):
            cleared = (
                self.data.copy() if isinstance(self.data, QueryDict) else QueryDict(mutable=True)
            )
            cleared["issuers"] = cleared["names"] = ""
            self.data = cleared
            raise forms.ValidationError(NO_PEM)
        if not self.errors:
            try:
                self.policy = Policy.from_json(self._document(data))
            except BadPolicy as error:
                raise forms.ValidationError(
                    text_of(error.code).sentence.in_language(get_language() or "en", error.evidence)
                ) from error
        return data

    def begins_at(self) -> datetime | None:
        return _midnight(self.cleaned_data["effective_from"])

    def preview_at(self) -> datetime | None:
        return _midnight(self.cleaned_data["preview_on"])

    @staticmethod
    def initial_of(policy: Policy) -> dict[str, Any]:
        own = policy.self_service
        return {
            "keys": policy.keys,
            "roles": policy.roles,
            **{f"longest_{role}": days for role, days in policy.longest_days.items()},
            **{f"left_{role}": days for role, days in policy.days_left.items()},
            "usages": policy.usages,
            "issuers": "\n".join(policy.issuers),
            "names": "\n".join(policy.names),
            "allows_public_cas": policy.allows_public_cas,
            "own_roles": own.roles,
            "own_item_count": own.item_count,
            "own_in_production": own.in_production,
            "own_with_warnings": own.with_warnings,
        }

    @staticmethod
    def _document(data: dict[str, Any]) -> dict[str, Any]:
        return {
            "keys": data["keys"],
            "roles": data["roles"],
            "longest_days": {
                role: data[f"longest_{role}"] for role, _label in ROLES if data[f"longest_{role}"]
            },
            "days_left": {
                role: data[f"left_{role}"] for role, _label in ROLES if data[f"left_{role}"]
            },
            "usages": data["usages"],
            "issuers": [line.strip() for line in data["issuers"].splitlines() if line.strip()],
            "names": [line.strip() for line in data["names"].splitlines() if line.strip()],
            "allows_public_cas": data["allows_public_cas"],
            "self_service": {
                "roles": data["own_roles"],
                "item_count": data["own_item_count"],
                "in_production": data["own_in_production"],
                "with_warnings": data["own_with_warnings"],
            },
        }


def _midnight(day: Any) -> datetime | None:
    return datetime.combine(day, time(), UTC) if day else None


class WindowsForm(ReasonForm):
    """Weekly windows as text, one per line: ``Tue 22:00-23:30 Europe/Berlin``."""

    windows = forms.CharField(
        label=_("Weekly change windows, one per line"),
        required=False,
        max_length=4_000,
        widget=forms.Textarea(attrs={"rows": 4}),
    )

    def clean_windows(self) -> list[Window]:
        lines = [line.strip() for line in self.cleaned_data["windows"].splitlines() if line.strip()]
        return [_window(line) for line in lines]


class FreezeForm(ReasonForm):
    begins_at = InstantField(label=_("Begins (UTC)"))
    ends_at = InstantField(label=_("Ends (UTC)"))


_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_WINDOW = re.compile(
    r"([a-z]{3})[a-z]* (\d{1,2}):(\d{2})\s*[-–]\s*(\d{1,2}):(\d{2}) (\S+)", re.IGNORECASE
)


def _window(line: str) -> Window:
    found = _WINDOW.fullmatch(line)
    day, *numbers, zone = found.groups() if found else ("?", "99", "0", "0", "0", "")
    try:
        first, second, third, fourth = (int(number) for number in numbers)
        return Window(_DAYS.index(day.lower()), time(first, second), time(third, fourth), zone)
    except ValueError as error:
        raise forms.ValidationError(
            _("This is no window: %(line)s. Write one such as: Tue 22:00-23:30 Europe/Berlin")
            % {"line": line[:80]}
        ) from error


def window_line(window: Window) -> str:
    return (
        f"{_DAYS[window.weekday].title()} {window.opens:%H:%M}-{window.closes:%H:%M} {window.zone}"
    )
