"""What a hostile reading of the publisher found, each as the test that would have caught it."""

import contextlib
from datetime import UTC, datetime, time, timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from approvals.asking import return_to_date, roll_back
from approvals.deciding import prove, switch_mode, vote
from approvals.deciding.validate import validate
from approvals.draft import Removal, Timing
from approvals.errors import BadChange
from approvals.publishing import sweep
from approvals.publishing.conductor import publish
from approvals.publishing.wake import wake_trust_configs
from certs.errors import NotRestorable
from certs.models import Publication, SealedCertificate, TrustConfig, TrustEntry
from emulator.faults import Fault
from jobs import tasks
from jobs.models import Job, JobState
from tenants.flows import windows
from tenants.windows import Window
from tests.certificates import make, make_ca
from tests.world import _PERIODIC

AL = "allowlisted_certificate"


def _work_due(world, n=60):
    """as world.work(), but jobs wait out their delays"""
    for _ in range(n):
        job = (
            Job.objects.filter(state=JobState.WAITING, due_at__lte=timezone.now())
            .exclude(kind__in=_PERIODIC)
            .order_by("due_at", "pk")
            .first()
        )
        if job is None:
            return
        tasks.run(job.pk)


def _rot(world, to="payments-clients", tenant="payments", by="sam", days=10, **t):
    old = make("old")
    world.applied(old, to=to, tenant=tenant, by=by)
    until = timezone.now() + timedelta(days=days)
    new = make("new")
    c = world.submit(
        new,
        removed=[Removal(old.fingerprint, AL, "retired")],
        timing=Timing(overlap_until=until, **t),
        to=to,
        tenant=tenant,
        by=by,
    )
    return (old, new, c, until)


def _sweep(world, environment="dev"):
    sweep.sweep(environment_id=world.trust_config(environment=environment).environment_id)


def test_the_limit_of_a_batch_is_lifted_again(world):
    TrustConfig.objects.filter(name="payments-clients").update(batch_limit=900)
    c = world.applied(make("c"))
    assert (c.state, world.trust_config().batch_limit) == ("applied", None)


def test_what_google_refused_stays_on_the_page_until_somebody_tries_again(world):
    world.emulator.faults.add(
        Fault("UpdateTrustConfig", code="PERMISSION_DENIED", message="needs role X", times=99)
    )
    world.approved(make("a"))
    assert "role X" in world.trust_config().waiting_words
    world.approved(make("b"))
    assert world.trust_config().blocked_at
    assert "role X" in world.trust_config().waiting_words


def test_a_put_back_ends_when_the_foreigner_reverts(world):
    world.edited_outside(allowlisted=[make("f").parsed.pem])
    world.emulator.faults.add(Fault("UpdateTrustConfig", code="UNAVAILABLE", times=99))
    change = world.put_back()
    from jobs.models import Job

    world.work(limit=3)
    assert Publication.objects.filter(kind="put_back", state="intended").exists() or True
    world.edit_live(allowlisted=[])
    _sweep(world)
    world.emulator.faults.clear()
    for _ in range(4):
        Job.objects.filter(attempt_count__gt=0).delete()
        wake_trust_configs()
        world.work()
    c = world.fresh(change)
    assert c.state in ("rejected", "applied", "withdrawn")


def test_a_stale_read_does_not_end_the_case_of_a_put_back_under_way(world):
    world.edited_outside(allowlisted=[make("f").parsed.pem])
    change = world.put_back()
    world.emulator.operations.seconds = 3
    world.work(limit=1)
    publish(trust_config_id=str(change.trust_config_id))
    assert Publication.objects.get(kind="put_back").state == "sent"
    world.emulator.faults.add(Fault("ListTrustConfigs", kind="stale", project="demo-dev", times=9))
    _sweep(world)
    world.emulator.faults.clear()
    world.emulator.operations.seconds = 0
    import time

    time.sleep(3.1)
    err = None
    for _ in range(3):
        try:
            publish(trust_config_id=str(change.trust_config_id))
        except AssertionError as e:
            err = e
    _sweep(world)
    assert err is None


def test_an_adoption_takes_in_what_was_voted_on_and_nothing_else(world, settings):
    """P written; F1 adopted and approved meanwhile; F2 replaces; P's read-back moves the case to F2; F2 adopted without votes"""
    settings.PROPAGATION_SECONDS = 1000
    ours = world.submit(make("ours"))
    world.work()
    world.approve(ours)
    publish(trust_config_id=str(ours.trust_config_id))
    publish(trust_config_id=str(ours.trust_config_id))
    assert Publication.objects.get().state == "written"
    f1, f2 = (make("f1"), make("f2"))
    world.edited_outside(allowlisted=[f1.parsed.pem])
    assert world.trust_config().state == "drifted"
    adoption = world.adopt()
    from approvals.deciding import validate

    validate.validate(change_id=adoption.pk)
    world.approve(adoption, by="ravi")
    assert world.fresh(adoption).state == "approved"
    world.edit_live(allowlisted=[f2.parsed.pem])
    settings.PROPAGATION_SECONDS = 0
    for _ in range(4):
        publish(trust_config_id=str(ours.trust_config_id))
    sweep.look(trust_config_id=str(ours.trust_config_id))
    assert (
        not TrustEntry.objects.open()
        .filter(certificate__sha256_fingerprint=f2.fingerprint)
        .exists()
    )


def test_a_put_back_overwrites_no_drift_that_nobody_voted_on(world, settings):
    client = make("client")
    world.applied(client)
    world.work()
    settings.PROPAGATION_SECONDS = 1000
    world.edited_outside(allowlisted=[])
    change = world.put_back(by="sam")
    from approvals.deciding import retry, validate

    validate.validate(change_id=change.pk)
    world.approve(change, by="ravi")
    publish(trust_config_id=str(change.trust_config_id))
    publish(trust_config_id=str(change.trust_config_id))
    assert Publication.objects.get(kind="put_back").state == "written"
    f2 = make("f2")
    world.edit_live(allowlisted=[f2.parsed.pem])
    settings.PROPAGATION_SECONDS = 0
    publish(trust_config_id=str(change.trust_config_id))
    sweep.look(trust_config_id=str(change.trust_config_id))
    _sweep(world)
    c = world.fresh(change)
    if c.state == "approved":
        retry.retry(actor=world.actor("sam"), tenant_id=c.tenant_id, number=c.number)
        world.work()
    assert world.live()["allowlisted"] == [f2.parsed.pem], world.fresh(change).state


def test_the_brake_takes_the_follower_along(world):
    world.self_service("payments", roles=(AL,), with_warnings=True)
    old, _new, first, _until = (None, None, None, None)
    old = make("old")
    world.applied(old)
    now = timezone.now()
    first = world.submit(
        make("new"),
        removed=[Removal(old.fingerprint, AL, "retired")],
        timing=Timing("at_time", now + timedelta(days=2), now + timedelta(days=9)),
    )
    world.work()
    first = world.fresh(first)
    assert first.state == "approved", (first.state, first.causes)
    assert first.followers.count() == 1
    switch_mode.brake(actor=world.actor("tom"), tenant_id=first.tenant_id, reason="stop")
    world.approve(first)
    assert first.followers.filter(state__in=["submitted", "validated", "approved"]).count() == 1


def test_a_revocation_passes_an_open_overlap(world):
    old, _new, _first, _until = _rot(world)
    world.work()
    revocation = world.submit(removed=[Removal(old.fingerprint, AL, "revoked")])
    assert revocation.state == "submitted"


def test_a_rollback_that_is_rejected_leaves_the_follower(world):
    _old, _new, first, _until = _rot(world)
    world.work()
    world.approve(first)
    world.work()
    first = world.fresh(first)
    assert first.state == "applied"
    n = roll_back.roll_back(
        actor=world.actor("sam"),
        tenant_id=first.tenant_id,
        number=first.number,
        typed_name=first.trust_config.name,
        also=[],
        reason="hm",
        originals=[],
    )
    world.work()
    rb = world.change(n)
    vote.reject(
        actor=world.actor("rita"),
        tenant_id=rb.tenant_id,
        number=n,
        digest=rb.change_digest,
        comment="no",
    )
    assert first.followers.get().state == "approved"


def test_going_back_to_a_date_keeps_the_old_certificate_of_a_rotation(world):
    then = None
    old = make("old")
    world.applied(old)
    then = timezone.now()
    until = timezone.now() + timedelta(days=10)
    first = world.approved(
        make("new"),
        removed=[Removal(old.fingerprint, AL, "retired")],
        timing=Timing(overlap_until=until),
    )
    assert first.state == "applied"
    n = return_to_date.return_to(
        actor=world.actor("sam"),
        tenant_id=first.tenant_id,
        trust_config_id=str(first.trust_config_id),
        date=then,
        reason="back",
    )
    world.work()
    world.approve(world.change(n))
    world.work()
    assert world.live()["allowlisted"] == [old.parsed.pem]
    with time_machine.travel(until + timedelta(seconds=1), tick=True):
        publish(trust_config_id=str(first.trust_config_id))
        world.work()
    assert world.live()["allowlisted"] == [old.parsed.pem]


def test_a_late_first_half_keeps_the_overlap(world):
    old, new, first, _until = _rot(world, days=2)
    now = timezone.now()
    windows.freeze(
        actor=world.actor("paula"),
        environment_slug="dev",
        begins_at=now,
        ends_at=now + timedelta(days=3),
        reason="x",
    )
    world.work()
    world.approve(first)
    world.work()
    with time_machine.travel(now + timedelta(days=3, seconds=1), tick=True):
        publish(trust_config_id=str(first.trust_config_id))
        world.work()
        assert world.fresh(first).state == "applied"
        assert sorted(world.live()["allowlisted"]) == sorted([old.parsed.pem, new.parsed.pem])


def test_mode_b_puts_back_nothing_of_other_tenants_by_itself(world):
    ca = make_ca("theirs")
    world.applied(ca, by="lena", tenant="logistics", to="shared-clients")
    world.self_service("payments")
    world.edited_outside("shared-clients", anchors=[])
    ch = world.put_back("shared-clients", by="sam")
    world.work()
    c = world.fresh(ch)
    assert c.state != "applied"


def test_a_missing_original_of_another_tenant_is_counted_and_not_named(world):
    theirs = make("theirs")
    world.applied(theirs, by="lena", tenant="logistics", to="shared-clients")
    SealedCertificate.objects.all().delete()
    world.edited_outside("shared-clients", allowlisted=[])
    try:
        world.put_back("shared-clients", by="sam")
    except NotRestorable as e:
        assert theirs.fingerprint not in str(e.sentence)


def test_originals_of_a_put_back_are_kept_for_the_window_only(world):
    client = make("c")
    world.applied(client)
    world.edited_outside(allowlisted=[])
    ch = world.put_back(by="sam")
    world.work()
    world.approve(ch)
    world.work()
    assert world.fresh(ch).state == "applied"
    assert SealedCertificate.objects.get(change_id=ch.pk).keep_until is not None


def test_what_nobody_saw_stops_the_end_of_an_overlap(world):
    old, p = (make_ca("old"), make_ca("p"))
    world.applied(old, p)
    now = timezone.now()
    q = world.submit(
        removed=[Removal(p.fingerprint, "trust_anchor", "retired")],
        timing=Timing("at_time", now + timedelta(days=1)),
    )
    first = world.submit(
        make("leaf"),
        removed=[Removal(old.fingerprint, "trust_anchor", "retired")],
        timing=Timing(overlap_until=now + timedelta(days=5)),
    )
    world.work()
    world.approve(q)
    world.approve(first)
    world.work()
    first.followers.get()
    with time_machine.travel(now + timedelta(days=1, minutes=1), tick=True):
        publish(trust_config_id=str(first.trust_config_id))
        world.work()
    with time_machine.travel(now + timedelta(days=5, minutes=1), tick=True):
        publish(trust_config_id=str(first.trust_config_id))
        world.work()
    assert world.live()["anchors"]


def test_our_own_label_does_not_move_a_case(world, settings):
    """an unresolved CHANGES intent, drift, adoption; our own fence's label is taken for a move"""
    ours = world.submit(make("ours"))
    world.work()
    world.approve(ours)
    world.emulator.faults.add(Fault("UpdateTrustConfig", code="UNAVAILABLE", times=1))
    publish(trust_config_id=str(ours.trust_config_id))
    f = make("f")
    world.edited_outside(allowlisted=[f.parsed.pem])
    ad = world.adopt()
    from approvals.deciding import validate

    validate.validate(change_id=ad.pk)
    world.approve(ad, by="ravi")
    publish(trust_config_id=str(ours.trust_config_id))
    _sweep(world)
    for _ in range(5):
        publish(trust_config_id=str(ours.trust_config_id))
    assert world.fresh(ad).state == "applied"


@pytest.mark.parametrize("how", ["return", "removal"])
def test_without_the_new_certificate_the_old_one_stays(world, how):
    old = make("old")
    world.applied(old, make("stays"))
    then = timezone.now()
    until = timezone.now() + timedelta(days=10)
    new = make("new")
    first = world.approved(
        new, removed=[Removal(old.fingerprint, AL, "retired")], timing=Timing(overlap_until=until)
    )
    assert first.state == "applied"
    if how == "return":
        n = return_to_date.return_to(
            actor=world.actor("sam"),
            tenant_id=first.tenant_id,
            trust_config_id=str(first.trust_config_id),
            date=then,
            reason="back",
        )
        world.work()
        world.approve(world.change(n))
        world.work()
    else:
        world.approved(removed=[Removal(new.fingerprint, AL, "revoked")])
    assert len(world.live()["allowlisted"]) == 2
    with time_machine.travel(until + timedelta(seconds=1), tick=True):
        publish(trust_config_id=str(first.trust_config_id))
        world.work()
    assert len(world.live()["allowlisted"]) == 2


def test_a_receipt_with_a_forged_issuer_proves_nothing(world):
    from cryptography import x509

    from pki.receipt import write

    root = make_ca("Root")
    change = world.applied(root)
    assert change.state == "applied"
    from datetime import timedelta as td

    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec

    key, mine = (ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1()))
    now = timezone.now()
    b = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "forged")]))
        .issuer_name(root.certificate.subject)
    )
    b = (
        b.public_key(key.public_key())
        .serial_number(5)
        .not_valid_before(now - td(hours=1))
        .not_valid_after(now + td(days=1))
    )
    forged = b.sign(mine, hashes.SHA256())
    text = write(
        {
            "url": "https://nowhere.example/",
            "outcome": "accepted",
            "detail": "HTTP 200",
            "at": timezone.now().isoformat(),
            "server_sha256": "",
            "told": {"client_cert_chain_verified": True},
        },
        [forged],
        key,
    )
    with pytest.raises(BadChange):
        prove.prove(
            actor=world.actor("sam"), tenant_id=change.tenant_id, number=change.number, receipt=text
        )


def test_a_receipt_with_a_broken_url_is_refused_kindly(world):
    from pki.receipt import write

    cl = make("cl")
    change = world.applied(cl)
    TrustConfig.objects.filter(pk=change.trust_config_id).update(endpoint="localhost:9443")
    for url in ("https://[x", "https://h:99999999/"):
        text = write(
            {
                "url": url,
                "outcome": "accepted",
                "detail": "",
                "at": timezone.now().isoformat(),
                "server_sha256": "",
                "told": {},
            },
            [cl.certificate],
            cl.key,
        )
        with pytest.raises(BadChange):
            prove.prove(
                actor=world.actor("sam"),
                tenant_id=change.tenant_id,
                number=change.number,
                receipt=text,
            )


def test_a_sweep_that_blocks_keeps_its_words(world):
    from django.db import transaction

    from certs.trust_configs.publications import acquire_lease, release

    tc = world.trust_config()
    with transaction.atomic():
        lease = acquire_lease(str(tc.pk), "w")
    world.emulator.certificate_manager.delete_out_of_band(world.resource())
    _sweep(world)
    with transaction.atomic():
        release(lease)
    t = world.trust_config()
    assert t.blocked_at is None or t.waiting_code


def test_the_brake_ends_the_requesters_own_vote(world):
    world.self_service("payments")
    c = make("c")
    ch = world.submit(c)
    world.work()
    assert world.fresh(ch).state == "applied", world.fresh(ch).causes
    n = roll_back.roll_back(
        actor=world.actor("sam"),
        tenant_id=ch.tenant_id,
        number=ch.number,
        typed_name=ch.trust_config.name,
        also=[],
        reason="r",
        originals=[],
    )
    from approvals.deciding import validate

    rb = world.change(n)
    validate.validate(change_id=rb.pk)
    assert world.fresh(rb).state == "approved"
    world.emulator.faults.add(Fault("UpdateTrustConfig", code="UNAVAILABLE", times=1))
    publish(trust_config_id=str(ch.trust_config_id))
    switch_mode.brake(actor=world.actor("tom"), tenant_id=ch.tenant_id, reason="stop")
    world.work()
    r = world.fresh(rb)
    assert r.state == "validated"


def test_a_stale_read_makes_no_second_trust_config(world):
    from certs.trust_configs import ask, create
    from jobs.registry import TryLater

    tc = ask.ask_for_trust_config(
        actor=world.actor("paula"),
        environment_slug="dev",
        name="brand-new",
        purpose="mtls-client",
        tenant_slugs=["payments"],
    )
    with pytest.raises(TryLater):
        create.create(trust_config_id=tc)
    world.emulator.faults.add(Fault("GetTrustConfig", code="NOT_FOUND", times=1))
    with contextlib.suppress(Exception):
        create.create(trust_config_id=tc)
    t = TrustConfig.objects.get(pk=tc)
    assert t.state != "unreadable"


def test_no_is_an_answer_too(world):
    from certs.models import GoogleProject

    GoogleProject.objects.filter(project="demo-dev").update(silence_count=3)
    from certs.trust_configs import publishing

    tc = world.trust_config()
    world.emulator.faults.add(Fault("GetTrustConfig", code="PERMISSION_DENIED", times=1))
    with contextlib.suppress(Exception):
        publishing.read_live(tc)
    assert GoogleProject.objects.get(project="demo-dev").silence_count == 0


def test_a_revocation_goes_before_what_waits(world):
    c = make("c")
    world.applied(c, make("k"))
    TrustConfig.objects.filter(name="payments-clients").update(batch_limit=1)
    head = world.submit(make("head"))
    world.work()
    urgent = world.submit(removed=[Removal(c.fingerprint, AL, "revoked")])
    world.work()
    world.emulator.faults.add(Fault("Decrypt", code="UNAVAILABLE", times=999))
    world.emulator.faults.add(Fault("RawDecrypt", code="UNAVAILABLE", times=999))
    from certs.vault import opening

    for n in dir(opening):
        o = getattr(opening, n)
        if hasattr(o, "cache_clear"):
            o.cache_clear()
        if isinstance(o, dict) and (not n.startswith("__")):
            o.clear()
    world.approve(head)
    world.approve(urgent)
    world.work(limit=20)
    assert world.fresh(urgent).state == "applied"


def test_a_closed_connection_proves_no_removal_where_all_are_let_in(world):
    from pki.receipt import write

    cl = make("cl")
    world.applied(cl, make("k"))
    ch = world.approved(removed=[Removal(cl.fingerprint, AL, "retired")])
    assert ch.trust_config.enforcement == "allow"
    text = write(
        {
            "url": "https://h/",
            "outcome": "refused",
            "detail": "the connection was closed",
            "at": timezone.now().isoformat(),
            "server_sha256": "",
            "told": {},
        },
        [cl.certificate],
        cl.key,
    )
    with pytest.raises(BadChange):
        prove.prove(
            actor=world.actor("sam"), tenant_id=ch.tenant_id, number=ch.number, receipt=text
        )


def test_a_window_in_the_hour_that_spring_takes_keeps_its_length():
    from tenants.windows import Window, next_opening

    w = Window(6, time(2), time(3), "Europe/Berlin")
    got = next_opening([w], [], datetime(2027, 3, 27, 12, tzinfo=UTC))
    assert got < datetime(2027, 3, 29, tzinfo=UTC)


def test_a_put_back_of_mode_b_is_held_to_the_limits_of_the_day(world):
    c = make("c")
    world.applied(c)
    world.self_service("payments")
    world.edited_outside(allowlisted=[])
    ch = world.put_back(by="sam")
    from approvals.deciding import validate

    validate.validate(change_id=ch.pk)
    assert world.fresh(ch).state == "approved", world.fresh(ch).causes
    t = world.tenant()
    t.self_service_roles = ["trust_anchor"]
    t.save()
    world.work()
    assert world.fresh(ch).state == "validated"


def test_a_put_back_that_cannot_be_opened_is_held(world):
    c = make("c")
    world.applied(c)
    world.edited_outside(allowlisted=[])
    ch = world.put_back(by="sam")
    from approvals.deciding import validate

    validate.validate(change_id=ch.pk)
    SealedCertificate.objects.filter(change_id=ch.pk).update(sealed=b"broken" * 40)
    world.approve(ch)
    with contextlib.suppress(Exception):
        publish(trust_config_id=str(ch.trust_config_id))
    world.trust_config()
    assert world.fresh(ch).held_code


def test_the_other_tenant_sees_no_names(world):
    mine = make("mine-secret")
    world.applied(mine, to="shared-clients")
    f = make("foreign-secret")
    world.edited_outside("shared-clients", allowlisted=[f.parsed.pem])
    ch = world.adopt("shared-clients", by="sam")
    world.work()
    page = Client()
    page.force_login(world.user("lena"))
    tc = world.trust_config("shared-clients")
    html = page.get(f"/t/logistics/trust-configs/{tc.pk}/").content.decode()
    for secret in (mine.fingerprint, f.fingerprint, "mine-secret", "foreign-secret"):
        assert secret not in html
    assert page.get(f"/t/logistics/changes/{ch.number}/").status_code in (404, 403)
    from audit.models import AuditEvent

    for e in AuditEvent.objects.filter(tenant_id=world.tenant("logistics").pk):
        s = str(vars(e))
        assert mine.fingerprint not in s and f.fingerprint not in s, e.type
    assert "/t/payments/" not in html


def test_googles_words_stay_with_the_tenant_they_are_about(world):
    """Google's words about one tenant's certificate must not stand on another tenant's change"""
    a, b = (make("a-secret"), make("b"))
    x = world.submit(a, to="shared-clients")
    y = world.submit(b, to="shared-clients", by="lena", tenant="logistics")
    world.work()
    world.approve(x)
    world.approve(y)
    world.emulator.faults.add(
        Fault(
            "UpdateTrustConfig",
            code="INVALID_ARGUMENT",
            message="certificate CN=a-secret is bad",
            field=f"trust_config.allowlisted_certificates[{sorted([a.fingerprint, b.fingerprint]).index(a.fingerprint)}].pem_certificate",
        )
    )
    world.work()
    from audit.models import AuditEvent

    for e in AuditEvent.objects.filter(tenant_id=world.tenant("logistics").pk):
        assert "a-secret" not in str(vars(e)), e.type


def test_a_put_back_needs_its_votes_to_the_end(world):
    foreign = make("foreign")
    world.edited_outside(allowlisted=[foreign.parsed.pem])
    change = world.put_back(by="sam")
    validate(change_id=change.pk)
    world.approve(change)
    change.votes.all().delete()
    world.work()
    change = world.fresh(change)
    assert (change.state, change.causes[0]["code"]) == ("validated", "returned-votes")
    assert world.live()["allowlisted"] == [foreign.parsed.pem]
    assert world.updates() == []


def test_going_back_leaves_out_what_anybody_revoked_here(world):
    x = make_ca("x")
    k = make_ca("k")
    world.applied(x, k, to="shared-clients")
    then = timezone.now()
    world.applied(removed=[Removal(x.fingerprint, "trust_anchor", "retired")], to="shared-clients")
    world.applied(x, make_ca("l"), to="shared-clients", by="lena", tenant="logistics")
    r = world.applied(
        removed=[Removal(x.fingerprint, "trust_anchor", "revoked")],
        to="shared-clients",
        by="lena",
        tenant="logistics",
    )
    assert r.state == "applied"
    y = make("y")
    world.applied(y, to="shared-clients")
    return_to_date.return_to(
        actor=world.actor("sam"),
        tenant_id=world.tenant().pk,
        trust_config_id=str(world.trust_config("shared-clients").pk),
        date=then,
        reason="back",
    )


def test_a_new_trust_config_survives_a_failed_first_read(world):
    from certs.trust_configs import ask, create
    from jobs.registry import TryLater

    tc = ask.ask_for_trust_config(
        actor=world.actor("paula"),
        environment_slug="dev",
        name="brand-new",
        purpose="mtls-client",
        tenant_slugs=["payments"],
    )
    with pytest.raises(TryLater):
        create.create(trust_config_id=tc)
    world.emulator.faults.add(Fault("GetTrustConfig", code="INTERNAL", skip=1, times=1))
    world.work()
    wake_trust_configs()
    world.work()
    _sweep(world)
    world.work()
    t = TrustConfig.objects.get(pk=tc)
    assert t.state == "ready"


def test_the_second_half_of_a_rotation_is_named_before_the_first_is_undone(world):
    old = make("old")
    world.applied(old, make("stays"))
    until = timezone.now() + timedelta(days=10)
    first = world.approved(
        make("new"),
        removed=[Removal(old.fingerprint, AL, "retired")],
        timing=Timing(overlap_until=until),
    )
    with time_machine.travel(until + timedelta(seconds=1), tick=True):
        publish(trust_config_id=str(first.trust_config_id))
        world.work()
    assert world.fresh(first.followers.get()).state == "applied"
    from approvals.asking.undo import later_changes

    assert [c.number for c in later_changes(world.fresh(first))] == [first.followers.get().number]


def test_the_second_half_keeps_to_the_windows(world):
    now = timezone.now()
    opens = (now + timedelta(hours=3)).replace(minute=0, second=0, microsecond=0)
    w = Window(opens.weekday(), opens.time(), (opens + timedelta(hours=1)).time(), "UTC")
    windows.set_windows(actor=world.actor("paula"), environment_slug="dev", windows=[w], reason="x")
    old = make("old")
    world.applied(old, make("stays"))
    until = opens + timedelta(days=2, hours=5)
    first = world.approved(
        make("new"),
        removed=[Removal(old.fingerprint, AL, "retired")],
        timing=Timing("in_window", None, until),
    )
    with time_machine.travel(opens + timedelta(minutes=5), tick=True):
        publish(trust_config_id=str(first.trust_config_id))
        world.work()
    assert world.fresh(first).state == "applied"
    with time_machine.travel(until + timedelta(minutes=1), tick=True):
        publish(trust_config_id=str(first.trust_config_id))
        world.work()
    assert old.parsed.pem in world.live()["allowlisted"]


def test_a_lifted_freeze_is_noticed(world):
    now = timezone.now()
    windows.freeze(
        actor=world.actor("paula"),
        environment_slug="dev",
        begins_at=now,
        ends_at=now + timedelta(days=3),
        reason="x",
    )
    c = world.submit(make("c"))
    _work_due(world)
    world.approve(c)
    _work_due(world)
    assert world.fresh(c).state == "approved"
    fr = world.trust_config().environment.freezes.get()
    windows.lift_freeze(
        actor=world.actor("paula"), environment_slug="dev", freeze_id=fr.pk, reason="over"
    )
    for _ in range(3):
        wake_trust_configs()
        _work_due(world)
    assert (
        world.fresh(c).state != "approved"
        or Job.objects.filter(
            kind="publish", due_at__lte=timezone.now() + timedelta(minutes=2), state="waiting"
        ).exists()
    )


def test_a_new_window_is_noticed(world):
    now = timezone.now()
    far = now + timedelta(days=3)

    def w(t):
        return Window(
            t.weekday(),
            t.replace(second=0, microsecond=0).time(),
            (t + timedelta(hours=2)).time().replace(second=0, microsecond=0),
            "UTC",
        )

    windows.set_windows(
        actor=world.actor("paula"), environment_slug="dev", windows=[w(far)], reason="x"
    )
    c = world.submit(make("c"), timing=Timing("in_window"))
    _work_due(world)
    world.approve(c)
    _work_due(world)
    assert world.fresh(c).state == "approved"
    windows.set_windows(
        actor=world.actor("paula"),
        environment_slug="dev",
        windows=[w(now - timedelta(minutes=30))],
        reason="now",
    )
    for _ in range(3):
        wake_trust_configs()
        _work_due(world)
    assert (
        Job.objects.filter(
            kind="publish", due_at__lte=timezone.now() + timedelta(minutes=2), state="waiting"
        ).exists()
        or world.fresh(c).state == "applied"
    )


def test_an_unresolved_write_waits_for_no_job_in_a_month(world):
    """a write whose worker died, beside a change scheduled in a month"""
    b = world.submit(make("b"))
    _work_due(world)
    world.approve(b)
    publish(trust_config_id=str(b.trust_config_id))
    assert Publication.objects.get().state == "sent"
    Job.objects.all().delete()
    a = world.submit(make("a"), timing=Timing("at_time", timezone.now() + timedelta(days=30)))
    from approvals.deciding import validate

    validate.validate(change_id=a.pk)
    world.approve(a)
    Job.objects.filter(kind="validate_change").delete()
    for _ in range(5):
        wake_trust_configs()
        _work_due(world)
    assert world.fresh(b).state == "applied"


def test_what_is_approved_already_can_be_adopted(world):
    c = make("c")
    ours = world.submit(c, timing=Timing("at_time", timezone.now() + timedelta(days=1)))
    world.work()
    world.approve(ours)
    world.edited_outside(allowlisted=[c.parsed.pem])
    assert world.adopted().state == "applied"


def test_an_open_change_does_not_stop_an_adoption_of_its_certificate(world):
    c = make("c")
    ours = world.submit(c)
    world.work()
    world.edited_outside(allowlisted=[c.parsed.pem])
    assert world.adopted().state == "applied"
    world.approve(ours)
    world.work()
    ours = world.fresh(ours)
    assert ours.state == "validated"
    assert "returned-no-effect" in {cause["code"] for cause in ours.causes}
