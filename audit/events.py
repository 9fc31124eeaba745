"""The vocabulary of the audit: who acts, on what, and every event there is.

Grammar of a value: ``object.fact``. Values are never reused; a retired one stays here as a comment.
"""

from dataclasses import dataclass, field
from enum import StrEnum


class EventType(StrEnum):
    # people and tenants
    USER_CREATED = "user.created"
    SIGN_IN_LINK_CREATED = "sign_in_link.created"
    SIGNED_IN = "user.signed_in"
    TENANT_CREATED = "tenant.created"
    ENVIRONMENT_CREATED = "environment.created"
    WINDOWS_SET = "environment.windows_set"
    FREEZE_SET = "environment.freeze_set"
    FREEZE_LIFTED = "environment.freeze_lifted"
    ENVIRONMENT_ASSIGNED = "environment.assigned"
    GRANT_GIVEN = "grant.given"
    GRANT_TAKEN = "grant.taken"
    MODE_SWITCH_PROPOSED = "mode_switch.proposed"
    MODE_SWITCH_DECLINED = "mode_switch.declined"
    MODE_SWITCHED = "mode.switched"
    POLICY_PROPOSED = "policy.proposed"
    POLICY_DECIDED = "policy.decided"
    POLICY_DECLINED = "policy.declined"
    # trust configs and the vault
    TRUST_CONFIG_NAMED = "trust_config.named"
    TRUST_CONFIG_REGISTERED = "trust_config.registered"
    TRUST_CONFIG_REFUSED = "trust_config.refused"
    TRUST_CONFIG_REQUESTED = "trust_config.requested"
    ENFORCEMENT_DECLARED = "enforcement.declared"
    ENDPOINT_NAMED = "endpoint.named"
    ENDPOINT_PROBED = (
        "gate.tried"  # its name in events that were written before it was called a probe
    )
    PUBLISHING_BLOCKED = "publishing.blocked"
    PUBLISHING_RESUMED = "publishing.resumed"
    DRIFT_FOUND = "drift.found"
    DRIFT_ENDED = "drift.ended"
    DRIFT_ADOPTED = "drift.adopted"
    DRIFT_PUT_BACK = "drift.put_back"
    DRIFT_ACKNOWLEDGED = "drift.acknowledged"
    # drift.taken_over: retired, adopting is a change now
    VAULT_KEY_CREATED = "vault_key.created"
    SEALED_FORGOTTEN = "sealed.forgotten"
    GOLDEN_CLIENT_ADDED = "golden_client.added"
    GOLDEN_CLIENT_REMOVAL_ASKED = "golden_client.removal_asked"
    GOLDEN_CLIENT_KEPT = "golden_client.kept"
    GOLDEN_CLIENT_REMOVED = "golden_client.removed"
    # changes
    CHANGE_SUBMITTED = "change.submitted"
    CHANGE_FOLLOWS = "change.follows"
    CHANGE_RESCHEDULED = "change.rescheduled"
    CHANGE_VALIDATED = "change.validated"
    CHANGE_REJECTED = "change.rejected"
    CHANGE_WITHDRAWN = "change.withdrawn"
    CHANGE_APPROVED = "change.approved"
    CHANGE_LAPSED = "change.lapsed"
    CHANGE_REMINDED = "change.reminded"
    CHANGE_PROVEN = "change.proven"
    CHANGE_TAKEN_OVER = "change.taken_over"
    CHANGE_RETURNED = "change.returned"
    CHANGE_ANSWERED = "change.answered"
    CHANGE_COMMENTED = "change.commented"
    JOB_RETRIED = "job.retried"
    JOB_GIVEN_UP = "job.given_up"
    CHANGE_HELD = "change.held"
    CHANGE_RETRIED = "change.retried"
    CHANGE_APPLIED = "change.applied"
    CHANGE_ROLLED_BACK = "change.rolled_back"
    VOTE_CAST = "vote.cast"
    # publications
    PUBLICATION_INTENDED = "publication.intended"
    PUBLICATION_SENT = "publication.sent"
    PUBLICATION_WRITTEN = "publication.written"
    PUBLICATION_VERIFIED = "publication.verified"
    PUBLICATION_FAILED = "publication.failed"
    PUBLICATION_POSTPONED = "publication.postponed"
    PUBLICATION_VOIDED = "publication.voided"
    # what was refused
    ACCESS_REFUSED = "access.refused"
    ACT_REFUSED = "act.refused"
    SIGN_IN_REFUSED = "sign_in.refused"


@dataclass(frozen=True)
class Actor:
    """Who acts. ``kind`` is person, worker, policy, command or nobody; ``name``, ``email`` and ``ip`` are personal data."""

    kind: str
    id: str
    name: str = ""
    email: str = ""
    ip: str = ""
    authenticated_by: str = ""
    session: str = ""

    @property
    def user_id(self) -> int:
        """The person's primary key; only a person has one."""
        assert self.kind == "person", f"{self.kind} is no person"
        return int(self.id)


def worker(name: str) -> Actor:
    return Actor(kind="worker", id=name)


def command(name: str) -> Actor:
    """A management command on the server: an operator with a shell there, whom the portal cannot name."""
    return Actor(kind="command", id=name)


@dataclass(frozen=True)
class Subject:
    """What an event is about: its kind, its id, and the SHA-256 fingerprint when it is a certificate."""

    kind: str
    id: str
    sha256: str = ""
    label: str = ""


@dataclass(frozen=True)
class Scope:
    """Where an event belongs, by plain ids: the audit knows no other app's tables."""

    tenant_id: int | None = None
    environment: str = ""
    trust_config_id: str = ""
    change_number: int | None = None
    sha256_fingerprints: tuple[str, ...] = field(default_factory=tuple)
