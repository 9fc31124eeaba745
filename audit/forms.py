from django import forms
from django.utils.translation import gettext_lazy as _

from audit.display import DISPLAYS


class EventFilterForm(forms.Form):
    """Filters of the audit; they stand in the URL."""

    type = forms.ChoiceField(label=_("What"), required=False)
    actor = forms.CharField(label=_("Who"), required=False, max_length=200)
    change = forms.IntegerField(
        label=_("Change number"), required=False, min_value=1, max_value=2**53
    )
    environment = forms.SlugField(label=_("Environment"), required=False, max_length=63)
    sha256 = forms.CharField(label=_("Fingerprint"), required=False, max_length=95)
    result = forms.ChoiceField(
        label=_("Result"),
        required=False,
        choices=[
            ("", _("Any")),
            ("ok", _("ok")),
            ("refused", _("refused")),
            ("failed", _("failed")),
        ],
    )
    since = forms.DateField(
        label=_("Since"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    until = forms.DateField(
        label=_("Until"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        choices = [(kind.value, display.sentence) for kind, display in DISPLAYS.items()]
        self.fields["type"].choices = [("", _("Any")), *choices]  # type: ignore[attr-defined]

    def clean_sha256(self) -> str:
        return str(self.cleaned_data["sha256"]).replace(":", "").replace(" ", "").lower()
