"""Fields that forms of several pages have, and what no text of a person may hold."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from approvals.errors import BadChange
from web.secrets import holds_pem

MAXIMAL_REASON = 2_000
MAXIMAL_ANSWER = 1_000
NO_PEM = _(
    "Texts are kept for ever, so no key or certificate may stand in them. If it was a private key, it must now be considered exposed; replace it."
)


class SeveralFilesInput(forms.ClearableFileInput):
    allow_multiple_selected = True


class SeveralFilesField(forms.FileField):
    """Any number of files, as a list."""

    widget = SeveralFilesInput

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        files = data if isinstance(data, list | tuple) else [data] if data else []
        return [super(SeveralFilesField, self).clean(file, initial) for file in files]


def instant_input() -> forms.DateTimeInput:
    return forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")


class InstantField(forms.DateTimeField):
    """A time that is typed in UTC and understood so."""

    def __init__(self, **options: Any) -> None:
        super().__init__(input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%d"], **options)

    def clean(self, value: Any) -> Any:
        try:
            return super().clean(value)
        except OverflowError as error:
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid") from error


class PlainTextField(forms.CharField):
    """What people say. It is kept for ever in the audit, so keys and certificates are refused here too, and not shown again."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            required=False,
            max_length=MAXIMAL_REASON,
            widget=forms.Textarea(attrs={"rows": 3}),
            **options,
        )

    def validate(self, value: Any) -> None:
        super().validate(value)
        if holds_pem(value):
            raise forms.ValidationError(NO_PEM)


class ReasonForm(forms.Form):
    reason = PlainTextField(label=_("Reason"))


def cleaned(form: forms.Form) -> dict[str, Any]:
    """A POST that no page of ours sends is a bad request; one that a page sends always has these shapes."""
    if not form.is_valid():
        raise BadChange(" ".join(str(text) for texts in form.errors.values() for text in texts))
    data: dict[str, Any] = form.cleaned_data
    return data
