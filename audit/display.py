"""How each event is said to people. An event without an entry here fails a test and cannot be forgotten."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from audit.events import EventType as E


@dataclass(frozen=True)
class Display:
    sentence: str | Promise
    icon: str = "point"


DISPLAYS: dict[E, Display] = {
    E.USER_CREATED: Display(_("Person added"), "user-plus"),
    E.SIGN_IN_LINK_CREATED: Display(_("Sign-in link made"), "link"),
    E.SIGNED_IN: Display(_("Signed in"), "login"),
    E.TENANT_CREATED: Display(_("Tenant made"), "building"),
    E.ENVIRONMENT_CREATED: Display(_("Environment made"), "server"),
    E.WINDOWS_SET: Display(_("Change windows set"), "clock"),
    E.FREEZE_SET: Display(_("Freeze set"), "lock"),
    E.FREEZE_LIFTED: Display(_("Freeze lifted"), "check"),
    E.ENVIRONMENT_ASSIGNED: Display(_("Environment given to tenant"), "server"),
    E.GRANT_GIVEN: Display(_("Role given"), "user-plus"),
    E.GRANT_TAKEN: Display(_("Role taken"), "user-minus"),
    E.MODE_SWITCH_PROPOSED: Display(_("Mode B proposed"), "switch-horizontal"),
    E.MODE_SWITCH_DECLINED: Display(_("Mode B declined"), "x"),
    E.MODE_SWITCHED: Display(_("Mode switched"), "switch-horizontal"),
    E.POLICY_PROPOSED: Display(_("Looser policy proposed"), "list-check"),
    E.POLICY_DECIDED: Display(_("Policy changed"), "list-check"),
    E.POLICY_DECLINED: Display(_("Looser policy declined"), "x"),
    E.TRUST_CONFIG_NAMED: Display(_("Trust config named"), "server"),
    E.TRUST_CONFIG_REGISTERED: Display(_("Trust config registered"), "server"),
    E.TRUST_CONFIG_REFUSED: Display(_("Trust config could not be read or made"), "alert-triangle"),
    E.TRUST_CONFIG_REQUESTED: Display(_("New trust config asked for"), "server"),
    E.ENFORCEMENT_DECLARED: Display(_("Enforcement declared"), "lock"),
    E.ENDPOINT_NAMED: Display(_("Endpoint named"), "link"),
    E.ENDPOINT_PROBED: Display(_("Endpoint probed as an untrusted client"), "lock"),
    E.PUBLISHING_BLOCKED: Display(
        _("Google refused the worker; publishing stopped"), "alert-triangle"
    ),
    E.PUBLISHING_RESUMED: Display(_("Publishing tried again"), "refresh"),
    E.DRIFT_FOUND: Display(_("Live was changed outside the portal"), "alert-triangle"),
    E.DRIFT_ENDED: Display(_("Live is as last observed again"), "check"),
    E.DRIFT_ADOPTED: Display(_("What was live is adopted"), "check"),
    E.DRIFT_PUT_BACK: Display(_("What was is put back"), "arrow-back-up"),
    E.DRIFT_ACKNOWLEDGED: Display(_("A changed label was acknowledged"), "check"),
    E.VAULT_KEY_CREATED: Display(_("Vault key made"), "key"),
    E.SEALED_FORGOTTEN: Display(_("Sealed originals deleted"), "trash"),
    E.GOLDEN_CLIENT_ADDED: Display(_("Golden client kept"), "user-plus"),
    E.GOLDEN_CLIENT_REMOVAL_ASKED: Display(_("Removal of a golden client asked for"), "trash"),
    E.GOLDEN_CLIENT_KEPT: Display(_("Golden client kept after all"), "shield-check"),
    E.GOLDEN_CLIENT_REMOVED: Display(_("Golden client removed"), "user-minus"),
    E.CHANGE_SUBMITTED: Display(_("Change submitted"), "cloud-upload"),
    E.CHANGE_RESCHEDULED: Display(_("Written later, so that the overlap is kept"), "clock"),
    E.CHANGE_FOLLOWS: Display(_("Second change of a rotation written"), "clock"),
    E.CHANGE_VALIDATED: Display(_("Change checked against live"), "list-check"),
    E.CHANGE_REJECTED: Display(_("Change rejected"), "x"),
    E.CHANGE_WITHDRAWN: Display(_("Change withdrawn"), "arrow-back-up"),
    E.CHANGE_APPROVED: Display(_("Change approved"), "circle-check"),
    E.CHANGE_LAPSED: Display(_("Approval lapsed"), "clock"),
    E.CHANGE_REMINDED: Display(_("Reminder sent"), "clock"),
    E.CHANGE_PROVEN: Display(_("Proof put on the change"), "shield-check"),
    E.CHANGE_TAKEN_OVER: Display(_("Change taken over"), "refresh"),
    E.CHANGE_RETURNED: Display(_("Sent back: votes are needed again"), "refresh"),
    E.CHANGE_ANSWERED: Display(_("Findings answered"), "message"),
    E.CHANGE_COMMENTED: Display(_("Comment"), "message"),
    E.JOB_RETRIED: Display(_("Job tried again"), "refresh"),
    E.JOB_GIVEN_UP: Display(_("Job given up"), "x"),
    E.CHANGE_HELD: Display(_("Change held"), "alert-triangle"),
    E.CHANGE_RETRIED: Display(_("Change tried again"), "refresh"),
    E.CHANGE_APPLIED: Display(_("Change written and read back"), "shield-check"),
    E.CHANGE_ROLLED_BACK: Display(_("Change rolled back"), "arrow-back-up"),
    E.VOTE_CAST: Display(_("Vote cast"), "writing-sign"),
    E.PUBLICATION_INTENDED: Display(_("Writing begun"), "send"),
    E.PUBLICATION_SENT: Display(_("Sent to Google"), "send"),
    E.PUBLICATION_WRITTEN: Display(_("Written"), "check"),
    E.PUBLICATION_VERIFIED: Display(_("Verified: read back and equal"), "shield-check"),
    E.PUBLICATION_FAILED: Display(_("Writing failed"), "alert-triangle"),
    E.PUBLICATION_POSTPONED: Display(_("Waited for Google's quota; nothing was written"), "clock"),
    E.PUBLICATION_VOIDED: Display(_("Writing voided"), "x"),
    E.ACCESS_REFUSED: Display(_("Access refused"), "lock"),
    E.ACT_REFUSED: Display(_("Act refused"), "lock"),
    E.SIGN_IN_REFUSED: Display(_("Sign-ins refused, counted by the minute"), "lock"),
}
