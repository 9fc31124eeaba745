"""Faults put into the heart on purpose, each with the rule that it breaks and the tests that must notice.

``before`` stands exactly once in the file; a mutant that no longer fits is an error, so that the list stays true.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Mutant:
    rule: str
    file: str
    before: str
    after: str
    tests: tuple[str, ...]


CONDUCTOR = "approvals/publishing/conductor.py"
INTEND = "approvals/publishing/intend.py"
ADMISSION = "approvals/publishing/admission.py"
DRIFT = "approvals/publishing/drift.py"
LEASES = "certs/trust_configs/publications.py"
VOTES = "approvals/votes.py"
POLICY = "approvals/policy.py"
LIMITS = "approvals/limits.py"
UNDO = "approvals/asking/undo.py"
ACCESS = "tenants/access.py"

_LEASE = ("tests/certs/trust_configs/test_publications.py",)
_STEP = ("tests/approvals/publishing",)
_VOTES = ("tests/approvals/test_votes.py", "tests/approvals/deciding")
_LIMITS = ("tests/approvals/test_limits.py",)
_UNDO = ("tests/approvals/asking/test_undo.py", "tests/approvals/asking/test_roll_back.py")
_STOP = ("tests/approvals/deciding/test_stop.py",)
_SWITCH = ("tests/approvals/deciding/test_switch_mode.py", "tests/approvals/deciding/test_modes.py")
_GOLDEN = ("tests/certs/golden_clients",)
_DRIFT = (
    "tests/approvals/asking/test_resolve_drift.py",
    "tests/approvals/publishing",
)

MUTANTS = (
    # --- the safety of writes
    Mutant(
        "every update is guarded by the etag that was read",
        "gcp/trust_configs.py",
        "message = _message(name, entries, labels, etag)",
        'message = _message(name, entries, labels, "")',
        ("tests/gcp/test_adapters.py",),
    ),
    Mutant(
        "verified needs the set",
        CONDUCTOR,
        "if live.label == written.label and live.entries == written.entry_set:",
        "if live.label == written.label:",
        _STEP,
    ),
    Mutant(
        "verified needs our label",
        CONDUCTOR,
        "if live.label == written.label and live.entries == written.entry_set:",
        "if live.entries == written.entry_set:",
        _STEP,
    ),
    Mutant(
        "a worker asks for its lease before it sends",
        CONDUCTOR,
        "    publications.require_held(lease)\n",
        "",
        _STEP,
    ),
    Mutant(
        "a lease has a time",
        LEASES,
        "pk=lease.trust_config_id, fence=lease.fence, lease_until__gt=Now()",
        "pk=lease.trust_config_id, fence=lease.fence",
        _LEASE,
    ),
    Mutant(
        "a held lease is not given twice",
        LEASES,
        "is_free = Q(lease_until=None) | Q(lease_until__lt=Now())",
        "is_free = Q()",
        _LEASE,
    ),
    Mutant(
        "whoever takes a lease raises the fencing token",
        LEASES,
        'fence=F("fence") + 1',
        'fence=F("fence") + 0',
        _LEASE,
    ),
    Mutant(
        "nobody releases somebody else's lease",
        LEASES,
        '    """Gives the lease back after a step that went well."""\n'
        "    _assert_in_transaction()\n"
        "    mine = TrustConfig.objects.filter(pk=lease.trust_config_id, fence=lease.fence)",
        '    """Gives the lease back after a step that went well."""\n'
        "    _assert_in_transaction()\n"
        "    mine = TrustConfig.objects.filter(pk=lease.trust_config_id)",
        _LEASE,
    ),
    Mutant(
        "an intent rests on what was observed",
        INTEND,
        "if trust_config.state != TrustConfig.State.READY or not is_as_observed(trust_config, live):",
        "if trust_config.state != TrustConfig.State.READY:",
        _STEP,
    ),
    Mutant(
        "a fencing write adopts nothing that nobody saw",
        INTEND,
        "if not is_as_seen(trust_config, live):",
        "if False:",
        _STEP,
    ),
    Mutant(
        "what is neither live nor opened holds its change",
        INTEND,
        "    if missing:\n",
        "    if False:\n",
        _STEP,
    ),
    Mutant(
        "golden clients are tried before a write that may wait",
        "approvals/judging/originals.py",
        "        if waits:\n            raise\n",
        "",
        _STEP,
    ),
    # --- who may, and whose vote counts
    Mutant(
        "votes are asked for again before the write",
        ADMISSION,
        "if not votes.has_votes(change):",
        "if False:",
        (*_VOTES, *_DRIFT),
    ),
    Mutant(
        "new findings send a change back before the write",
        ADMISSION,
        "    if news:\n",
        "    if False:\n",
        ("tests/certs/golden_clients", *_DRIFT),
    ),
    Mutant(
        "what has no effect any more goes back",
        ADMISSION,
        "again.causes.extend([*_without_effect(change, own), *_lost_successor(change, estate)])",
        "again.causes.extend(_lost_successor(change, estate))",
        _DRIFT,
    ),
    Mutant(
        "a vote counts only while its voter may vote",
        VOTES,
        "return [vote for vote in _approvals(change) if vote.voter_id in standing]",
        "return list(_approvals(change))",
        _VOTES,
    ),
    Mutant(
        "who uploads a certificate has no vote on it, also later",
        VOTES,
        "} - uploaders(change)",
        "}",
        _VOTES,
    ),
    Mutant(
        "the second uploader may not vote",
        VOTES,
        "i.certificate.uploaded_by_id == who.user_id or i.sha256_fingerprint in who.uploaded",
        "i.certificate.uploaded_by_id == who.user_id",
        _VOTES,
    ),
    Mutant(
        "undoing that adds trust takes the votes of an addition",
        VOTES,
        "if change.only_removes and is_undoing(change):",
        "if is_undoing(change):",
        _UNDO,
    ),
    Mutant(
        "one vote that declines is enough",
        VOTES,
        "if votes.filter(decision=Vote.Decision.REJECT).exists():",
        "if False:",
        _VOTES,
    ),
    Mutant(
        "a role of one environment holds there only",
        ACCESS,
        "    if environment is not None:\n        grants = grants.filter",
        "    if False:\n        grants = grants.filter",
        (*_UNDO, "tests/approvals/deciding/test_take_over.py"),
    ),
    Mutant(
        "an inactive person has no role",
        ACCESS,
        "return Grant.objects.filter(user=user_id, user__is_active=True)",
        "return Grant.objects.filter(user=user_id)",
        ("tests/tenants/test_access.py",),
    ),
    Mutant(
        "a role of a tenant is none of the platform",
        ACCESS,
        "wanted = Q(tenant=None, role__in=right.platform)",
        "wanted = Q(role__in=right.platform)",
        ("tests/tenants/test_access.py",),
    ),
    Mutant(
        "an inactive reviewer's vote does not count",
        ACCESS,
        "return User.objects.filter(is_active=True, grants__in=grants)",
        "return User.objects.filter(grants__in=grants)",
        _VOTES,
    ),
    Mutant(
        "only reviewers of the environment stop a change",
        POLICY,
        "return _may_here(user_id, Act.STOP, change)",
        "return _may_here(user_id, Act.COMMENT, change)",
        _STOP,
    ),
    Mutant(
        "what is being written is not stopped",
        "approvals/deciding/stop.py",
        "    if locks.is_in_unresolved_publication(change):\n        raise PublicationInProgress\n",
        "",
        _STOP,
    ),
    Mutant(
        "who has lost the role cannot withdraw",
        POLICY,
        "return _may_here(user_id, Act.FOLLOW_UP, change)",
        "return Verdict(is_allowed=True)",
        ("tests/approvals/deciding/test_take_over.py",),
    ),
    Mutant(
        "a change that is taken care of is not taken over",
        POLICY,
        "    if may_ask_here(change.responsible.pk, change):\n",
        "    if False:\n",
        ("tests/approvals/deciding/test_take_over.py",),
    ),
    Mutant(
        "sent back, votes of before count no more",
        "approvals/models/changes.py",
        "        self.voting_round += 1\n",
        "",
        _STOP,
    ),
    # --- the limits of mode B
    Mutant(
        "the platform's ceiling: roles",
        LIMITS,
        "set(tenant.self_service_roles) & set(most.roles),",
        "set(tenant.self_service_roles),",
        _LIMITS,
    ),
    Mutant(
        "the platform's ceiling: items",
        LIMITS,
        "min(tenant.self_service_item_count, most.item_count),",
        "tenant.self_service_item_count,",
        _LIMITS,
    ),
    Mutant(
        "the platform's ceiling: production",
        LIMITS,
        "tenant.self_service_in_production and most.in_production",
        "tenant.self_service_in_production",
        _LIMITS,
    ),
    Mutant(
        "the platform's ceiling: warnings",
        LIMITS,
        "tenant.self_service_with_warnings and most.with_warnings",
        "tenant.self_service_with_warnings",
        _LIMITS,
    ),
    Mutant(
        "the end of an overlap lies inside the roles",
        LIMITS,
        "for role in sorted({*later, *(item.role for item in items)} - allowed_roles)",
        "for role in sorted({item.role for item in items} - allowed_roles)",
        _LIMITS,
    ),
    Mutant(
        "the end of an overlap counts",
        LIMITS,
        "if (count := len(items) + len(later)) > item_count:",
        "if (count := len(items)) > item_count:",
        _LIMITS,
    ),
    Mutant(
        "the brake ends a proposal",
        "approvals/deciding/switch_mode.py",
        "state=ModeSwitch.State.DECLINED, decided_at=at",
        "decided_at=at",
        _SWITCH,
    ),
    Mutant(
        "a mode switch is confirmed as it was shown",
        "approvals/deciding/switch_mode.py",
        "        if digest != shown_digest(switch, at):\n            raise StaleDecision\n",
        "",
        _SWITCH,
    ),
    Mutant(
        "a policy is confirmed as it was shown",
        "tenants/flows/policies.py",
        "        if digest != shown.digest:\n            raise StaleDecision\n",
        "",
        ("tests/tenants/test_policies.py",),
    ),
    Mutant(
        "a golden client is let go by review",
        "certs/models/golden.py",
        "return self.tenant.is_self_service or is_exposed",
        "return False",
        _GOLDEN,
    ),
    # --- undoing
    Mutant(
        "what was undone, and what undid it, cancel",
        UNDO,
        "if is_dependent and not _only_undoes(change):",
        "if is_dependent:",
        _UNDO,
    ),
    Mutant(
        "production and an empty trust store ask for the name",
        UNDO,
        "    if change.trust_config.environment.is_production:\n        return True\n",
        "",
        _UNDO,
    ),
    Mutant(
        "a rollback beside an open change of the same certificate is refused",
        "approvals/asking/conflicts.py",
        "    if conflicts:\n",
        "    if False:\n",
        ("tests/approvals/asking/test_conflicts.py",),
    ),
    # --- drift
    Mutant(
        "a resolution is bound to what its case showed",
        DRIFT,
        "if change.state != State.APPROVED or not is_current(change, open_case(trust_config), live):",
        "if change.state != State.APPROVED:",
        _DRIFT,
    ),
    Mutant(
        "a real difference cannot be acknowledged",
        "approvals/asking/resolve_drift.py",
        '        if case.difference.added or case.difference.removed:\n            raise BadChange(_("The set',
        '        if False:\n            raise BadChange(_("The set',
        _DRIFT,
    ),
)
