"""Nothing waits in silence: what Google or Cloud KMS refuses is said with the way out, and what is no failure is not called one."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from approvals.deciding import lapse, retry
from approvals.deciding.validate import validate
from approvals.draft import Removal, Timing
from approvals.errors import BadChange
from approvals.judging.schedule import lapses_at
from approvals.models import ChangeRequest
from approvals.publishing import sweep
from approvals.publishing.conductor import publish
from audit.models import AuditEvent
from certs.errors import VaultClosed
from certs.models import GoogleLocation, Publication, TrustConfig, VaultKey
from certs.trust_configs import ask as ask_for_trust_config
from certs.vault import keys as vault
from certs.vault.sealing import require_vault_key
from emulator.faults import Fault
from jobs import clock
from jobs.clock import now as the_databases_now
from jobs.models import Job
from pages.changes.timeline import timeline_of
from pages.changes.waiting import waiting_of
from pki.receipt import write
from tenants.flows import windows
from tenants.models import Environment
from tests.certificates import make, make_ca

AL = "allowlisted_certificate"
LENA = {"by": "lena", "tenant": "logistics"}


def _shown(change):
    return waiting_of(
        ChangeRequest.objects.select_related("trust_config__environment").get(pk=change.pk)
    )


def _see(world, who, change):
    return world.page(who).get(f"/t/payments/changes/{change.number}/").content.decode()


@pytest.mark.parametrize("code", ["PERMISSION_DENIED", "NOT_FOUND", "INVALID_ARGUMENT"])
def test_a_change_that_cannot_be_checked_says_so_and_is_tried_again_by_a_person(world, code):
    world.emulator.faults.add(Fault("GetTrustConfig", code=code, message="Google's words"))
    change = world.submit(make("c"))
    world.work()
    held = world.fresh(change)
    assert held.state == "submitted" and held.held_code
    shown = _shown(change)
    assert (
        "could not be checked" in str(shown.what)
        and "Google's words" in str(shown.what)
        and shown.is_trouble
    )
    assert "Try again" in _see(world, "sam", change)
    retry.retry(actor=world.actor("sam"), tenant_id=change.tenant_id, number=change.number)
    world.work()
    assert world.fresh(change).state == "validated"
    assert AuditEvent.objects.filter(type="change.held", subject_id=str(change.pk)).count() == 1
    assert AuditEvent.objects.filter(type="change.retried", subject_id=str(change.pk)).count() == 1


def test_a_sweep_that_google_refuses_is_shown_until_it_goes_again(world):
    trust_config, environment = world.trust_config(), world.trust_config().environment
    world.emulator.faults.add(
        Fault("ListTrustConfigs", code="PERMISSION_DENIED", message="trustconfigs.list denied")
    )
    sweep.sweep(environment_id=environment.pk)
    for who, path in (
        ("sam", f"/t/payments/trust-configs/{trust_config.pk}/"),
        ("paula", "/environments/dev/"),
    ):
        text = world.page(who).get(path).content.decode()
        assert "go unnoticed" in text and "trustconfigs.list denied" in text
    sweep.sweep(environment_id=environment.pk)
    assert GoogleLocation.objects.get(project=environment.project).refused_at is None
    assert (
        "go unnoticed"
        not in world.page("sam")
        .get(f"/t/payments/trust-configs/{trust_config.pk}/")
        .content.decode()
    )


def test_an_environment_without_trust_configs_is_swept_for_its_room(world):
    world.emulator.certificate_manager.edit_out_of_band(
        "projects/demo-fresh/locations/global/trustConfigs/stranger", {}
    )
    fresh = Environment.objects.create(
        slug="fresh", name="Fresh", project="demo-fresh", location="global"
    )
    sweep.sweep_everywhere()
    assert Job.objects.filter(kind="sweep_location", subject_id=str(fresh.pk)).exists()
    world.work()
    assert ask_for_trust_config.room_in(fresh) == (1, 5)


def test_a_vault_key_that_cannot_be_made_says_why(world):
    VaultKey.objects.update(serves_until=timezone.now() - timedelta(days=1))
    world.emulator.faults.add(
        Fault("Encrypt", code="PERMISSION_DENIED", message="cryptoKeyVersions.useToEncrypt denied")
    )
    vault.make_vault_keys_ahead()
    world.work(limit=1)
    assert Job.objects.filter(kind="make_vault_key", last_error__contains="useToEncrypt").exists()
    refused = Job.objects.get(kind="make_vault_key", last_error__contains="useToEncrypt")
    tenant_id, environment_id, purpose = refused.subject_id.split(":")
    trust_config = TrustConfig(environment_id=int(environment_id), purpose=purpose)
    with pytest.raises(VaultClosed, match="useToEncrypt denied"):
        require_vault_key(int(tenant_id), trust_config)
    world.work()
    assert require_vault_key(int(tenant_id), trust_config)


def test_a_trust_config_that_google_does_not_make_is_tried_again_on_its_page(world):
    world.emulator.faults.add(
        Fault("CreateTrustConfig", code="PERMISSION_DENIED", message="trustconfigs.create denied")
    )
    pk = ask_for_trust_config.ask_for_trust_config(
        actor=world.actor("paula"),
        environment_slug="dev",
        name="new-clients",
        purpose="mtls-client",
        tenant_slugs=["payments"],
    )
    world.work()
    page = world.page("paula")
    text = page.get(f"/t/payments/trust-configs/{pk}/").content.decode()
    assert (
        "trustconfigs.create denied" in text
        and "certificatemanager.editor" in text
        and "Try again" in text
    )
    page.post(f"/t/payments/trust-configs/{pk}/retry/")
    world.work()
    assert TrustConfig.objects.get(pk=pk).state == "ready"
    assert sum(call["rpc"] == "CreateTrustConfig" for call in world.emulator.faults.calls()) >= 1


def test_a_silent_cloud_kms_costs_one_deadline_however_many_wait_and_a_revocation_none(
    world, settings
):
    settings.RPC_TIMEOUT_SECONDS = 0.3
    old = make("old")
    world.applied(old, make("stays"))
    changes = [world.submit(make(f"c{n}")) for n in range(5)]
    revocation = world.submit(removed=[Removal(old.fingerprint, AL, "revoked")])
    world.work()
    from certs.vault import opening

    for change in [*changes, revocation]:
        world.approve(change)
    opening._cache.clear()
    world.emulator.faults.add(Fault("Decrypt", kind="hang", times=100))
    publish(trust_config_id=str(revocation.trust_config_id))
    assert revocation.attempts.get().publication.state == "sent"
    assert world.emulator.faults.waiting()[0]["times"] == 100  # nobody asked Cloud KMS
    while world.fresh(revocation).state == "approved":
        publish(trust_config_id=str(revocation.trust_config_id))
    assert world.emulator.faults.waiting()[0]["times"] == 100
    publish(trust_config_id=str(revocation.trust_config_id))
    assert world.emulator.faults.waiting()[0]["times"] == 99  # five wait, one asked
    assert world.trust_config().waiting_code == "cloud-unavailable"


def test_a_freeze_keeps_what_is_on_record_so_a_foreign_edit_is_put_back_in_it(world):
    first = make("first")
    world.applied(first, make("stays"))
    live = world.live()["allowlisted"]
    begins = timezone.now()
    windows.freeze(
        actor=world.actor("paula"),
        environment_slug="dev",
        begins_at=begins,
        ends_at=begins + timedelta(days=1),
        reason="Quarter's end.",
    )
    world.edit_live(allowlisted=[pem for pem in live if pem != first.parsed.pem])
    sweep.sweep(environment_id=world.trust_config().environment_id)
    assert (
        "what puts back a foreign edit"
        in world.page("sam")
        .get(f"/t/payments/trust-configs/{world.trust_config().pk}/")
        .content.decode()
    )
    change = world.put_back()
    world.work()
    world.approve(change, by="ravi")
    world.work()
    assert (world.fresh(change).state, world.live()["allowlisted"]) == ("applied", live)


def test_googles_quota_is_a_wait_and_no_failure(world):
    change = world.submit(make("c"))
    world.work()
    world.emulator.faults.add(
        Fault("UpdateTrustConfig", code="RESOURCE_EXHAUSTED", message="Quota exceeded", times=2)
    )
    world.approve(change)
    world.work()
    assert world.fresh(change).state == "applied"
    assert [
        (moment.kind, str(moment.title))
        for moment in timeline_of(world.fresh(change))
        if "quota" in str(moment.title)
    ] == [("now", "Waited for Google's quota; nothing was written")] * 2
    assert "Writing failed" not in _see(world, "sam", change)
    assert AuditEvent.objects.filter(type="publication.postponed", result="ok").count() == 2
    assert not AuditEvent.objects.filter(type="publication.failed").exists()
    assert (
        "postponed"
        in world.page("sam")
        .get(f"/t/payments/trust-configs/{change.trust_config_id}/")
        .content.decode()
    )


def test_our_own_share_of_the_quota_leaves_no_trace_of_a_write(world, settings):
    change = world.submit(make("c"))
    world.work()
    world.approve(change)
    settings.WRITES_PER_MINUTE = 1
    from certs.models import GoogleProject

    GoogleProject.objects.update(writes_at=timezone.now() + timedelta(minutes=5))
    publish(trust_config_id=str(change.trust_config_id))
    assert (world.trust_config().waiting_code, Publication.objects.count()) == (
        "cloud-exhausted",
        0,
    )


def test_events_say_the_databases_time_however_wrong_the_workers_clock(world, monkeypatch):
    change = world.submit(make("c"))
    world.work()
    world.approve(change)
    monkeypatch.setattr(clock, "now", the_databases_now)
    right = the_databases_now()
    with time_machine.travel(timezone.now() + timedelta(hours=1), tick=True):
        world.work()
    assert world.fresh(change).state == "applied"
    publication = change.attempts.get().publication
    times = [
        *AuditEvent.objects.filter(type__startswith="publication.").values_list("at", flat=True),
        publication.verified_at,
        world.trust_config().observed_at,
    ]
    assert all(abs(at - right) < timedelta(minutes=5) for at in times)


def test_an_approval_that_lapsed_is_not_written_whoever_comes_first(world):
    change = world.submit(make("c"))
    world.work()
    world.approve(change)
    change = world.fresh(change)
    with time_machine.travel(lapses_at(change) + timedelta(minutes=1), tick=True):
        publish(trust_config_id=str(change.trust_config_id))
        assert (world.fresh(change).state, Publication.objects.count()) == ("approved", 0)
        lapse.lapse()
    assert world.fresh(change).state == "rejected"


def test_an_approval_counts_from_the_end_of_the_freeze_that_it_waited_for(world):
    now = timezone.now()
    windows.freeze(
        actor=world.actor("paula"),
        environment_slug="dev",
        begins_at=now,
        ends_at=now + timedelta(days=20),
        reason="x",
    )
    change = world.submit(make("c"))
    world.work()
    world.approve(change)
    assert lapses_at(world.fresh(change)) == now + timedelta(days=34)
    until = now + timedelta(days=60)
    rotation = world.submit(make("d"), timing=Timing("at_time", due_at=until))
    world.work()
    world.approve(rotation)
    assert lapses_at(world.fresh(rotation)) == until + timedelta(days=14)


def test_programs_read_every_proof_and_the_effect_of_an_adoption(world):
    TrustConfig.objects.update(enforcement="reject")
    clients = [make("one"), make("two")]
    change = world.applied(*clients)
    from approvals.deciding import prove

    for client in clients:
        values = {
            "url": "https://h/",
            "outcome": "accepted",
            "detail": "",
            "at": timezone.now().isoformat(),
            "server_sha256": "",
            "told": {},
        }
        prove.prove(
            actor=world.actor("sam"),
            tenant_id=change.tenant_id,
            number=change.number,
            receipt=write(values, [client.certificate], client.key),
        )
    page = world.page("ada")
    facts = page.get(f"/t/payments/changes/{change.number}/facts/").json()["facts"]
    proofs = [fact for fact in facts if fact["fact"] == "proven"]
    assert [fact["evidence"]["client"] for fact in proofs] == [
        client.fingerprint for client in clients
    ]
    assert all(fact["at"] and fact["note"].startswith("client-reported") for fact in proofs)
    world.edit_live(allowlisted=[*world.live()["allowlisted"], make("foreign").parsed.pem])
    sweep.sweep(environment_id=world.trust_config().environment_id)
    adopted = world.adopted()
    told = page.get(f"/t/payments/changes/{adopted.number}/facts/").json()
    assert (told["state"], [fact["fact"] for fact in told["facts"]]) == ("applied", ["adopted"])


def test_a_case_keeps_which_read_saw_it_first(world):
    world.edit_live(allowlisted=[make("foreign").parsed.pem])
    sweep.sweep(environment_id=world.trust_config().environment_id)
    world.edit_live(allowlisted=[make("other").parsed.pem])
    sweep.look(trust_config_id=str(world.trust_config().pk))
    case = world.trust_config().drift_cases.get()
    assert (case.found_by.split(",")[0], case.seen_by.split(",")[0]) == (
        "ListTrustConfigs",
        "GetTrustConfig",
    )


def test_a_held_check_is_not_woken_by_the_sweep(world):
    world.emulator.faults.add(Fault("GetTrustConfig", code="PERMISSION_DENIED"))
    change = world.submit(make("c"))
    world.work()
    validate(change_id=change.pk)
    assert (
        world.fresh(change).state,
        Job.objects.filter(kind="validate_change", state="waiting").count(),
    ) == ("submitted", 0)


def test_a_ca_that_expires_soon_is_drafted_as_a_rotation_that_overlaps_until_its_last_day(world):
    last = timezone.now() + timedelta(days=20)
    root = make_ca("Old Root", not_after=last)
    change = world.applied(root, make("stays"))
    page = world.page("sam")
    text = page.get(f"/t/payments/trust-configs/{change.trust_config_id}/").content.decode()
    link = re.search(r'href="([^"]+overlap_until[^"]+)"', text)
    assert link is not None and "Draft its rotation" in text
    form = " ".join(page.get(link.group(1).replace("&amp;", "&")).content.decode().split())
    assert f'name="overlap_until" id="id_overlap_until" value="{last:%Y-%m-%dT%H:%M}"' in form


def test_what_a_tenant_is_told_of_its_vault_says_nothing_of_our_machines(world, monkeypatch):
    from certs.vault import keys as vault

    VaultKey.objects.update(serves_until=timezone.now() - timedelta(days=1))

    def fails(*_arguments):
        raise RuntimeError('connection to server at "10.0.0.5" failed for user "countersign"')

    monkeypatch.setattr(vault, "wrap", fails)
    vault.make_vault_keys_ahead()
    world.work(limit=1)
    job = Job.objects.exclude(last_error="").get()
    assert job.last_error == "RuntimeError"
    tenant_id, environment_id, purpose = job.subject_id.split(":")
    with pytest.raises(Exception, match="RuntimeError") as refused:
        require_vault_key(
            int(tenant_id), TrustConfig(environment_id=int(environment_id), purpose=purpose)
        )
    assert "10.0.0.5" not in str(refused.value)


def test_what_another_tenant_revoked_elsewhere_can_be_adopted_by_saying_so_and_is_not_named(world):
    theirs = make("theirs")
    world.applied(theirs, make("s1"), to="shared-clients", **LENA)
    world.applied(theirs, make("s2"), to="logistics-clients", **LENA)
    stays = [pem for pem in world.live("shared-clients")["allowlisted"] if pem != theirs.parsed.pem]
    world.edited_outside("shared-clients", allowlisted=stays)
    world.adopted("shared-clients")
    world.approved(
        removed=[Removal(theirs.fingerprint, AL, "revoked")], to="logistics-clients", **LENA
    )
    world.edited_outside("shared-clients", allowlisted=[*stays, theirs.parsed.pem])
    trust_config = world.trust_config("shared-clients")
    page = world.page("sam")
    assert (
        'name="names_revocation"'
        in page.get(f"/t/payments/trust-configs/{trust_config.pk}/").content.decode()
    )
    with pytest.raises(BadChange) as refused:
        world.adopt("shared-clients", by="sam")
    assert theirs.fingerprint[-8:] not in str(refused.value.sentence) and "+1" in str(
        refused.value.sentence
    )
    assert world.adopt("shared-clients", by="sam", names_revocation=True).names_revocation


def test_one_try_has_everything_checked_that_could_not_be(world):
    world.emulator.faults.add(Fault("GetTrustConfig", code="PERMISSION_DENIED", times=2))
    changes = [world.submit(make("a")), world.submit(make("b"))]
    world.work()
    assert [bool(world.fresh(change).held_code) for change in changes] == [True, True]
    retry.retry(actor=world.actor("sam"), tenant_id=changes[0].tenant_id, number=changes[0].number)
    world.work()
    assert [world.fresh(change).state for change in changes] == ["validated", "validated"]
