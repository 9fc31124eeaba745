"""Decisions that contradict one another, or that were taken before something else happened: what each of them must not do."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from approvals.asking import resolve_drift, roll_back
from approvals.deciding import lapse, switch_mode
from approvals.draft import Removal, Timing
from approvals.errors import ApprovalError, PublicationInProgress, VoteRefused
from approvals.models import ChangeRequest
from approvals.publishing.conductor import publish
from audit.models import AuditEvent
from certs.errors import CertsError
from certs.models import Publication, TrustConfig, TrustEntry, VaultKey
from certs.trust_configs import register
from certs.trust_configs.drift import open_case
from emulator.faults import Fault
from pki.plan import revision_digest
from tenants.flows import windows
from tests.certificates import make, make_ca
from tests.world import COMMAND

AL = "allowlisted_certificate"
LENA = {"by": "lena", "tenant": "logistics"}


def test_one_write_does_not_revoke_a_certificate_and_let_it_back_in_under_another_role(world):
    ca = make_ca("ca")
    world.applied(ca, make("stays"), role=AL)
    back = world.submit(ca, role="trust_anchor")
    world.work()
    revocation = world.submit(removed=[Removal(ca.fingerprint, AL, "revoked")])
    world.work()
    world.approve(revocation)
    world.approve(back)
    world.work()
    assert world.fresh(revocation).state == "applied"
    assert ca.parsed.pem not in world.live()["anchors"]


def test_one_write_does_not_revoke_a_certificate_and_let_it_back_in_for_another_tenant(world):
    c = make("c")
    world.applied(c, make("stays"), to="shared-clients")
    back = world.submit(c, to="shared-clients", **LENA)
    world.work()
    revocation = world.submit(removed=[Removal(c.fingerprint, AL, "revoked")], to="shared-clients")
    world.work()
    world.approve(revocation)
    world.approve(back)
    world.work()
    assert world.fresh(revocation).state == "applied"
    assert c.parsed.pem not in world.live("shared-clients")["allowlisted"]


def test_the_brake_holds_for_the_end_of_an_overlap_whose_write_is_unresolved(world):
    world.self_service("payments", roles=(AL,), with_warnings=True)
    old, new = make("old"), make("new")
    world.applied(old, make("stays"))
    until = timezone.now() + timedelta(days=3)
    first = world.submit(
        new, removed=[Removal(old.fingerprint, AL, "retired")], timing=Timing(overlap_until=until)
    )
    world.work()
    assert world.fresh(first).state == "applied", (
        world.fresh(first).state,
        world.fresh(first).causes,
    )
    second = first.followers.get()
    with time_machine.travel(until + timedelta(minutes=1), tick=True):
        world.emulator.faults.add(Fault("UpdateTrustConfig", code="UNAVAILABLE"))
        publish(trust_config_id=str(first.trust_config_id))
        assert second.attempts.get().publication.state == "intended"
        switch_mode.brake(actor=world.actor("rita"), tenant_id=first.tenant_id, reason="Stop.")
        world.work()
    assert world.fresh(second).mode == "platform_managed"
    assert old.parsed.pem in world.live()["allowlisted"], world.fresh(second).state
    assert world.fresh(second).state == "validated"


def test_a_put_back_brings_back_nothing_that_its_holder_revoked_meanwhile(world):
    theirs = make("theirs")
    world.applied(theirs, make("stays"), to="shared-clients", **LENA)
    world.applied(theirs, make("stays2"), to="logistics-clients", **LENA)
    stays = [pem for pem in world.live("shared-clients")["allowlisted"] if pem != theirs.parsed.pem]
    world.edited_outside("shared-clients", allowlisted=stays)
    change = world.put_back("shared-clients")
    world.work()
    revoked = world.approved(
        removed=[Removal(theirs.fingerprint, AL, "revoked")], to="logistics-clients", **LENA
    )
    assert revoked.state == "applied"
    world.approve(change, by="ravi")
    world.work()
    assert theirs.parsed.pem not in world.live("shared-clients")["allowlisted"], world.fresh(
        change
    ).state


def test_an_adoption_says_when_it_gives_back_what_its_holder_revoked(world):
    theirs = make("theirs")
    world.applied(theirs, make("stays"), to="shared-clients", **LENA)
    world.applied(theirs, make("stays2"), to="logistics-clients", **LENA)
    stays = [pem for pem in world.live("shared-clients")["allowlisted"] if pem != theirs.parsed.pem]
    world.edited_outside("shared-clients", allowlisted=stays)
    world.adopted("shared-clients")
    revoked = world.approved(
        removed=[Removal(theirs.fingerprint, AL, "revoked")], to="logistics-clients", **LENA
    )
    assert revoked.state == "applied"
    world.edited_outside("shared-clients", allowlisted=[*stays, theirs.parsed.pem])
    with pytest.raises((ApprovalError, CertsError)):
        world.adopt("shared-clients")


@pytest.mark.parametrize("way", ["adopt", "put_back"])
def test_the_custodian_does_not_learn_of_what_goes_back_to_another_tenant(world, way):
    theirs = make("theirs-secret")
    world.applied(theirs, make("stays"), to="shared-clients", **LENA)
    stays = [pem for pem in world.live("shared-clients")["allowlisted"] if pem != theirs.parsed.pem]
    world.edited_outside("shared-clients", allowlisted=stays)
    world.adopted("shared-clients")
    world.edited_outside("shared-clients", allowlisted=[*stays, theirs.parsed.pem])
    getattr(world, way)("shared-clients", by="sam")
    page = world.page("sam")
    assert "theirs-secret" not in page.get("/t/payments/certificates/").content.decode()


def test_what_one_tenant_says_of_a_drift_does_not_stand_in_the_history_of_another(world):

    world.edited_outside("shared-clients", allowlisted=[make("f").parsed.pem])
    tc = world.trust_config("shared-clients")
    resolve_drift.adopt(
        actor=world.actor("sam"),
        tenant_id=world.tenant().pk,
        trust_config_id=str(tc.pk),
        digest=revision_digest(open_case(tc).entry_set),
        reason="ACME-takeover-secret",
    )
    world.work()
    world.approve(ChangeRequest.objects.get(kind="adoption"))
    world.work()
    assert ChangeRequest.objects.get(kind="adoption").state == "applied"
    page = world.page("lena")
    assert (
        "ACME-takeover-secret"
        not in page.get(f"/t/logistics/trust-configs/{tc.pk}/").content.decode()
    )


def test_the_end_of_an_overlap_outlives_a_long_freeze(world):
    old = make("old")
    world.applied(old, make("stays"))
    until = timezone.now() + timedelta(days=5)
    first = world.approved(
        make("new"),
        removed=[Removal(old.fingerprint, AL, "retired")],
        timing=Timing(overlap_until=until),
    )
    second = first.followers.get()
    windows.freeze(
        actor=world.actor("paula"),
        environment_slug="dev",
        begins_at=until - timedelta(days=1),
        ends_at=until + timedelta(days=20),
        reason="x",
    )
    with time_machine.travel(until + timedelta(days=15), tick=True):
        lapse.lapse()
    assert world.fresh(second).state == "approved"


def test_a_refusal_is_recorded_once(world):
    before = AuditEvent.objects.filter(result="refused").count()
    page = world.page("sam")
    theirs = world.trust_config("logistics-clients")
    assert page.post(f"/t/payments/trust-configs/{theirs.pk}/retry/").status_code == 404
    assert AuditEvent.objects.filter(result="refused").count() == before + 1


def test_a_vault_that_is_closed_stops_its_tenants_change_only(world):
    theirs = make("theirs")
    world.applied(theirs, make("stays"), to="shared-clients", **LENA)
    removal = world.submit(
        removed=[Removal(theirs.fingerprint, AL, "retired")], to="shared-clients", **LENA
    )
    mine = world.submit(make("mine"), to="shared-clients")
    world.work()
    VaultKey.objects.filter(tenant__slug="logistics").update(
        serves_until=timezone.now() - timedelta(days=1)
    )
    world.approve(removal)
    world.approve(mine)
    world.work()
    assert world.fresh(mine).state == "applied", world.trust_config("shared-clients").waiting_code


def test_undoing_the_first_of_a_rotation_waits_for_the_second_that_is_being_written(world):
    old, new = make("old"), make("new")
    world.applied(old, make("stays"))
    until = timezone.now() + timedelta(days=3)
    first = world.approved(
        new, removed=[Removal(old.fingerprint, AL, "retired")], timing=Timing(overlap_until=until)
    )
    second = first.followers.get()
    with time_machine.travel(until + timedelta(minutes=1), tick=True):
        publish(trust_config_id=str(first.trust_config_id))
        assert second.attempts.get().publication.state in ("intended", "sent")
        with pytest.raises(PublicationInProgress):
            roll_back.roll_back(
                actor=world.actor("sam"),
                tenant_id=first.tenant_id,
                number=first.number,
                typed_name=first.trust_config.name,
                also=[],
                reason="undo",
                originals=[],
            )


def test_a_worker_that_was_stopped_does_not_register_a_second_time(world, monkeypatch):

    world.edit_live("late", allowlisted=[])
    pk = register.name_trust_config(
        actor=COMMAND,
        environment_slug="dev",
        name="late",
        purpose="mtls-client",
        tenant_slugs=["payments"],
    )
    real = register.read_live
    done = []

    def stopped(trust_config):
        live = real(trust_config)
        if not done:
            done.append(1)
            register.read_first(trust_config_id=pk)  # meanwhile another worker
            c = make("c")
            done.append(c)
            assert world.applied(c, to="late").state == "applied"
        return live

    monkeypatch.setattr(register, "read_live", stopped)
    register.read_first(trust_config_id=pk)
    assert TrustEntry.objects.open().filter(trust_config_id=pk).count() == 1
    assert len(TrustConfig.objects.get(pk=pk).observed) == 1


def test_a_case_that_a_fence_ends_is_recorded(world):
    ours = world.submit(make("ours"))
    world.work()
    world.approve(ours)
    world.emulator.faults.add(Fault("UpdateTrustConfig", code="UNAVAILABLE"))
    publish(trust_config_id=str(ours.trust_config_id))
    world.edited_outside(labels={"countersign-revision": "someone-else"})
    assert world.trust_config().state == "drifted"
    world.work()
    assert world.trust_config().state == "ready"
    assert world.trust_config().drift_cases.get().state == "over"
    assert AuditEvent.objects.filter(type="drift.ended").exists()


def test_the_end_of_an_overlap_that_moves_is_recorded(world):
    old, new = make("old"), make("new")
    world.applied(old, make("stays"))
    now = timezone.now()
    first = world.submit(
        new,
        removed=[Removal(old.fingerprint, AL, "retired")],
        timing=Timing(overlap_until=now + timedelta(days=2)),
    )
    windows.freeze(
        actor=world.actor("paula"),
        environment_slug="dev",
        begins_at=now,
        ends_at=now + timedelta(days=1),
        reason="x",
    )
    world.work()
    world.approve(first)
    second = first.followers.get()
    before = second.due_at
    count = AuditEvent.objects.filter(subject_id=str(second.pk)).count()
    with time_machine.travel(now + timedelta(days=1, seconds=1), tick=True):
        publish(trust_config_id=str(first.trust_config_id))
        world.work()
    assert world.fresh(second).due_at > before
    assert AuditEvent.objects.filter(subject_id=str(second.pk)).count() == count + 1


def test_a_case_ends_with_our_write_that_makes_live_expected(world, settings):
    settings.PROPAGATION_SECONDS = 1000
    a = make("a")
    ours = world.submit(a)
    world.work()
    world.approve(ours)
    publish(trust_config_id=str(ours.trust_config_id))
    publish(trust_config_id=str(ours.trust_config_id))
    assert Publication.objects.get().state == "written"
    f = make("f")
    world.edited_outside(allowlisted=[a.parsed.pem, f.parsed.pem])
    assert world.trust_config().state == "drifted"
    world.edit_live(allowlisted=[a.parsed.pem])
    publish(trust_config_id=str(ours.trust_config_id))
    assert world.fresh(ours).state == "applied"
    world.edited_outside(allowlisted=[a.parsed.pem, f.parsed.pem])
    case = world.trust_config().drift_cases.get(state="open")
    assert len(case.difference.added) == 1
    world.adopt()


def test_an_old_file_restored_at_google_can_be_adopted_however_much_of_it_was_revoked(world):
    made = [make(f"c{n}") for n in range(200)]
    world.applied(*made)
    world.applied(make("other"))
    removed = world.applied(removed=[Removal(m.fingerprint, AL, "revoked") for m in made])
    assert removed.state == "applied"
    other = world.live()["allowlisted"]
    world.edited_outside(allowlisted=[*other, *(m.parsed.pem for m in made)])

    tc = world.trust_config()
    page = world.page("rita")
    form = {
        "digest": revision_digest(open_case(tc).entry_set),
        "reason": "\u8fd9" * 2000,
        "names_revocation": "on",
    }
    response = page.post(f"/t/payments/trust-configs/{tc.pk}/drift/adopt/", form)
    assert response.status_code != 500


def test_an_overlap_that_is_over_before_the_votes_come_removes_nothing_at_once(world):
    old, new = make("old"), make("new")
    world.applied(old, make("stays"))
    now = timezone.now()
    first = world.submit(
        new,
        removed=[Removal(old.fingerprint, AL, "retired")],
        timing=Timing(overlap_until=now + timedelta(days=2)),
    )
    world.work()
    with time_machine.travel(now + timedelta(days=3), tick=True):
        with pytest.raises(VoteRefused, match="over already"):
            world.approve(first)
    assert old.parsed.pem in world.live()["allowlisted"]
