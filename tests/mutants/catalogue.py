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
TRANSITIONS = "approvals/steps/transitions.py"

_LEASE = ("tests/certs/trust_configs/test_publications.py",)
_PUBLISHING = ("tests/approvals/publishing",)
_VOTES = ("tests/approvals/test_votes.py", "tests/approvals/deciding")
_LIMITS = ("tests/approvals/test_limits.py",)
_UNDO = ("tests/approvals/asking/test_undo.py", "tests/approvals/asking/test_roll_back.py")
_STOP = ("tests/approvals/deciding/test_stop.py",)
_SWITCH = ("tests/approvals/deciding/test_switch_mode.py", "tests/approvals/test_limits.py")
_GOLDEN = ("tests/certs/golden_clients",)
_DECIDING = ("tests/approvals/deciding",)
_ASKING = ("tests/approvals/asking",)
_STEPS = ("tests/approvals/steps",)
_VAULT = ("tests/certs/vault",)
_JOBS = ("tests/jobs",)
_AUDIT = ("tests/audit",)
_TENANTS = ("tests/tenants", "tests/house/test_isolation.py")
_DRIFT = (
    "tests/certs/trust_configs",
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
        ("tests/gcp/test_interfaces.py",),
    ),
    Mutant(
        "verified needs the set",
        CONDUCTOR,
        "if live.label == written.label and live.entries == written.entry_set:",
        "if live.label == written.label:",
        _PUBLISHING,
    ),
    Mutant(
        "verified needs our label",
        CONDUCTOR,
        "if live.label == written.label and live.entries == written.entry_set:",
        "if live.entries == written.entry_set:",
        _PUBLISHING,
    ),
    Mutant(
        "a worker asks for its lease before it sends",
        CONDUCTOR,
        "    publications.require_held(lease)\n",
        "",
        _PUBLISHING,
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
        _PUBLISHING,
    ),
    Mutant(
        "a fencing write adopts nothing that nobody saw",
        INTEND,
        "if not is_as_seen(trust_config, live):",
        "if False:",
        _PUBLISHING,
    ),
    Mutant(
        "what is neither live nor opened holds its change",
        INTEND,
        "    if missing:\n",
        "    if False:\n",
        _PUBLISHING,
    ),
    Mutant(
        "golden clients are tried before a write that may wait",
        "approvals/judging/originals.py",
        "        if waits:\n            raise\n",
        "",
        _PUBLISHING,
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
    # --- found missing by the review, by what could have shipped unseen
    Mutant(
        "the end of an overlap removes no anchor of a shared trust config by itself",
        LIMITS,
        "for role in (*later, *(item.role for item in items))\n            )",
        "for role in (item.role for item in items)\n            )",
        _LIMITS,
    ),
    Mutant(
        "mode B brings back nothing that was revoked",
        LIMITS,
        'if codes & {"EST-REVOKED-01", "EST-REVOKED-02"}:',
        "if codes & set():",
        _LIMITS,
    ),
    Mutant(
        "what was changed outside is adopted by a person",
        LIMITS,
        'causes.append(cause("limit-adoption"))',
        "pass",
        _LIMITS,
    ),
    Mutant(
        "a finding that was answered takes a person",
        LIMITS,
        'if any(is_answerable(finding.code) and "answer" in finding.evidence for finding in findings):',
        "if any(() for finding in findings):",
        (*_LIMITS, *_GOLDEN),
    ),
    Mutant(
        "mode B approves inside its limits only",
        "approvals/deciding/validate.py",
        "elif limits.decides_by_itself(change) and not causes:",
        "elif limits.decides_by_itself(change):",
        (*_LIMITS, *_SWITCH),
    ),
    Mutant(
        "a check looks at the state again under the lock",
        "approvals/deciding/validate.py",
        "if change.state != State.SUBMITTED or not _is_as_known(change, live, actor):",
        "if not _is_as_known(change, live, actor):",
        _DECIDING,
    ),
    Mutant(
        "what follows a change that was returned needs its own votes",
        VOTES,
        "if first is not None and change.voting_round == 1:\n        is_standing",
        "if first is not None:\n        is_standing",
        (*_VOTES, *_STEPS),
    ),
    Mutant(
        "the limits of mode B are asked again for the end of an overlap",
        VOTES,
        "return rests_on_the_policy(change.follows)",
        "return False",
        (*_VOTES, *_STEPS, *_LIMITS),
    ),
    Mutant(
        "only people with a part in a change try it again",
        POLICY,
        "return _may_here(user_id, Act.TRY_AGAIN, change)",
        'return Verdict(is_allowed=True, reason="")',
        _DECIDING,
    ),
    Mutant(
        "what is being written does not lapse",
        "approvals/deciding/lapse.py",
        "            or locks.is_in_unresolved_publication(change)\n",
        "",
        _DECIDING,
    ),
    Mutant(
        "a follower that is being written is not withdrawn",
        TRANSITIONS,
        "if not locks.is_in_unresolved_publication(second):",
        "if second is not None:",
        (*_STEPS, *_UNDO, *_SWITCH),
    ),
    Mutant(
        "a follower does not stay when its first comes back",
        TRANSITIONS,
        '    withdraw_followers(change, cause("follower-returned", number=change.number), actor=actor, at=at)\n',
        "",
        (*_STEPS, *_STOP, *_SWITCH),
    ),
    Mutant(
        "after the brake the policy's votes count no more",
        "approvals/deciding/switch_mode.py",
        "    change.mode = Mode.PLATFORM_MANAGED\n    why",
        "    why",
        _SWITCH,
    ),
    Mutant(
        "an answer asks for votes on what is answered",
        "approvals/deciding/answer.py",
        "change.voting_round += 1",
        "change.voting_round += 0",
        (*_DECIDING, *_GOLDEN),
    ),
    Mutant(
        "a return to a date beside an open change of the same certificate is refused",
        "approvals/asking/return_to_date.py",
        "        conflicts.refuse_beside_others(tenant, trust_config, plan.added | plan.removed)\n",
        "",
        _ASKING,
    ),
    Mutant(
        "in mode B nothing that was revoked is adopted",
        "approvals/asking/resolve_drift.py",
        "if revoked and not policy.may_name_revocation(trust_config.custodian):",
        "if False:",
        _ASKING,
    ),
    Mutant(
        "a case is resolved by one change at a time",
        "approvals/asking/resolve_drift.py",
        "ChangeRequest.objects.open().filter(drift_case=case).first()",
        "ChangeRequest.objects.none().filter(drift_case=case).first()",
        _DRIFT,
    ),
    Mutant(
        "what its holder revoked is not put back",
        "approvals/asking/resolve_drift.py",
        "if is_revoked_by_holder(trust_config, others):",
        "if False:",
        _DRIFT,
    ),
    Mutant(
        "a receipt of another endpoint proves nothing",
        "approvals/deciding/prove.py",
        "if trust_config.endpoint and _place(receipt.url) != trust_config.endpoint:",
        "if False:",
        _DECIDING,
    ),
    Mutant(
        "while a write is open the sweep decides nothing about a case",
        "approvals/publishing/sweep.py",
        "            or Publication.objects.unresolved(trust_config.pk).exists()\n",
        "",
        _PUBLISHING,
    ),
    Mutant(
        "a stale read decides nothing about a case",
        "approvals/publishing/sweep.py",
        "            or trust_config.observed_at != live.basis\n",
        "",
        _PUBLISHING,
    ),
    Mutant(
        "a stale sweep blocks nothing",
        "approvals/publishing/sweep.py",
        "if locked.blocked_at is not None or locked.observed_at != trust_config.observed_at:",
        "if locked.blocked_at is not None:",
        _PUBLISHING,
    ),
    Mutant(
        "what has drifted is looked at again",
        "approvals/publishing/wake.py",
        '            _ensure("look_again", trust_config.pk, trust_config.environment.queue)\n',
        "            pass\n",
        _PUBLISHING,
    ),
    Mutant(
        "what Google refuses is not woken",
        "approvals/publishing/wake.py",
        "busy.filter(blocked_at=None)",
        "busy.filter()",
        _PUBLISHING,
    ),
    Mutant(
        "whether its time has come is asked again before the write",
        INTEND,
        "            if not schedule.may_go(change, at):\n                continue\n",
        "",
        _PUBLISHING,
    ),
    Mutant(
        "a batch grows again after what was refused",
        "approvals/publishing/settle.py",
        "        if trust_config.batch_limit:\n",
        "        if False:\n",
        _PUBLISHING,
    ),
    Mutant(
        "what is revoked is not kept",
        INTEND,
        "if item.removal == Item.Removal.RETIRED and (pem",
        "if item.removal and (pem",
        (*_PUBLISHING, *_VAULT),
    ),
    Mutant(
        "a revocation goes before what would bring the certificate back",
        ADMISSION,
        "ordered.insert(next(bringing, len(ordered)), change)",
        "ordered.append(change)",
        _PUBLISHING,
    ),
    Mutant(
        "one write does not revoke and let in again",
        ADMISSION,
        "            revoked={**estate.revoked, **change.revokes},",
        "            revoked=estate.revoked,",
        _PUBLISHING,
    ),
    Mutant(
        "what was not opened does not go",
        ADMISSION,
        "pk__in=[change.pk for change in due if change.pk not in opened.waiting]",
        "pk__in=[change.pk for change in due]",
        _PUBLISHING,
    ),
    Mutant(
        "where Google refuses nothing is written",
        CONDUCTOR,
        "    if trust_config.blocked_at is not None:\n        return None\n",
        "",
        _PUBLISHING,
    ),
    Mutant(
        "an operation that runs is waited for, although its intent was lost",
        CONDUCTOR,
        "not status.is_done for status in publishing.operations_since(trust_config, oldest)",
        "False for status in publishing.operations_since(trust_config, oldest)",
        _PUBLISHING,
    ),
    Mutant(
        "a resolution needs the set that was voted on",
        "approvals/steps/cases.py",
        "live.entries == case.entry_set and live.label == case.label",
        "live.label == case.label",
        _DRIFT,
    ),
    Mutant(
        "a resolution needs the label that was voted on",
        "approvals/steps/cases.py",
        "live.entries == case.entry_set and live.label == case.label",
        "live.entries == case.entry_set",
        _DRIFT,
    ),
    Mutant(
        "a resolution that is being written is not ended",
        "approvals/steps/cases.py",
        "if is_current(change, case) or locks.is_in_unresolved_publication(change):",
        "if is_current(change, case):",
        _STEPS,
    ),
    Mutant(
        "a resolution is judged once more before it goes",
        DRIFT,
        "    if again.causes:\n        again.send_back(change, actor=actor, at=at)\n        return None\n    return change",
        "    return change",
        _DRIFT,
    ),
    Mutant(
        "nobody pauses somebody else's lease",
        LEASES,
        "    mine = TrustConfig.objects.filter(pk=lease.trust_config_id, fence=lease.fence)\n    mine.filter(blocked_at=None)",
        "    mine = TrustConfig.objects.filter(pk=lease.trust_config_id)\n    mine.filter(blocked_at=None)",
        _LEASE,
    ),
    Mutant(
        "what stays is sent as it was read",
        "certs/trust_configs/publishing.py",
        "live.pems.get(entry) or additions[entry.sha256_fingerprint]",
        "additions.get(entry.sha256_fingerprint) or live.pems[entry]",
        _PUBLISHING,
    ),
    Mutant(
        "a sealed text is compared with its digest",
        "certs/vault/opening.py",
        "if hashlib.sha256(text).hexdigest() != content_sha256:",
        "if False:",
        (*_VAULT, *_GOLDEN),
    ),
    Mutant(
        "a sealed original is compared with its fingerprint",
        "certs/vault/opening.py",
        "if sha256_fingerprint(der) != sealed.sha256_fingerprint:",
        "if False:",
        _VAULT,
    ),
    Mutant(
        "an unwrapped key is forgotten after minutes",
        "certs/vault/opening.py",
        "if until < now]:",
        "if False]:",
        _VAULT,
    ),
    Mutant(
        "the original of another tenant is not used",
        "certs/vault/sealing.py",
        "    if tenant_id is not None:\n        rows = rows.filter(tenant_id=tenant_id)\n",
        "",
        (*_VAULT, *_ASKING),
    ),
    Mutant(
        "an original serves no longer than its window",
        "certs/vault/sealing.py",
        "rows.filter(Q(keep_until=None) | Q(keep_until__gt=Now()))",
        "rows.filter()",
        (*_VAULT, *_ASKING),
    ),
    Mutant(
        "a sealed original is bound to its fingerprint",
        "certs/vault/sealing.py",
        '            "sha256": fingerprint,\n',
        '            "sha256": "",\n',
        _VAULT,
    ),
    Mutant(
        "a case is as seen only with its label",
        "certs/trust_configs/drift.py",
        "    return live.entries == case.entry_set and live.label == case.label",
        "    return live.entries == case.entry_set",
        _DRIFT,
    ),
    Mutant(
        "another tenant's anchor is not named",
        "approvals/judging/estate.py",
        "                if holding.tenant_id == tenant_id\n",
        "                if holding\n",
        ("tests/approvals/judging",),
    ),
    Mutant(
        "our share of Google's quota ends",
        "certs/trust_configs/budget.py",
        'return rows.filter(**{f"{quota.value}__lte": Now() + burst})',
        "return rows",
        _PUBLISHING,
    ),
    Mutant(
        "the end of an overlap waits while its first change is undone",
        "approvals/models/changes.py",
        "return first.state != State.APPLIED or first.inverted_by.filter(state__in=OPEN).exists()",
        "return first.state != State.APPLIED",
        ("tests/approvals",),
    ),
    Mutant(
        "a job is put back by its own worker only",
        "jobs/claims.py",
        "    mine = Job.objects.filter(pk=claim.job_id, lease_token=claim.token, state=JobState.RUNNING)\n    try:",
        "    mine = Job.objects.filter(pk=claim.job_id, state=JobState.RUNNING)\n    try:",
        _JOBS,
    ),
    Mutant(
        "asking again delays nothing",
        "jobs/queue.py",
        '        "due_at": Least("due_at", due_at),',
        '        "due_at": due_at,',
        _JOBS,
    ),
    Mutant(
        "a worker claims from its own queues only",
        "jobs/claims.py",
        "    if worker.served is not None:",
        "    if False:",
        _JOBS,
    ),
    Mutant(
        "nobody renews what another worker has taken",
        "jobs/claims.py",
        "    mine = Job.objects.filter(pk=claim.job_id, lease_token=claim.token, state=JobState.RUNNING)\n    mine",
        "    mine = Job.objects.filter(pk=claim.job_id, state=JobState.RUNNING)\n    mine",
        _JOBS,
    ),
    Mutant(
        "a queue without a worker takes nothing from the others",
        "jobs/queue.py",
        'rows = ringable.filter(queue=name).order_by("due_at")',
        'rows = ringable.order_by("due_at")',
        _JOBS,
    ),
    Mutant(
        "a job is claimed when it is due",
        "jobs/claims.py",
        "Q(state=JobState.WAITING, due_at__lte=Now())",
        "Q(state=JobState.WAITING)",
        _JOBS,
    ),
    Mutant(
        "an event is found by its subject's fingerprint",
        "audit/recorder.py",
        "named = {*scope.sha256_fingerprints, *([subject.sha256] if subject.sha256 else [])}",
        "named = {*scope.sha256_fingerprints}",
        _AUDIT,
    ),
    Mutant(
        "an event names the one before it",
        "audit/recorder.py",
        '.order_by("-id")',
        '.order_by("id")',
        _AUDIT,
    ),
    Mutant(
        "an event is written with its fact",
        "audit/recorder.py",
        "    if not connection.in_atomic_block:\n        raise OutsideTransaction",
        "    if False:\n        raise OutsideTransaction",
        _AUDIT,
    ),
    Mutant(
        "what one tenant says stands in no other tenant's history",
        "approvals/audit_events.py",
        'reason=reason if reason_of in {None, tenant_id} else ""',
        "reason=reason",
        ("tests/approvals/test_audit_events.py",),
    ),
    Mutant(
        "a write is in the history of every tenant that it carries",
        "approvals/audit_events.py",
        "for tenant_id, mine in (numbers or {None: []}).items():",
        "for tenant_id, mine in [*(numbers or {None: []}).items()][:1]:",
        ("tests/approvals/test_audit_events.py",),
    ),
    Mutant(
        "an inactive person sees no tenant and has no role of the platform",
        ACCESS,
        "Grant.objects.filter(user=user_id, user__is_active=True)",
        "Grant.objects.filter(user=user_id)",
        _TENANTS,
    ),
    Mutant(
        "the page names no reviewers of other environments",
        ACCESS,
        "        Q(environment=environment) | Q(environment=None),\n        role__in=RIGHTS[act].platform,",
        "        role__in=RIGHTS[act].platform,",
        (*_TENANTS, *_VOTES),
    ),
    Mutant(
        "a confirmed policy is not undone later by one person",
        "tenants/flows/policies.py",
        "        _refuse_to_be_undone(own, policy, begins)\n",
        "",
        _TENANTS,
    ),
    Mutant(
        "a chain is not one certificate too deep",
        "pki/estate_rules.py",
        "if count > MAXIMAL_DEPTH:",
        "if count > MAXIMAL_DEPTH + 1:",
        ("tests/pki",),
    ),
    Mutant(
        "the end of an overlap is not due while its first change is undone",
        "approvals/querysets.py",
        ".exclude(\n            follows__inverted_by__state__in=OPEN\n        )",
        "",
        ("tests/approvals",),
    ),
    Mutant(
        "a path is not one link too long",
        "pki/estate_rules.py",
        "if facts.path_length is not None and below > facts.path_length:",
        "if facts.path_length is not None and below > facts.path_length + 1:",
        ("tests/pki",),
    ),
    Mutant(
        "a resolution's votes bind the entries of others",
        "approvals/judging/digest.py",
        '        found["others"] = [change.others_added, change.others_removed]\n',
        "",
        ("tests/approvals",),
    ),
    Mutant(
        "the votes of a rotation bind its later removal",
        "approvals/judging/digest.py",
        "    if later and change.overlap_until:\n",
        "    if False:\n",
        ("tests/approvals",),
    ),
    Mutant(
        "what the tenant revoked elsewhere is revoked here",
        "approvals/judging/revocations.py",
        "mine = items.filter(change__tenant_id=tenant_id) | items.filter(\n        change__trust_config=trust_config\n    )",
        "mine = items.filter(change__trust_config=trust_config)",
        ("tests/approvals",),
    ),
)
