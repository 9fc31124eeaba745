"""What a hostile reading of the engine found; each of these once went wrong."""

from typing import Any

import pytest
from django.test import Client
from django.test.utils import CaptureQueriesContext

from approvals.asking import roll_back, submit
from approvals.deciding import switch_mode, vote
from approvals.deciding.validate import validate
from approvals.draft import Addition, Removal
from approvals.errors import BadChange, ConflictingChange
from approvals.models import Comment
from approvals.publishing.conductor import publish
from approvals.publishing.sweep import look
from audit.models import AuditEvent
from certs.models import Publication, TrustConfig, TrustEntry
from certs.trust_configs import publishing
from emulator.faults import Fault
from tenants.errors import NotAllowed
from tests.certificates import make, make_ca
from tests.world import World

LENA = {"by": "lena", "tenant": "logistics", "to": "logistics-clients"}


def test_the_brake_holds_for_a_change_whose_write_is_unresolved(world: World) -> None:
    world.self_service("logistics")
    change = world.submit(make(), **LENA)  # type: ignore[arg-type]
    validate(change_id=change.pk)
    world.emulator.faults.add(Fault("UpdateTrustConfig", code="UNAVAILABLE"))
    publish(trust_config_id=str(change.trust_config_id))
    assert Publication.objects.get().state == "intended"
    switch_mode.brake(actor=world.actor("rita"), tenant_id=change.tenant_id, reason="Stop.")
    world.work()
    assert (world.fresh(change).state, world.live("logistics-clients")["allowlisted"]) == (
        "validated",
        [],
    )
    world.approve(change)
    world.work()
    assert world.fresh(change).state == "applied"


def _undo(world: World, change: Any, by: str) -> Any:
    number = roll_back.roll_back(
        actor=world.actor(by),
        tenant_id=change.tenant_id,
        number=change.number,
        typed_name=change.trust_config.name,
        also=[],
        reason="Undo.",
        originals=[],
    )
    world.work()
    return world.change(number, change.tenant.slug)


def test_a_submitter_in_mode_b_does_not_undo_the_last_anchor_or_a_shared_one_alone(
    world: World,
) -> None:
    own = world.applied(make_ca(), **LENA)  # type: ignore[arg-type]
    shared = world.applied(
        make_ca("one"), make_ca("two"), by="lena", tenant="logistics", to="shared-clients"
    )
    world.self_service("logistics")
    assert _undo(world, own, "lena").state == "validated"
    assert _undo(world, shared, "lena").state == "validated"
    assert len(world.live("shared-clients")["anchors"]) == 2


def test_a_read_that_ends_after_a_later_observation_is_no_drift(world: World) -> None:
    slow, fast = world.submit(make("slow")), world.submit(make("fast"))
    validate(change_id=fast.pk)
    world.approve(fast)
    stale = publishing.read_live(world.fresh(slow).trust_config)
    world.work()
    from django.db import transaction

    from certs.trust_configs.drift import Reading, note_live

    with transaction.atomic():
        assert (
            note_live(TrustConfig.objects.get(pk=slow.trust_config_id), stale, seen_by="a test")
            is Reading.EXPECTED
        )
    assert world.trust_config().state == "ready"


def test_a_drift_that_went_away_is_over_by_itself(world: World) -> None:
    change = world.submit(make())
    world.edit_live(labels={"countersign-revision": "0-foreign"})
    world.work()
    assert world.trust_config().state == "drifted"
    world.edit_live(labels={})
    look(trust_config_id=str(change.trust_config_id))
    world.work()
    assert (world.trust_config().state, world.fresh(change).state) == ("ready", "validated")
    assert AuditEvent.objects.filter(type="drift.ended").count() == 1


def test_an_entry_that_comes_back_goes_to_the_tenant_that_lost_it(world: World) -> None:
    theirs = make("theirs")
    world.applied(theirs, by="lena", tenant="logistics", to="shared-clients")
    live = world.live("shared-clients")["allowlisted"]
    for entries in ([], live):
        world.edit_live("shared-clients", allowlisted=entries)
        world.submit(make(f"probe-{len(entries)}"), to="shared-clients")
        world.work()
        world.adopted("shared-clients")
    holders = (
        TrustEntry.objects.open()
        .filter(certificate__sha256_fingerprint=theirs.fingerprint)
        .values_list("tenant__slug", flat=True)
    )
    assert list(holders) == ["logistics"]


def test_a_return_by_a_revocation_voids_the_votes_and_locks_nobody_out(world: World) -> None:
    client, other = make("client"), make("other")
    world.applied(client, other, environment="prod")
    retire = world.submit(
        removed=[Removal(client.fingerprint, "allowlisted_certificate", "retired")],
        environment="prod",
    )
    validate(change_id=retire.pk)
    for name in ("rita", "ravi"):
        world.approve(retire, by=name)
    world.submit(
        removed=[Removal(client.fingerprint, "allowlisted_certificate", "revoked")],
        environment="prod",
    )
    world.approve(retire, by="rita")
    assert world.fresh(retire).state == "validated"
    world.approve(retire, by="ravi")
    assert world.fresh(retire).state == "approved"


def test_the_brake_ends_the_vote_of_the_policy_on_a_change_that_was_returned(world: World) -> None:
    world.self_service("logistics")
    client, other = make("client"), make("other")
    for made in (client, other):
        world.submit(made, **LENA)  # type: ignore[arg-type]
    world.work()
    retire = world.submit(
        removed=[Removal(client.fingerprint, "allowlisted_certificate", "retired")], **LENA
    )  # type: ignore[arg-type]
    validate(change_id=retire.pk)
    revoke = world.submit(
        removed=[Removal(client.fingerprint, "allowlisted_certificate", "revoked")], **LENA
    )  # type: ignore[arg-type]
    switch_mode.brake(actor=world.actor("rita"), tenant_id=retire.tenant_id, reason="Stop.")
    world.work()
    assert {world.fresh(change).state for change in (retire, revoke)} == {"validated"}


def test_a_change_of_too_many_items_is_refused_with_a_sentence(world: World) -> None:
    one = make()
    additions = [Addition(one.parsed, "allowlisted_certificate")] * 201
    with pytest.raises(BadChange, match="at most 200 items"):
        submit.submit(
            actor=world.actor("sam"),
            tenant_id=world.tenant().pk,
            trust_config_id=str(world.trust_config().pk),
            reason="Many.",
            additions=[
                Addition(addition.certificate, addition.role) for addition in _distinct(additions)
            ],
            removals=[],
        )


def _distinct(additions: list[Addition]) -> list[Addition]:
    from dataclasses import replace

    return [
        replace(
            a,
            certificate=replace(
                a.certificate, facts=replace(a.certificate.facts, sha256_fingerprint=f"{n:064x}")
            ),
        )
        for n, a in enumerate(additions)
    ]


def test_a_change_of_200_items_is_written_and_recorded_whole(world: World) -> None:
    clients = [make(f"c{n}") for n in range(200)]
    change = world.applied(*clients)
    assert change.state == "applied"
    assert len(world.live()["allowlisted"]) == 200


def test_a_fence_that_google_fails_waits_before_the_next(world: World) -> None:
    change = world.submit(make())
    world.work()
    world.emulator.faults.add(Fault("UpdateTrustConfig", code="UNAVAILABLE"))
    world.approve(change)
    tc = str(change.trust_config_id)
    publish(trust_config_id=tc)
    world.emulator.operations.seconds = 3600
    publish(trust_config_id=tc)
    store = world.emulator.store
    with store.lock():
        for name, body in store.all("operation"):
            store.put(
                "operation",
                name,
                {**body, "due": 0, "error": {"code": 13, "message": "internal"}}
                if not body["done"]
                else body,
            )
        world.emulator.operations.settle()
    publish(trust_config_id=tc)
    waiting = TrustConfig.objects.get(pk=tc)
    assert (waiting.waiting_code, waiting.pause_count) == ("cloud-unavailable", 1)


def test_an_unexpected_fault_gives_the_lease_back(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    change = world.submit(make())
    world.work()
    world.approve(change)

    def broken(*_: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(publishing, "read_live", broken)
    with pytest.raises(ZeroDivisionError):
        publish(trust_config_id=str(change.trust_config_id))
    assert TrustConfig.objects.get(pk=change.trust_config_id).lease_until is None


@pytest.mark.parametrize("version", [1, 3, 7])
def test_an_unknown_version_of_x509_is_refused_with_a_sentence(version: int) -> None:
    from pki import bundle

    der = bytearray(make().der)
    position = der.index(bytes.fromhex("a003020102"))
    der[position + 4] = version
    intake = bundle.read([("v.der", bytes(der))])
    assert [refusal.code for refusal in intake.refusals] == ["IN-PARSE-02"]


PEM = "-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49\n-----END PRIVATE KEY-----"


@pytest.mark.parametrize("field", ["comment", "approve", "reason"])
def test_a_key_in_a_text_is_refused_and_not_shown_again(world: World, field: str) -> None:
    change = world.submit(make())
    world.work()
    base = f"/t/payments/changes/{change.number}/"
    client = Client()
    client.force_login(world.user("rita" if field != "reason" else "sam"))
    if field == "comment":
        response = client.post(f"{base}comment/", {"reason": PEM})
    elif field == "approve":
        response = client.post(
            f"{base}approve/", {"digest": world.fresh(change).change_digest, "comment": PEM}
        )
    else:
        response = client.post(
            f"/t/payments/changes/new/{change.trust_config_id}/",
            {"act": "submit", "reason": PEM, "pasted": make().pem.decode()},
        )
    assert response.status_code == 422
    assert b"MIGHAgEAMBMG" not in response.content
    assert b"considered exposed" in response.content
    assert not Comment.objects.exists()


def test_the_token_of_a_sign_in_link_stands_in_no_log_and_no_event(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    import logging

    from portal.logs import NoBodies

    record = logging.LogRecord(
        "django", logging.WARNING, "f", 1, "Forbidden: %s", ("/sign-in/SECRETTOKEN/",), None
    )
    NoBodies().filter(record)
    assert "SECRETTOKEN" not in record.getMessage()
    client = Client()
    client.force_login(world.user("sam"))
    client.post("/sign-in/SECRETTOKEN/")
    event = AuditEvent.objects.get(type="act.refused")
    assert b"SECRETTOKEN" not in bytes(event.payload)
    assert event.subject_id == "sign-in-link"


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


def test_revoked_in_one_role_and_added_in_another_is_refused(world: World) -> None:
    ca = make_ca()
    world.applied(ca, make())
    with pytest.raises(BadChange, match="revoke"):
        world.submit(
            ca, role="intermediate_ca", removed=[Removal(ca.fingerprint, "trust_anchor", "revoked")]
        )


def test_adopting_something_revoked_must_be_said(world: World) -> None:
    client, other = make(), make("other")
    world.applied(client, other)
    before = world.live()["allowlisted"]
    world.applied(removed=[Removal(client.fingerprint, "allowlisted_certificate", "revoked")])
    change = world.submit(make("probe"))
    world.edit_live(allowlisted=before)
    world.work()
    page = Client()
    page.force_login(world.user("rita"))
    assert (
        b"EST-REVOKED-01"
        in page.get(f"/t/payments/trust-configs/{change.trust_config_id}/").content
    )
    with pytest.raises(BadChange, match="live again"):
        world.adopt()
    world.adopted(names_revocation=True)
    assert world.trust_config().state == "ready"


def test_a_tenant_does_not_learn_who_else_trusts_a_certificate(world: World) -> None:
    public = make_ca("Public Root")
    world.applied(public, **LENA)  # type: ignore[arg-type]
    change = world.submit(public)
    world.work()
    url, sentence = (
        f"/t/payments/changes/{change.number}/",
        b"Other tenants with one of these certificates",
    )
    for name, expected in (("sam", False), ("rita", True)):
        client = Client()
        client.force_login(world.user(name))
        assert (sentence in client.get(url).content) is expected


def test_a_revocation_of_one_tenant_leaves_another_tenants_change_alone(world: World) -> None:
    client, other = make("client"), make("other")
    world.applied(client, other, to="shared-clients")
    theirs = world.submit(client, by="lena", tenant="logistics", to="shared-clients")
    validate(change_id=theirs.pk)
    world.approve(theirs)
    answers = {"EST-STILL-ACCEPTED": "They were told."}
    world.submit(
        removed=[Removal(client.fingerprint, "allowlisted_certificate", "revoked")],
        to="shared-clients",
        answers=answers,
    )
    assert world.fresh(theirs).state == "approved"
    with pytest.raises(ConflictingChange):
        world.submit(
            removed=[Removal(client.fingerprint, "allowlisted_certificate", "retired")],
            to="shared-clients",
        )


@pytest.mark.parametrize(
    "query",
    [
        "certificates/?q=a%00b",
        "changes/?q=%00",
        "audit/?before=" + "9" * 5000,
        "audit/?change=99999999999999999999",
    ],
)
def test_odd_queries_are_no_server_error(world: World, query: str) -> None:
    client = Client()
    client.force_login(world.user("sam"))
    assert client.get(f"/t/payments/{query}").status_code in {200, 422}


def test_an_endless_number_on_the_rollback_form_is_no_server_error(world: World) -> None:
    change = world.applied(make())
    client = Client()
    client.force_login(world.user("rita"))
    assert (
        client.post(
            f"/t/payments/changes/{change.number}/roll-back/",
            {"reason": "x", "also": "9" * 5000, "typed_name": change.trust_config.name},
        ).status_code
        == 302
    )


@pytest.mark.parametrize(
    "path",
    ["/", "/review/", "/t/payments/changes/", "/t/payments/certificates/", "/t/payments/audit/"],
)
def test_a_list_costs_no_more_queries_for_more_rows(world: World, path: str) -> None:
    from django.db import connection

    client = Client()
    client.force_login(world.user("rita"))

    def cost() -> int:
        client.get(path)
        with CaptureQueriesContext(connection) as queries:
            client.get(path)
        return len(queries)

    world.submit(make("first"))
    world.work()
    few = cost()
    for n in range(6):
        world.submit(make(f"c{n}"))
    world.work()
    assert cost() <= few


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


# --- what a new user stumbled over


def _page(world: World, person: str, path: str) -> str:
    client = Client()
    client.force_login(world.user(person))
    # White space between tags and attributes means nothing.
    return " ".join(client.get(path).content.decode().split())


def test_remove_on_a_certificates_page_preselects_that_certificate(world: World) -> None:
    client, other = make("this-one"), make("other")
    change = world.applied(client, other)
    page = _page(
        world,
        "sam",
        f"/t/payments/changes/new/{change.trust_config_id}/?remove={client.fingerprint}",
    )
    assert page.count('<option value="retired" selected>') == 1


def test_the_rollback_page_says_what_is_live_and_an_obstacle_beforehand(world: World) -> None:
    kept, gone = make("kept-one"), make("gone-one")
    first = world.applied(kept, gone)
    retire = world.applied(
        removed=[Removal(gone.fingerprint, "allowlisted_certificate", "retired")]
    )
    page = _page(world, "rita", f"/t/payments/changes/{first.number}/roll-back/")
    assert "kept-one" in page
    assert "gone-one" not in page
    assert f"#{retire.number}" in page
    revoke = world.applied(
        removed=[Removal(kept.fingerprint, "allowlisted_certificate", "revoked")]
    )
    page = _page(world, "rita", f"/t/payments/changes/{first.number}/roll-back/")
    assert f"Change #{revoke.number} revoked a certificate" in page
    assert "<textarea" not in page


def test_a_revoked_certificate_is_marked_in_the_inventory(world: World) -> None:
    client, other = make("revoked-one"), make("other-one")
    world.applied(client, other)
    change = world.applied(
        removed=[Removal(client.fingerprint, "allowlisted_certificate", "revoked")]
    )
    for path in ("/t/payments/certificates/", f"/t/payments/certificates/{client.fingerprint}/"):
        assert f"revoked #{change.number}" in _page(world, "sam", path)
    listed = _page(world, "sam", "/t/payments/certificates/?state=revoked")
    assert "revoked-one" in listed
    assert "other-one" not in listed


def test_after_a_refused_post_the_switches_lead_to_a_page_that_can_be_read(world: World) -> None:
    change = world.submit(make())
    world.work()
    client = Client()
    client.force_login(world.user("rita"))
    url = f"/t/payments/changes/{change.number}/"
    page = client.post(
        f"{url}reject/", {"digest": world.fresh(change).change_digest, "comment": ""}
    ).content.decode()
    assert f'name="next" value="{url}"' in page


def test_a_rollback_is_called_one_and_its_one_decision_is_named(world: World) -> None:
    change = world.applied(make())
    undo = _undo(world, change, "rita")
    page = _page(world, "rita", f"/t/payments/changes/{undo.number}/")
    assert f"Rita asks to roll back #{change.number} in payments-clients for Payments" in page
    assert "Decided by whoever asked: it only removes trust" in page


def test_home_shows_reviewers_a_drift_and_a_proposed_switch(world: World) -> None:
    world.submit(make())
    world.edit_live(allowlisted=[make("foreign").pem.decode()])
    world.work()
    switch_mode.propose(
        actor=world.actor("paula"),
        tenant_id=world.tenant("logistics").pk,
        reason="x",
        limits=switch_mode.Limits(),
    )
    page = _page(world, "rita", "/")
    assert "Also waiting for a person" in page
    assert "Live was changed outside the portal." in page
    assert "Mode B is proposed" in page
    assert "Also waiting for a person" not in _page(world, "sam", "/")


def test_a_rejection_shows_its_comment_on_top(world: World) -> None:
    change = world.submit(make())
    world.work()
    digest = world.fresh(change).change_digest
    vote.reject(
        actor=world.actor("rita"),
        tenant_id=change.tenant_id,
        number=change.number,
        digest=digest,
        comment="Unknown partner.",
    )
    assert "declined by Rita: Unknown partner." in _page(
        world, "sam", f"/t/payments/changes/{change.number}/"
    )


@pytest.mark.parametrize(
    ("subject", "shown"),
    [
        ("CN=a\\,b,O=x", "a,b"),
        ("O=x,CN=\\<b\\>", "<b>"),
        ("O=only", "O=only"),
        ("", "(empty subject)"),
        ("O=CN\\=x,CN=y", "y"),
    ],
)
def test_common_names_are_shown_unescaped(subject: str, shown: str) -> None:
    from pki.names import common_name

    assert common_name(subject) == shown
