"""Adopting what is live, or putting back what was."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from approvals.asking import resolve_drift
from approvals.draft import Removal, Timing
from approvals.errors import ApprovalError, BadChange
from approvals.models import ChangeRequest
from certs.errors import CertsError
from certs.models import TrustConfig
from certs.trust_configs.drift import open_case
from pki.plan import revision_digest
from tests.certificates import make
from tests.world import World

LENA = {"by": "lena", "tenant": "logistics"}


AL = "allowlisted_certificate"


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


def test_what_is_approved_already_can_be_adopted(world: World) -> None:
    c = make("c")
    ours = world.submit(c, timing=Timing("at_time", timezone.now() + timedelta(days=1)))
    world.work()
    world.approve(ours)
    world.edited_outside(allowlisted=[c.parsed.pem])
    assert world.adopted().state == "applied"


def test_an_open_change_does_not_stop_an_adoption_of_its_certificate(world: World) -> None:
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


def test_an_adoption_says_when_it_gives_back_what_its_holder_revoked(world: World) -> None:
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
def test_the_custodian_does_not_learn_of_what_goes_back_to_another_tenant(
    world: World, way: Any
) -> None:
    theirs = make("theirs-secret")
    world.applied(theirs, make("stays"), to="shared-clients", **LENA)
    stays = [pem for pem in world.live("shared-clients")["allowlisted"] if pem != theirs.parsed.pem]
    world.edited_outside("shared-clients", allowlisted=stays)
    world.adopted("shared-clients")
    world.edited_outside("shared-clients", allowlisted=[*stays, theirs.parsed.pem])
    getattr(world, way)("shared-clients", by="sam")
    page = world.page("sam")
    assert "theirs-secret" not in page.get("/t/payments/certificates/").content.decode()


def test_what_one_tenant_says_of_a_drift_does_not_stand_in_the_history_of_another(
    world: World,
) -> None:

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


def test_an_old_file_restored_at_google_can_be_adopted_however_much_of_it_was_revoked(
    world: World,
) -> None:
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


def test_what_another_tenant_revoked_elsewhere_can_be_adopted_by_saying_so_and_is_not_named(
    world: World,
) -> None:
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


def test_what_somebody_emptied_can_be_adopted_as_it_is(world: World) -> None:
    """Nothing may be written while it has drifted, so a rule against emptying would leave no way out."""
    world.applied(make("the-only-one"))
    TrustConfig.objects.update(enforcement="reject")
    world.edited_outside(allowlisted=[])
    change = world.adopted()
    assert change.state == "applied"
    assert [f.severity for f in change.findings.filter(code="EST-LAST-02")] == ["warning"]
    assert world.trust_config().state == "ready"


def test_in_mode_b_nothing_that_was_revoked_is_adopted(world: World) -> None:
    revoked = make("revoked")
    world.applied(revoked, make("other"))
    world.applied(removed=[Removal(revoked.fingerprint, "allowlisted_certificate", "revoked")])
    world.self_service("payments")
    stays = list(world.live()["allowlisted"])
    world.edited_outside(allowlisted=[*stays, revoked.parsed.pem])
    with pytest.raises(BadChange, match="in mode B nothing brings it back"):
        world.adopt(by="sam", names_revocation=True)


def test_what_another_tenant_revoked_elsewhere_is_not_put_back(world: World) -> None:
    theirs = make("theirs")
    for place in ("shared-clients", "logistics-clients"):
        world.applied(theirs, make(f"stays-{place}"), by="lena", tenant="logistics", to=place)
    world.applied(
        removed=[Removal(theirs.fingerprint, "allowlisted_certificate", "revoked")],
        by="lena",
        tenant="logistics",
        to="logistics-clients",
    )
    stays = [p for p in world.live("shared-clients")["allowlisted"] if p != theirs.parsed.pem]
    world.edited_outside("shared-clients", allowlisted=stays)
    with pytest.raises(CertsError, match="was revoked by it elsewhere"):
        world.put_back("shared-clients")


def test_a_set_that_differs_is_not_acknowledged(world: World) -> None:
    world.applied(make("a"), make("b"))
    world.edited_outside(allowlisted=[])
    case = open_case(world.trust_config())
    assert case is not None
    with pytest.raises(BadChange, match="The set itself differs"):
        resolve_drift.acknowledge(
            actor=world.actor("rita"),
            tenant_id=world.tenant().pk,
            trust_config_id=str(world.trust_config().pk),
            digest=revision_digest(case.entry_set),
            reason="Seen.",
        )
    assert world.trust_config().state == "drifted"


def test_putting_back_an_empty_store_takes_the_typed_name(world: World) -> None:
    """What is live is all that lets anybody in, and putting back takes it away."""
    world.edited_outside(allowlisted=[make("foreign").parsed.pem])
    with pytest.raises(BadChange, match="payments-clients") as refused:
        world.put_back(typed_name="")
    assert refused.value.field == "typed_name"
    with pytest.raises(BadChange, match="Type the name"):
        world.put_back(typed_name="payments")
    assert open_case(world.trust_config()) is not None
    assert world.put_back(typed_name=" payments-clients ").kind == "put_back"


def test_putting_back_in_production_takes_the_typed_name(world: World) -> None:
    stays = make("stays")
    world.applied(stays, environment="prod")
    world.edited_outside(
        environment="prod", allowlisted=[stays.parsed.pem, make("foreign").parsed.pem]
    )
    with pytest.raises(BadChange, match="Type the name"):
        world.put_back(environment="prod", typed_name="")
    assert world.put_back(environment="prod", typed_name="payments-clients").kind == "put_back"


def test_putting_back_what_leaves_others_in_takes_no_name(world: World) -> None:
    stays = make("stays")
    world.applied(stays)
    world.edited_outside(allowlisted=[stays.parsed.pem, make("foreign").parsed.pem])
    assert world.put_back(typed_name="").kind == "put_back"


def test_the_page_asks_for_the_name_and_keeps_it_open_after_a_refusal(world: World) -> None:
    world.edited_outside(allowlisted=[make("foreign").parsed.pem])
    trust_config = world.trust_config()
    path = f"/t/payments/trust-configs/{trust_config.pk}/"
    page = world.page("rita")
    shown = page.get(path).content.decode()
    assert 'name="typed_name"' in shown
    assert not re.search(r"<details[^>]*open[^>]*><summary[^>]*btn-outline-danger", shown)
    case = open_case(trust_config)
    assert case is not None
    sent = {
        "digest": revision_digest(case.entry_set),
        "reason": "not ours",
        "typed_name": "payment",
    }
    answer = page.post(f"{path}drift/put-back/", sent)
    assert answer.status_code == 422
    shown = answer.content.decode()
    assert re.search(r"<details[^>]*open[^>]*><summary[^>]*btn-outline-danger", shown)
    assert ">not ours</textarea>" in shown
    assert 'value="payment"' in shown
    assert "bad-change" in shown
    answer = page.post(f"{path}drift/put-back/", {**sent, "typed_name": "payments-clients"})
    assert answer.status_code == 302
