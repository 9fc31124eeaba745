"""Golden clients and answers: a change that would lock one out stops until its submitter says why that is right."""

from typing import Any

import pytest
from django.test import Client

from approvals.deciding import answer, validate
from approvals.draft import Removal
from approvals.errors import BlockingFindings, VoteRefused
from audit.models import AuditEvent
from certs.golden_clients import keep as golden_clients
from certs.models import GoldenClient
from emulator.faults import Fault
from gcp.errors import CloudError
from tenants.errors import BadValue, NotAllowed
from tests.certificates import Made, make, make_ca
from tests.world import World

REVOKED, RETIRED = "revoked", "retired"


def keep(
    world: World,
    *chain: Made,
    name: str = "gateway",
    to: str = "payments-clients",
    by: str = "sam",
    tenant: str = "payments",
) -> GoldenClient:
    parsed = [made.parsed for made in chain]
    trust_config_id = str(world.trust_config(to).pk)
    golden_clients.add(
        actor=world.actor(by),
        tenant_id=world.tenant(tenant).pk,
        trust_config_id=trust_config_id,
        name=name,
        chain=parsed,
    )
    return GoldenClient.objects.get(sha256_fingerprint=chain[0].fingerprint)


def codes(world: World, change: Any) -> dict[str, str]:
    return {finding.code: finding.severity for finding in world.fresh(change).findings.all()}


@pytest.fixture
def root() -> Made:
    return make_ca("Partner Root")


def test_a_golden_client_is_sealed_and_tried(world: World, root: Made) -> None:
    world.applied(root)
    client = make("gateway", issuer=root)
    kept = keep(world, client)
    assert client.der not in bytes(kept.sealed)
    assert b"BEGIN" not in bytes(kept.sealed)
    world.work()
    kept = GoldenClient.objects.get()
    assert (kept.tried_code, kept.tried_evidence) == ("SIM-OK-02", {"anchor": "Partner Root"})


def test_a_change_that_locks_one_out_waits_for_an_answer_and_then_goes_to_its_reviewers(
    world: World, root: Made
) -> None:
    world.applied(root)
    keep(world, make("gateway", issuer=root))
    change = world.submit(removed=[Removal(root.fingerprint, "trust_anchor", RETIRED)])
    world.work()
    change = world.fresh(change)
    assert (change.state, change.awaits_answer) == ("submitted", True)
    assert codes(world, change)["EST-GOLDEN-01"] == "blocking"
    answer.answer(
        actor=world.actor("sam"),
        tenant_id=change.tenant_id,
        number=change.number,
        answers={"EST-GOLDEN-01": "It is switched off on Friday."},
    )
    world.work()
    change = world.fresh(change)
    assert (change.state, change.awaits_answer) == ("validated", False)
    finding = change.findings.get(code="EST-GOLDEN-01")
    assert (finding.severity, finding.evidence["answer"]) == (
        "warning",
        "It is switched off on Friday.",
    )
    assert AuditEvent.objects.filter(type="change.answered").count() == 1
    world.approve(change)
    world.work()
    assert world.fresh(change).state == "applied"


def test_a_change_that_brings_a_replacement_locks_nobody_out(world: World, root: Made) -> None:
    world.applied(root)
    client = make("gateway", issuer=root)
    keep(world, client)
    change = world.submit(client, removed=[Removal(root.fingerprint, "trust_anchor", RETIRED)])
    world.work()
    assert world.fresh(change).state == "validated"
    assert "EST-GOLDEN-01" not in codes(world, change)


def test_a_client_that_does_not_get_in_today_stops_nothing(world: World, root: Made) -> None:
    world.applied(root)
    keep(world, make("gateway", issuer=make_ca("Stranger")))
    change = world.submit(removed=[Removal(root.fingerprint, "trust_anchor", RETIRED)])
    world.work()
    assert world.fresh(change).state == "validated"


def test_only_the_submitter_answers_and_only_what_waits(world: World, root: Made) -> None:
    world.applied(root)
    keep(world, make("gateway", issuer=root))
    change = world.submit(removed=[Removal(root.fingerprint, "trust_anchor", RETIRED)])
    world.work()
    with pytest.raises(NotAllowed):
        answer.answer(
            actor=world.actor("rita"),
            tenant_id=change.tenant_id,
            number=change.number,
            answers={"EST-GOLDEN-01": "x"},
        )


def test_another_tenants_golden_client_counts_and_is_not_named(world: World, root: Made) -> None:
    world.applied(root, to="shared-clients")
    keep(
        world,
        make("secret-gateway", issuer=root),
        name="secret name",
        to="shared-clients",
        by="lena",
        tenant="logistics",
    )
    change = world.submit(
        removed=[Removal(root.fingerprint, "trust_anchor", RETIRED)], to="shared-clients"
    )
    world.work()
    finding = world.fresh(change).findings.get(code="EST-GOLDEN-01")
    assert "secret" not in str(finding.evidence)


def test_a_golden_client_that_is_kept_after_the_votes_sends_the_change_back(
    world: World, root: Made
) -> None:
    world.applied(root)
    change = world.submit(removed=[Removal(root.fingerprint, "trust_anchor", RETIRED)])
    world.work()
    world.approve(change)
    keep(world, make("gateway", issuer=root))
    written = len(world.updates())
    world.work()
    change = world.fresh(change)
    assert (change.state, change.causes[0]) == (
        "validated",
        {"code": "returned-findings", "codes": "EST-GOLDEN-01"},
    )
    assert len(world.updates()) == written
    assert change.awaits_answer
    with pytest.raises(VoteRefused):
        world.approve(change)
    answer.answer(
        actor=world.actor("sam"),
        tenant_id=change.tenant_id,
        number=change.number,
        answers={"EST-GOLDEN-01": "Agreed with them."},
    )
    # Votes are given on what is answered: whoever voted before must look again.
    assert world.fresh(change).voting_round == change.voting_round + 1
    world.approve(change)
    world.work()
    assert world.fresh(change).state == "applied"


def test_two_changes_that_lock_one_out_only_together_do_not_go_together(
    world: World, root: Made
) -> None:
    """A client that gets in by either of two cross-signed anchors."""
    key = root.key
    other = make_ca("Partner Root", key=key)
    world.applied(root, other)
    keep(world, make("gateway", issuer=root))
    changes = [
        world.submit(removed=[Removal(made.fingerprint, "trust_anchor", RETIRED)])
        for made in (root, other)
    ]
    for change in changes:
        validate.validate(change_id=change.pk)
        assert world.fresh(change).state == "validated"
    for change in changes:
        world.approve(change)
    world.work()
    assert [world.fresh(change).state for change in changes] == ["applied", "validated"]
    assert world.fresh(changes[1]).awaits_answer


def test_a_change_is_tried_on_top_of_what_is_approved_and_not_live_yet(
    world: World, root: Made
) -> None:
    other = make_ca("Partner Root", key=root.key)
    world.applied(root, other)
    keep(world, make("gateway", issuer=root))
    first, second = (
        world.submit(removed=[Removal(made.fingerprint, "trust_anchor", RETIRED)])
        for made in (root, other)
    )
    validate.validate(change_id=first.pk)
    world.approve(first)
    validate.validate(change_id=second.pk)
    assert world.fresh(second).awaits_answer


def test_a_chain_that_cannot_be_opened_stops_nobody(world: World, root: Made) -> None:
    world.applied(root)
    keep(world, make("gateway", issuer=root))
    GoldenClient.objects.update(sealed=b"damaged")
    change = world.submit(make("free"))
    world.work()
    assert world.fresh(change).state == "validated"
    assert GoldenClient.objects.get().tried_code == "SIM-UNSURE-01"


def test_a_removal_is_checked_while_cloud_kms_is_down(world: World, root: Made) -> None:
    from certs.vault import opening

    client = make("client")
    world.applied(root, client)
    keep(world, make("gateway", issuer=root))
    opening._cache.clear()
    world.emulator.faults.add(Fault("Decrypt", kind="error", code="UNAVAILABLE", times=50))
    change = world.submit(removed=[Removal(client.fingerprint, "allowlisted_certificate", REVOKED)])
    validate.validate(change_id=change.pk)
    assert world.fresh(change).state == "validated"
    assert codes(world, change)["EST-GOLDEN-02"] == "warning"


def test_a_change_that_is_withdrawn_asks_for_no_answer_any_more(world: World, root: Made) -> None:
    from approvals.deciding import withdraw

    world.applied(root)
    keep(world, make("gateway", issuer=root))
    change = world.submit(removed=[Removal(root.fingerprint, "trust_anchor", RETIRED)])
    world.work()
    assert world.fresh(change).awaits_answer
    withdraw.withdraw(
        actor=world.actor("sam"),
        tenant_id=change.tenant_id,
        number=change.number,
        reason="Not now.",
    )
    assert not world.fresh(change).awaits_answer
    assert (
        'id="answer-box"'
        not in _client(world, "sam").get(f"/t/payments/changes/{change.number}/").content.decode()
    )


def test_an_answer_is_bound_to_what_was_answered(world: World, root: Made) -> None:
    """Another anchor vouches in the meantime: what was said of the first says nothing of it."""
    client = make("client", issuer=root)
    world.applied(root, client)
    change = world.submit(
        removed=[Removal(client.fingerprint, "allowlisted_certificate", REVOKED)],
        answers={"EST-STILL-ACCEPTED": "The root goes on Friday."},
    )
    twin = make_ca("Partner Root", key=root.key)
    world.applied(twin, removed=[Removal(root.fingerprint, "trust_anchor", RETIRED)])
    world.work()
    validate_again = world.fresh(change)
    world.approve(validate_again)
    world.work()
    change = world.fresh(change)
    assert (change.state, change.awaits_answer) == ("validated", True)


def test_mode_b_weighs_no_answer_by_itself(world: World, root: Made) -> None:
    client = make("client", issuer=root)
    world.applied(root, client)
    world.self_service("payments", with_warnings=True)
    change = world.submit(
        removed=[Removal(client.fingerprint, "allowlisted_certificate", REVOKED)],
        answers={"EST-STILL-ACCEPTED": "It is fine."},
    )
    world.work()
    change = world.fresh(change)
    assert (change.state, [cause["code"] for cause in change.causes]) == (
        "validated",
        ["limit-answered"],
    )


def test_answers_given_with_the_form_are_in_the_audit(world: World, root: Made) -> None:
    client = make("client", issuer=root)
    world.applied(root, client)
    world.submit(
        removed=[Removal(client.fingerprint, "allowlisted_certificate", REVOKED)],
        answers={"EST-STILL-ACCEPTED": "The backend refuses it."},
    )
    event = AuditEvent.objects.get(type="change.answered")
    assert b"The backend refuses it." in bytes(event.payload)


def test_what_another_tenant_holds_is_not_named(world: World) -> None:
    theirs = make_ca("Secret Partner of Logistics")
    world.applied(theirs, by="lena", tenant="logistics", to="shared-clients")
    client = make("client", issuer=theirs)
    world.applied(client, to="shared-clients")
    with pytest.raises(BlockingFindings) as refused:
        world.submit(
            removed=[Removal(client.fingerprint, "allowlisted_certificate", REVOKED)],
            to="shared-clients",
        )
    found = refused.value.findings[0]
    assert found.code == "EST-STILL-ACCEPTED"
    assert "Secret" not in str(found.evidence)


def test_without_cloud_kms_an_addition_waits_since_nobody_would_have_looked_at_its_signature(
    world: World,
) -> None:
    from certs.vault import opening

    opening._cache.clear()
    world.emulator.faults.add(Fault("Decrypt", kind="error", code="UNAVAILABLE", times=50))
    change = world.submit(make())
    with pytest.raises(CloudError):
        validate.validate(change_id=change.pk)
    assert world.fresh(change).state == "submitted"


def test_what_still_vouches_for_a_revoked_certificate_blocks_until_it_is_answered(
    world: World, root: Made
) -> None:
    client = make("client", issuer=root)
    world.applied(root, client)
    removal = Removal(client.fingerprint, "allowlisted_certificate", REVOKED)
    with pytest.raises(BlockingFindings) as refused:
        world.submit(removed=[removal])
    assert [finding.code for finding in refused.value.findings] == ["EST-STILL-ACCEPTED"]
    assert "Partner Root" in refused.value.findings[0].evidence["path"]
    change = world.submit(
        removed=[removal], answers={"EST-STILL-ACCEPTED": "The backend refuses its fingerprint."}
    )
    world.work()
    change = world.fresh(change)
    assert change.state == "validated"
    assert change.findings.get(code="EST-STILL-ACCEPTED").severity == "warning"


def test_an_answer_opens_no_other_door(world: World) -> None:
    from tests.certificates import weak_key

    with pytest.raises(BlockingFindings):
        world.submit(make(key=weak_key()), answers={"GCP-KEY-02": "It is only for a week."})


def test_a_revocation_covers_every_role_of_the_certificate(world: World, root: Made) -> None:
    world.applied(root)
    change = world.submit(root, role="intermediate_ca")
    world.work()
    world.approve(change)
    world.work()
    revocation = world.submit(removed=[Removal(root.fingerprint, "intermediate_ca", REVOKED)])
    assert {(item.role, item.removal) for item in revocation.items.all()} == {
        ("trust_anchor", REVOKED),
        ("intermediate_ca", REVOKED),
    }


def test_the_signature_is_verified_on_the_originals(world: World, root: Made) -> None:
    from pki.certificate import parse

    world.applied(root)
    good = make("client", issuer=root)
    bad = Made(good.certificate, good.key)
    der = good.der[:-1] + bytes([good.der[-1] ^ 1])
    object.__setattr__(
        bad, "certificate", __import__("cryptography").x509.load_der_x509_certificate(der)
    )
    assert bad.fingerprint == parse(der).facts.sha256_fingerprint
    change = world.submit(bad)
    world.work()
    assert world.fresh(change).state == "rejected"
    assert codes(world, change)["X509-SIG-02"] == "blocking"


def test_keeping_asks_for_a_name_a_certificate_and_the_role(world: World, root: Made) -> None:
    client = make("gateway", issuer=root)
    with pytest.raises(BadValue):
        keep(world, client, name=" ")
    with pytest.raises(NotAllowed):
        keep(world, client, by="ada")
    keep(world, client)
    with pytest.raises(BadValue):
        keep(world, client)


def _client(world: World, person: str) -> Client:
    client = Client()
    client.force_login(world.user(person))
    return client


def test_a_submitter_keeps_and_removes_one_on_the_page(world: World, root: Made) -> None:
    sam, made = _client(world, "sam"), make("gateway-of-the-page", issuer=root)
    data = {
        "trust_config": str(world.trust_config().pk),
        "name": "Gateway",
        "pasted": (root.pem + made.pem).decode(),
    }
    assert sam.post("/t/payments/golden-clients/", data).status_code == 302
    kept = GoldenClient.objects.get()
    assert (
        kept.sha256_fingerprint == made.fingerprint
    )  # the client's own comes first, whatever was pasted first
    assert "gateway-of-the-page" in sam.get("/t/payments/golden-clients/").content.decode()
    assert sam.post(f"/t/payments/golden-clients/{kept.pk}/remove/").status_code == 302
    assert not GoldenClient.objects.exists()
    assert set(
        AuditEvent.objects.filter(type__startswith="golden").values_list("type", flat=True)
    ) == {"golden_client.added", "golden_client.removed"}


def test_a_key_is_refused_on_the_page_and_not_shown_again(world: World) -> None:
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    key = make().key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    page = _client(world, "sam").post(
        "/t/payments/golden-clients/",
        {"trust_config": str(world.trust_config().pk), "name": "x", "pasted": key},
    )
    assert page.status_code == 422
    assert key.splitlines()[1] not in page.content.decode()
    assert "IN-KEY-01" in page.content.decode()


def test_the_form_asks_for_the_answer_and_takes_it(world: World, root: Made) -> None:
    client = make("client", issuer=root)
    applied = world.applied(root, client)
    entry = applied.trust_config.entries.get(certificate__sha256_fingerprint=client.fingerprint)
    sam, url = _client(world, "sam"), f"/t/payments/changes/new/{applied.trust_config_id}/"
    data = {f"remove_{entry.pk}": "revoked", "reason": "Lost laptop.", "act": "submit"}
    page = sam.post(url, data)
    assert page.status_code == 422
    assert 'name="answer_EST-STILL-ACCEPTED"' in page.content.decode()
    assert (
        sam.post(url, {**data, "answer_EST-STILL-ACCEPTED": "The backend refuses it."}).status_code
        == 302
    )


def test_the_answer_box_stands_on_the_change_and_works(world: World, root: Made) -> None:
    world.applied(root)
    keep(world, make("gateway", issuer=root))
    change = world.submit(removed=[Removal(root.fingerprint, "trust_anchor", RETIRED)])
    world.work()
    sam, url = _client(world, "sam"), f"/t/payments/changes/{change.number}/"
    assert 'name="answer_EST-GOLDEN-01"' in sam.get(url).content.decode()
    assert 'name="answer_EST-GOLDEN-01"' not in _client(world, "rita").get(url).content.decode()
    assert (
        sam.post(f"{url}answer/", {"answer_EST-GOLDEN-01": "Agreed with them."}).status_code == 302
    )
    world.work()
    assert "Agreed with them." in _client(world, "rita").get(url).content.decode()
