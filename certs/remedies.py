"""What a person does about a refusal of Google: which role, which API, which key. Google's own words stand beside it."""

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from certs.models import TrustConfig

_API_IS_OFF = ("SERVICE_DISABLED", "has not been used in project", "it is disabled")


def remedy(code: str, words: str, trust_config: TrustConfig) -> str | Promise:
    """The way out of a refusal; ``words`` begin with the RPC that was refused, where one was.

    Source: Google's pages on Certificate Manager's roles, Cloud KMS's roles and the quotas of both.
    """
    environment = trust_config.environment
    who = environment.service_account or _("the worker's service account")
    values = {"who": who, "project": environment.project, "key": f"{settings.KMS_KEY_RING}/cryptoKeys/key-{trust_config.purpose}"}
    if code == "cloud-denied" and any(sign in words for sign in _API_IS_OFF):
        return _("Enable certificatemanager.googleapis.com in project %(project)s, then try again.") % values
    if code == "cloud-denied" and words.startswith("Decrypt"):
        return _("Give %(who)s the role roles/cloudkms.cryptoKeyDecrypter on %(key)s, then try again.") % values
    if code == "cloud-denied":
        return _("Give %(who)s the role roles/certificatemanager.editor in project %(project)s, then try again.") % values
    if code == "cloud-missing" and words.startswith("Decrypt"):
        return _("The key %(key)s does not exist. Make it, or mend KMS_KEY_RING, then try again.") % values
    if code == "cloud-missing":
        return _("The trust config does not exist in project %(project)s any more. Find out who deleted it; made anew, it can be tried again.") % values
    return _SENTENCES.get(code, _("Mend what Google's words name, then try again; or withdraw the change."))


_SENTENCES: dict[str, str | Promise] = {
    "cloud-rejected": _(
        "Google does not take it as it is. Withdraw the change and submit it without what is named, or try again if Google's rules have changed."
    ),
    "operation-failed": _(
        "Google accepted the write and then could not finish it. Try again; if it fails again, withdraw the change and give Google's words to its support."
    ),
    "read-back-differs": _(
        "Google reported success and live still shows the old set after the time for propagation. Look at the trust config at Google, then try again."
    ),
    "overwritten": _("Somebody else wrote while the portal did. Resolve the drift case of the trust config, then try again."),
    "IN-PARSE-01": _("An entry that is live is no certificate that the portal can read. Have it removed at Google, then try again."),
    "not-restorable": _("The sealed original is gone. Withdraw the change and submit it again with the file."),
    "wrong-original": _("What was sealed is not the certificate that was voted on. Withdraw the change, submit it again, and tell whoever runs the portal."),
}
