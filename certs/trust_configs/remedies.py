"""What a person does about a refusal of Google: which role, which API, which key. Google's own words stand beside it."""

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from certs.hindrance import Hindrance
from certs.models import TrustConfig

# google.rpc.ErrorInfo: the API is not enabled in the project.
_API_IS_OFF = "SERVICE_DISABLED"
# The RPC of Cloud KMS; every other is Certificate Manager's.
_DECRYPT = "Decrypt"


def remedy(why: Hindrance, trust_config: TrustConfig) -> str | Promise:
    """The way out of a refusal.

    Source: Google's pages on Certificate Manager's roles, Cloud KMS's roles and the quotas of both.
    """
    environment = trust_config.environment
    who = environment.service_account or _("the worker's service account")
    values = {
        "who": who,
        "project": environment.project,
        "key": f"{settings.KMS_KEY_RING}/cryptoKeys/key-{trust_config.purpose}",
    }
    return _sentence(why) % values


def _sentence(why: Hindrance) -> str | Promise:
    is_about_the_key = why.rpc == _DECRYPT
    if why.code == "cloud-denied" and why.reason == _API_IS_OFF:
        return _OF_THE_API[is_about_the_key]
    if is_about_the_key and why.code in _OF_THE_KEY:
        return _OF_THE_KEY[why.code]
    return _SENTENCES.get(
        why.code, _("Mend what Google's words name, then try again; or withdraw the change.")
    )


_OF_THE_API: dict[bool, str | Promise] = {
    False: _("Enable certificatemanager.googleapis.com in project %(project)s, then try again."),
    True: _("Enable cloudkms.googleapis.com in the project of %(key)s, then try again."),
}
_OF_THE_KEY: dict[str, str | Promise] = {
    "cloud-denied": _(
        "Give %(who)s the role roles/cloudkms.cryptoKeyDecrypter on %(key)s, then try again."
    ),
    "cloud-missing": _(
        "The key %(key)s does not exist. Make it, or mend KMS_KEY_RING, then try again."
    ),
}
_SENTENCES: dict[str, str | Promise] = {
    "cloud-denied": _(
        "Give %(who)s the role roles/certificatemanager.editor in project %(project)s, then try again."
    ),
    "cloud-missing": _(
        "There is no such trust config in project %(project)s. Mend its name or find out who deleted it; made anew, it can be tried again."
    ),
    "cloud-exhausted": _(
        "Project %(project)s has no room for another trust config. Have the quota raised at Google, then try again."
    ),
    "vault-closed": _(
        "The worker makes the tenant's key as soon as Cloud KMS lets it; then try again."
    ),
    "cloud-rejected": _(
        "Google does not take it as it is. Withdraw the change and submit it without what is named, or try again if Google's rules have changed."
    ),
    "operation-failed": _(
        "Google accepted the write and then could not finish it. Try again; if it fails again, withdraw the change and give Google's words to its support."
    ),
    "name-taken": _(
        "A trust config of this name exists at Google. Run manage.py register_trust_config, which adopts what is live in it, or ask for another name."
    ),
    "read-back-differs": _(
        "Google reported success and live still shows the old set after the time for propagation. Look at the trust config at Google, then try again."
    ),
    "overwritten": _(
        "Somebody else wrote while the portal did. Resolve the drift case of the trust config, then try again."
    ),
    "IN-PARSE-01": _(
        "An entry that is live is no certificate that the portal can read. Have it removed at Google, then try again."
    ),
    "not-restorable": _(
        "The sealed original is gone. Withdraw the change and submit it again with the file."
    ),
    "wrong-original": _(
        "What was sealed is not the certificate that was voted on. Withdraw the change, submit it again, and tell whoever runs the portal."
    ),
}
