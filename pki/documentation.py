"""docs/checks.md, made from the catalogue: ``python -m pki.documentation`` prints it."""

import sys
from collections.abc import Iterable

from pki import public_cas
from pki.catalogue import FINDINGS
from pki.catalogue_outcomes import OUTCOMES
from pki.catalogue_refusals import REFUSALS
from pki.texts import Check, Text

_FAMILIES = {
    "GCP": "Google's rules",
    "X509": "RFC 5280 and good practice",
    "POL": "The policy",
    "EST": "The estate",
    "LINT": "A second opinion",
}
_HEAD = """# Checks

Made from the catalogue by `make docs`; do not edit. Codes never change their meaning. Every text is there in English and
简体中文. Severity: *blocking* stops a change, *warning* is shown to its reviewers and bound by their vote, *info* is a note.
A blocking finding that says *may be answered* lets a change pass, as a warning, once its submitter says why it is right.
"""


def markdown() -> str:
    roots, intermediates = public_cas.list_dates()
    lines = [
        _HEAD,
        f"Public CAs are recognised by Mozilla's lists: roots of {roots} (certifi), intermediates of {intermediates}.",
        "",
    ]
    for family, name in _FAMILIES.items():
        lines += [f"## {name} (`{family}-…`)", ""]
        for code, check in FINDINGS.items():
            if code.startswith(f"{family}-"):
                lines += _check(code, check)
    lines += ["## What is not taken (`IN-…`)", ""]
    for code, text in REFUSALS.items():
        lines += [f"### {code}: {text.title.en}", "", _both(text, ("sentence", "fix")), ""]
    lines += [
        "## Will this client get in? (`SIM-…`, predicted)",
        "",
        "| code | Google's `client_cert_error` | what it says |",
        "|---|---|---|",
    ]
    lines += [
        f"| `{code}` | {f'`{outcome.error}`' if outcome.error else '–'} | {outcome.sentence.en} {outcome.sentence.zh} |"
        for code, outcome in OUTCOMES.items()
    ]
    return "\n".join(lines) + "\n"


def _check(code: str, check: Check) -> Iterable[str]:
    severity = ", or ".join(severity.value for severity in check.severities) + (
        ", may be answered" if check.is_answerable else ""
    )
    yield from (
        f"### {code}: {check.title.en} · {check.title.zh}",
        "",
        f"*{severity}* · looks at {check.scope.value} · {check.source}",
        "",
    )
    yield from (_both(check, ("sentence", "why", "fix")), "")


def _both(text: Text, parts: tuple[str, ...]) -> str:
    said = [getattr(text, part) for part in parts]
    return "\n\n".join((" ".join(one.en for one in said), "".join(one.zh for one in said)))


if __name__ == "__main__":
    sys.stdout.write(markdown())
