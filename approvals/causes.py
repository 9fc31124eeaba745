"""Why a change stands where it stands, as a code with its values, so that both languages can say it."""

from collections.abc import Iterable

from django.utils.translation import gettext_lazy as _

from certs.models import Role

Cause = dict[str, str]

SENTENCES = {
    # why mode B asks a person
    "limit-role": _("mode B may not change this role by itself here: %(role)s"),
    "limit-count": _("it has %(count)s items, mode B may change %(limit)s at once"),
    "limit-production": _("it is for production, which mode B may not write by itself here"),
    "limit-warnings": _("the checks have warnings: %(codes)s"),
    "limit-last-anchor": _("it would remove the last trust anchor"),
    "limit-shared": _(
        "trust anchors and intermediate CAs of a shared trust config always take a review"
    ),
    "limit-revoked": _("it concerns a certificate that was revoked"),
    "limit-adoption": _("what somebody changed outside the portal is adopted by a person"),
    "limit-answered": _(
        "a finding that would have stopped it was answered, and a person must weigh that"
    ),
    # why votes are needed again
    "returned-findings": _(
        "checking again found something that its voters had not seen: %(codes)s"
    ),
    "returned-no-effect": _("something in it has no effect any more: %(fingerprint)s"),
    "returned-successor": _("what was to take its place is not trusted any more: %(fingerprint)s"),
    "returned-votes": _("its votes no longer suffice: %(names)s"),
    "returned-mode": _("the tenant was switched to mode A"),
    "returned-revocation": _("change #%(number)s revokes a certificate of this change"),
    # how it ended
    "rejected-checks": _("the checks failed against what is live: %(codes)s"),
    "rejected-declined": _("declined by %(name)s: %(comment)s"),
    "rejected-overlap": _("the overlap that it asks for is over already"),
    "rejected-lapsed": _("its approval is older than %(days)s days and was not written"),
    "drift-revoked": _(
        "an entry that it would put back was revoked by its tenant meanwhile; adopt what is live instead"
    ),
    "drift-over": _("live is as last observed again, so there is nothing to resolve"),
    "drift-moved": _("something else has been found live since"),
    "returned-reviewer": _("sent back by %(name)s: %(comment)s"),
    "follower-rejected": _(
        "change #%(number)s, which it was to follow, ended without being written"
    ),
    "follower-withdrawn": _("change #%(number)s, which it was to follow, was withdrawn"),
    "follower-undone": _("change #%(number)s, which it was to follow, is being undone"),
    "follower-returned": _("change #%(number)s, which it was to follow, needs votes again"),
    "withdrawn": _("by %(name)s"),
    "rolled-back": _("undone by change #%(number)s"),
}


def cause(code: str, **values: object) -> Cause:
    """One cause; every value becomes text."""
    assert code in SENTENCES, code
    return {"code": code, **{name: str(value) for name, value in values.items()}}


def sentences(causes: Iterable[Cause]) -> list[str]:
    """The causes in the reader's language."""
    return [
        str(SENTENCES[cause["code"]]) % {"names": "–", **cause, "role": _role(cause)}
        for cause in causes
    ]


def _role(cause: Cause) -> str:
    return str(Role(cause["role"]).label) if cause.get("role") in Role.values else ""
