"""Policies: who may tighten, who may loosen, from when they hold, and what a decision keeps of them."""

from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from approvals.errors import BlockingFindings
from audit.models import AuditEvent
from pki.policy import Policy, SelfService
from tenants import policies
from tenants.errors import BadValue, NotAllowed, NotPossible, StaleDecision, UnknownObject
from tenants.flows import policies as flow
from tenants.models import PolicyVersion
from tenants.policies import in_force, version_in_force
from tests.certificates import DAY, make
from tests.world import World

SHORT = Policy(longest_days={"allowlisted_certificate": 90})


def propose(
    world: World, by: str, policy: Policy, tenant: str = "", effective_from: datetime | None = None
) -> PolicyVersion:
    tenant_id = world.tenant(tenant).pk if tenant else None
    pk = flow.propose(
        actor=world.actor(by),
        tenant_id=tenant_id,
        policy=policy,
        effective_from=effective_from,
        reason="Because.",
    )
    return PolicyVersion.objects.get(pk=pk)


def decide(world: World, by: str, version: PolicyVersion, *, is_confirmed: bool = True) -> None:
    """On what the page shows now."""
    shown = policies.loosening_of(version, timezone.now()).digest
    flow.decide(
        actor=world.actor(by), version_id=version.pk, digest=shown, is_confirmed=is_confirmed
    )


def test_a_tenants_admin_tightens_at_once_and_alone(world: World) -> None:
    version = propose(world, "tom", SHORT, "payments")
    assert (version.state, str(version)) == ("decided", "payments@1")
    assert in_force(world.tenant().pk, timezone.now()).label == "payments@1"
    assert in_force(world.tenant("logistics").pk, timezone.now()).label == ""
    assert AuditEvent.objects.filter(type="policy.decided").exists()


def test_a_tenants_admin_may_not_loosen(world: World) -> None:
    propose(world, "tom", SHORT, "payments")
    with pytest.raises(NotAllowed):
        propose(world, "tom", Policy(), "payments")


@pytest.mark.parametrize("by", ["sam", "rita", "ada"])
def test_others_write_no_policy_at_all(world: World, by: str) -> None:
    with pytest.raises(NotAllowed):
        propose(world, by, SHORT, "payments")
    with pytest.raises(NotAllowed):
        propose(world, by, SHORT)


def test_the_platforms_floor_is_not_a_tenants(world: World) -> None:
    with pytest.raises(NotAllowed):
        propose(world, "tom", SHORT)
    assert str(propose(world, "paula", SHORT)) == "platform@1"


def test_loosening_waits_for_a_second_person(world: World) -> None:
    version = propose(world, "paula", Policy(allows_public_cas=True))
    assert (version.state, version.loosened) == ("proposed", ["allows_public_cas"])
    assert version_in_force(None, timezone.now()) is None
    with pytest.raises(NotAllowed):
        decide(world, "paula", version, is_confirmed=True)
    with pytest.raises(NotAllowed):
        decide(world, "tom", version, is_confirmed=True)
    decide(world, "rita", version, is_confirmed=True)
    assert version_in_force(None, timezone.now()) == version
    with pytest.raises(UnknownObject):
        decide(world, "rita", version, is_confirmed=True)


def test_a_declined_version_never_holds(world: World) -> None:
    version = propose(world, "paula", Policy(allows_public_cas=True))
    decide(world, "rita", version, is_confirmed=False)
    assert version_in_force(None, timezone.now() + 9 * DAY) is None
    assert AuditEvent.objects.filter(type="policy.declined").exists()


def test_one_version_waits_at_a_time(world: World) -> None:
    propose(world, "paula", Policy(allows_public_cas=True))
    with pytest.raises(NotPossible):
        propose(world, "paula", SHORT)


def test_a_policy_without_a_reason_or_without_a_change_is_refused(world: World) -> None:
    propose(world, "paula", SHORT)
    with pytest.raises(BadValue):
        propose(world, "paula", SHORT)
    with pytest.raises(BadValue):
        flow.propose(
            actor=world.actor("paula"),
            tenant_id=None,
            policy=Policy(),
            effective_from=None,
            reason=" ",
        )


def test_a_policy_holds_from_its_date_and_not_before(world: World) -> None:
    begins = timezone.now() + timedelta(days=30)
    propose(world, "paula", Policy(longest_days={"allowlisted_certificate": 398}))
    later = propose(
        world, "paula", Policy(longest_days={"allowlisted_certificate": 100}), effective_from=begins
    )
    tenant_id = world.tenant().pk
    assert in_force(tenant_id, timezone.now()).label == "platform@1"
    assert in_force(tenant_id, begins + DAY).label == f"platform@{later.number}"


def test_a_version_that_is_to_come_undoes_no_later_tightening_behind_everybodys_back(
    world: World,
) -> None:
    tomorrow = timezone.now() + DAY
    propose(world, "tom", Policy(keys=("P-256",)), "payments", effective_from=tomorrow)
    tighter = Policy(longest_days={"allowlisted_certificate": 100})
    with pytest.raises(NotPossible):
        propose(world, "tom", tighter, "payments")
    both = Policy(keys=("P-256",), longest_days={"allowlisted_certificate": 100})
    propose(world, "tom", both, "payments", effective_from=tomorrow + DAY / 24)
    with pytest.raises(NotPossible):  # for an hour the first version would hold alone
        propose(world, "tom", tighter, "payments")


def test_a_ceiling_that_is_lowered_before_the_write_sends_mode_bs_change_to_people(
    world: World,
) -> None:
    from jobs.models import Job

    world.self_service("payments", item_count=5)
    change = world.submit(make("a"), make("b"))
    Job.objects.filter(kind="publish").delete()
    from approvals.deciding import validate

    validate.validate(change_id=change.pk)
    assert world.fresh(change).state == "approved"
    propose(world, "paula", Policy(self_service=SelfService(item_count=1)))
    world.work()
    change = world.fresh(change)
    assert (change.state, change.causes[0]["code"]) == ("validated", "limit-count")
    assert world.updates() == []


def test_a_key_in_the_form_of_a_policy_is_refused_and_not_shown_again(world: World) -> None:
    typed = "URI:-----BEGIN PRIVATE KEY-----SECRETSECRET"
    page = _client(world, "tom").post(
        "/t/payments/policy/", {**FORM, "names": typed, "act": "propose"}
    )
    assert page.status_code == 422
    assert "SECRETSECRET" not in page.content.decode()
    assert not PolicyVersion.objects.exists()


def test_the_database_itself_asks_for_a_second_person(world: World) -> None:
    version = propose(world, "paula", Policy(allows_public_cas=True))
    version.decided_by_id = version.proposed_by_id
    with pytest.raises(IntegrityError), transaction.atomic():
        version.save()


def test_both_policies_are_held_against_a_change_and_the_decision_keeps_their_versions(
    world: World,
) -> None:
    propose(world, "paula", Policy(keys=("P-256",)))
    propose(world, "tom", SHORT, "payments")
    with pytest.raises(BlockingFindings) as refused:
        world.submit(make())
    assert "POL-VAL-01" in {finding.code for finding in refused.value.findings}
    change = world.submit(make(not_after=timezone.now() + 80 * DAY))
    world.work()
    change = world.fresh(change)
    assert (change.state, change.policies) == ("validated", "platform@1 payments@1")


def test_a_new_policy_sends_an_approved_change_back_that_it_would_not_let_pass(
    world: World,
) -> None:
    change = world.submit(make())
    world.work()
    world.approve(change)
    propose(world, "tom", SHORT, "payments")
    world.work()
    change = world.fresh(change)
    assert (change.state, change.causes[0]["code"]) == ("validated", "returned-findings")
    assert world.updates() == []


def test_the_policy_is_a_ceiling_of_mode_b(world: World) -> None:
    world.self_service("payments", item_count=5)
    propose(world, "paula", Policy(self_service=SelfService(item_count=1)))
    two = world.submit(make("a"), make("b"))
    one = world.submit(make("c"))
    world.work()
    assert world.fresh(one).state == "applied"
    assert [cause["code"] for cause in world.fresh(two).causes] == ["limit-count"]


# --- the page


def _client(world: World, person: str) -> Client:
    client = Client()
    client.force_login(world.user(person))
    return client


FORM: dict[str, Any] = {
    "roles": ["trust_anchor", "intermediate_ca", "allowlisted_certificate"],
    "own_roles": ["allowlisted_certificate"],
    "own_item_count": "10",
    "longest_allowlisted_certificate": "90",
    "names": "DNS:*.example.com\n",
    "reason": "Shorter.",
}


def test_a_draft_is_previewed_against_what_is_trusted_and_changes_nothing(world: World) -> None:
    world.applied(make("long-lived"))
    page = _client(world, "tom").post(
        "/t/payments/policy/", {**FORM, "act": "preview", "preview_on": "2030-01-01"}
    )
    text = page.content.decode()
    assert page.status_code == 200
    assert text.count("POL-VAL-01") >= 2
    assert "long-lived" in text
    assert not PolicyVersion.objects.exists()


def test_a_version_is_recorded_from_the_page_and_shown_there(world: World) -> None:
    client = _client(world, "tom")
    assert client.post("/t/payments/policy/", {**FORM, "act": "propose"}).status_code == 302
    version = PolicyVersion.objects.get()
    assert version.policy.names == ("DNS:*.example.com",)
    assert version.policy.self_service.roles == ("allowlisted_certificate",)
    assert "payments@1" in client.get("/t/payments/policy/").content.decode()


def test_a_line_that_makes_no_sense_is_refused_and_what_was_typed_stays(world: World) -> None:
    page = _client(world, "tom").post(
        "/t/payments/policy/", {**FORM, "names": "*.example.com", "act": "propose"}
    )
    assert page.status_code == 422
    assert "*.example.com" in page.content.decode()
    assert not PolicyVersion.objects.exists()


def test_a_reviewer_confirms_a_looser_floor_on_its_page(world: World) -> None:
    paula, rita = _client(world, "paula"), _client(world, "rita")
    assert (
        paula.post("/policy/", {**FORM, "allows_public_cas": "on", "act": "propose"}).status_code
        == 302
    )
    version = PolicyVersion.objects.get()
    assert paula.post(f"/policy/{version.pk}/decide/", {"decision": "confirm"}).status_code == 403
    digest = rita.get("/policy/").context["waiting"].digest
    word = {"decision": "confirm", "digest": digest}
    assert rita.post(f"/policy/{version.pk}/decide/", word).status_code == 302
    assert version_in_force(None, timezone.now()) == version


def test_the_second_person_confirms_what_the_page_showed(world: World) -> None:
    """A version that comes into force meanwhile makes the confirmation loosen more than was shown."""
    tomorrow = timezone.now() + DAY
    both = Policy(keys=("P-256",), longest_days={"allowlisted_certificate": 100})
    propose(world, "tom", Policy(keys=("P-256",)), "payments")
    propose(world, "tom", both, "payments", effective_from=tomorrow)
    propose(world, "paula", Policy(), "payments")
    version = PolicyVersion.objects.get(state="proposed")
    shown = policies.loosening_of(version, timezone.now())
    assert shown.lines == ["keys"]
    with time_machine.travel(tomorrow + DAY, tick=True):
        with pytest.raises(StaleDecision):
            flow.decide(
                actor=world.actor("rita"),
                version_id=version.pk,
                digest=shown.digest,
                is_confirmed=True,
            )
        anew = policies.loosening_of(version, timezone.now())
        assert sorted(anew.lines) == ["keys", "longest_days"]
        decide(world, "rita", version)
    version.refresh_from_db()
    assert (version.state, sorted(version.loosened)) == ("decided", ["keys", "longest_days"])


def test_a_stale_confirmation_is_refused_and_shown_again(world: World) -> None:
    propose(world, "paula", Policy(allows_public_cas=True))
    version = PolicyVersion.objects.get(state="proposed")
    page = world.page("rita")
    url = f"/policy/{version.pk}/decide/"
    answer = page.post(url, {"decision": "confirm", "digest": "0" * 64}, follow=True)
    assert "is not what the page showed" in answer.content.decode()
    version.refresh_from_db()
    assert version.state == "proposed"
    digest = answer.context["waiting"].digest
    page.post(url, {"decision": "confirm", "digest": digest})
    version.refresh_from_db()
    assert version.state == "decided"
