"""Who may countersign, on what, and when a vote stops counting."""

import pytest
from django.test import Client

from approvals.deciding import switch_mode, vote
from approvals.deciding.validate import validate
from approvals.draft import Removal
from approvals.errors import BadChange, SelfApproval, StalePlan, VoteRefused
from approvals.models import Vote
from audit.models import AuditEvent
from certs.models import SealedCertificate
from tenants.errors import NotAllowed
from tests.certificates import make
from tests.world import World


def test_a_submitter_cannot_approve_their_own_change(world: World) -> None:
    world.add_user("both", ("submitter", "payments"), ("reviewer", ""))
    change = world.submit(make(), by="both")
    world.work()
    with pytest.raises(SelfApproval, match="You submitted"):
        world.approve(change, by="both")


def test_an_uploader_cannot_approve_what_somebody_else_submits(world: World) -> None:
    world.add_user("both", ("submitter", "payments"), ("reviewer", ""))
    client = make()
    first = world.submit(client, by="both")
    world.work()
    vote.reject(
        actor=world.actor("rita"),
        tenant_id=first.tenant_id,
        number=first.number,
        digest=world.fresh(first).change_digest,
        comment="no",
    )
    second = world.submit(client, by="sam")
    world.work()
    with pytest.raises(SelfApproval, match="You uploaded"):
        world.approve(second, by="both")


@pytest.mark.parametrize("name", ["sam", "lena", "ada", "tom", "paula", "nobody"])
def test_only_reviewers_of_the_platform_count(world: World, name: str) -> None:
    change = world.submit(make())
    world.work()
    with pytest.raises((VoteRefused, SelfApproval)):
        world.approve(change, by=name)
    assert not Vote.objects.exists()


def test_a_reviewer_of_one_tenant_does_not_count_in_mode_a(world: World) -> None:
    world.add_user("tina", ("reviewer", "payments"))
    change = world.submit(make())
    world.work()
    with pytest.raises(VoteRefused):
        world.approve(change, by="tina")


def test_a_reviewer_of_another_environment_does_not_count(world: World) -> None:
    world.add_user("dev_only", ("reviewer", "", "dev"))
    change = world.submit(make(), environment="prod")
    world.work()
    with pytest.raises(VoteRefused):
        world.approve(change, by="dev_only")


def test_a_superuser_is_no_reviewer(world: World) -> None:
    user = world.user("nobody")
    user.is_superuser = user.is_staff = True
    user.save()
    change = world.submit(make())
    world.work()
    with pytest.raises(VoteRefused):
        world.approve(change, by="nobody")


def test_production_takes_two_different_people(world: World) -> None:
    change = world.submit(make(), environment="prod")
    world.work()
    world.approve(change, by="rita")
    with pytest.raises(VoteRefused):
        world.approve(change, by="rita")
    assert world.fresh(change).state == "validated"
    world.approve(change, by="ravi")
    assert world.fresh(change).state == "approved"


def test_a_vote_on_another_plan_is_refused(world: World) -> None:
    change = world.submit(make())
    world.work()
    with pytest.raises(StalePlan):
        vote.approve(
            actor=world.actor("rita"),
            tenant_id=change.tenant_id,
            number=change.number,
            digest="0" * 64,
            comment="",
        )


def test_a_rejection_needs_a_reason_ends_the_change_and_deletes_what_was_sealed(
    world: World,
) -> None:
    change = world.submit(make())
    world.work()
    digest = world.fresh(change).change_digest
    with pytest.raises(BadChange):
        vote.reject(
            actor=world.actor("rita"),
            tenant_id=change.tenant_id,
            number=change.number,
            digest=digest,
            comment=" ",
        )
    assert SealedCertificate.objects.count() == 1
    vote.reject(
        actor=world.actor("rita"),
        tenant_id=change.tenant_id,
        number=change.number,
        digest=digest,
        comment="Unknown partner.",
    )
    assert (world.fresh(change).state, SealedCertificate.objects.count()) == ("rejected", 0)
    assert AuditEvent.objects.filter(type="change.rejected").count() == 1


def test_a_busy_trust_config_voids_nobodys_vote(world: World) -> None:
    slow = world.submit(make("slow"), environment="prod")
    world.work()
    world.approve(slow, by="rita")
    world.applied(make("fast"), environment="prod")
    world.approve(slow, by="ravi")
    world.work()
    assert world.fresh(slow).state == "applied"
    assert slow.votes.count() == 2


def test_a_revocation_sends_the_other_change_of_the_same_certificate_back(world: World) -> None:
    client, other = make("client"), make("other")
    world.applied(client, other)
    retire = world.submit(
        removed=[Removal(client.fingerprint, "allowlisted_certificate", "retired")]
    )

    validate(change_id=retire.pk)
    world.approve(retire)
    revoke = world.submit(
        removed=[Removal(client.fingerprint, "allowlisted_certificate", "revoked")]
    )
    assert world.fresh(retire).state == "validated"
    assert world.fresh(retire).causes[0] == {
        "code": "returned-revocation",
        "number": str(revoke.number),
    }


def test_what_is_refused_leaves_no_vote_and_no_event_of_a_vote(world: World) -> None:
    change = world.submit(make())
    world.work()
    with pytest.raises(VoteRefused):
        world.approve(change, by="ada")
    assert not AuditEvent.objects.filter(type="vote.cast").exists()


def test_a_grant_for_one_environment_decides_for_that_one_only(world: World) -> None:
    world.add_user("dev_admin", ("platform_admin", "", "dev"))
    world.add_user("dev_reviewer", ("reviewer", "", "dev"))
    pk = world.tenant().pk
    with pytest.raises(NotAllowed):
        switch_mode.propose(
            actor=world.actor("dev_admin"), tenant_id=pk, reason="x", limits=switch_mode.Limits()
        )
    switch_mode.propose(
        actor=world.actor("paula"), tenant_id=pk, reason="x", limits=switch_mode.Limits()
    )
    switch = world.tenant().mode_switches.get()
    with pytest.raises(NotAllowed):
        world.decide_switch(switch.tenant.slug, by="dev_reviewer")
    client = Client()
    client.force_login(world.user("dev_reviewer"))
    assert client.get("/review/").status_code == 200
    assert client.get("/audit/").status_code == 403


def test_a_rejection_is_by_the_same_rules(world: World) -> None:
    change = world.submit(make())
    world.work()
    from approvals.errors import SelfApproval

    with pytest.raises(SelfApproval):
        vote.reject(
            actor=world.actor("sam"),
            tenant_id=change.tenant_id,
            number=change.number,
            digest=world.fresh(change).change_digest,
            comment="no",
        )
