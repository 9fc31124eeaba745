"""What can be asked for, and what is refused at the door with nothing half done."""

from datetime import UTC, datetime, timedelta

import pytest

from approvals.deciding import withdraw
from approvals.draft import Removal
from approvals.errors import BadChange, BlockingFindings, ConflictingChange
from approvals.models import ChangeRequest
from audit.models import AuditEvent
from certs.errors import TrustConfigNotReady, VaultClosed
from certs.models import Certificate, SealedCertificate, TrustEntry, VaultKey
from tenants.errors import NotAllowed, UnknownObject
from tests.certificates import SERVER_AUTH, make, make_ca, weak_key
from tests.world import World


def _nothing_happened() -> bool:
    return not (
        ChangeRequest.objects.exists()
        or Certificate.objects.exists()
        or SealedCertificate.objects.exists()
    )


def test_blocking_findings_refuse_the_change_whole(world: World) -> None:
    expired = make(
        "old",
        not_before=datetime.now(UTC) - timedelta(days=9),
        not_after=datetime.now(UTC) - timedelta(days=1),
    )
    with pytest.raises(BlockingFindings) as refused:
        world.submit(expired, make("weak", key=weak_key()), make("fine"))
    assert {finding.code for finding in refused.value.findings} == {"X509-VAL-01", "GCP-KEY-02"}
    assert _nothing_happened()


@pytest.mark.parametrize("name", ["rita", "ada", "tom", "paula", "lena"])
def test_only_submitters_of_the_tenant_may_ask(world: World, name: str) -> None:
    with pytest.raises(NotAllowed):
        world.submit(make(), by=name)
    assert _nothing_happened()


def test_a_trust_config_of_another_tenant_does_not_exist(world: World) -> None:
    with pytest.raises(UnknownObject):
        world.submit(make(), to="logistics-clients")


def test_no_form_before_the_vault_is_open(world: World) -> None:
    SealedCertificate.objects.all().delete()
    VaultKey.objects.all().delete()
    with pytest.raises(VaultClosed):
        world.submit(make())
    assert _nothing_happened()


def test_no_change_while_live_is_not_what_was_observed(world: World) -> None:
    first = world.submit(make("first"))
    world.edit_live(allowlisted=[make("foreign").pem.decode()])
    world.work()
    assert (world.fresh(first).state, world.trust_config().state) == ("submitted", "drifted")
    with pytest.raises(TrustConfigNotReady):
        world.submit(make("second"))


def test_a_second_open_change_of_the_same_certificate_is_refused(world: World) -> None:
    client = make()
    first = world.submit(client)
    with pytest.raises(ConflictingChange, match=f"#{first.number}"):
        world.submit(client)


def test_the_conflict_names_no_change_of_another_tenant(world: World) -> None:
    client = make()
    world.submit(client, by="lena", tenant="logistics", to="shared-clients")
    with pytest.raises(ConflictingChange, match="another tenant's change"):
        world.submit(client, to="shared-clients")


def test_the_same_entry_twice_and_an_empty_change_are_refused(world: World) -> None:
    client = make()
    with pytest.raises(BadChange, match="twice"):
        world.submit(client, client)
    with pytest.raises(BadChange, match="at least one"):
        world.submit()


def test_what_is_trusted_already_is_not_added_again(world: World) -> None:
    client = make()
    world.applied(client)
    with pytest.raises(BlockingFindings) as refused:
        world.submit(client)
    assert refused.value.findings[0].code == "EST-DUP-01"
    assert refused.value.findings[0].evidence["trust_config"] == "payments-clients"


def test_a_tenant_removes_only_its_own_entries(world: World) -> None:
    client = make()
    world.applied(client, by="lena", tenant="logistics", to="shared-clients")
    with pytest.raises(UnknownObject):
        world.submit(
            to="shared-clients",
            removed=[Removal(client.fingerprint, "allowlisted_certificate", "retired")],
        )


def test_an_entry_leaves_google_when_its_last_holder_lets_go(world: World) -> None:
    client, other = make("both"), make("other")
    world.applied(client, other, by="lena", tenant="logistics", to="shared-clients")
    world.applied(client, to="shared-clients")
    removal = [Removal(client.fingerprint, "allowlisted_certificate", "retired")]
    world.applied(by="lena", tenant="logistics", to="shared-clients", removed=removal)
    assert client.parsed.pem in world.live("shared-clients")["allowlisted"]
    world.applied(to="shared-clients", removed=removal)
    assert client.parsed.pem not in world.live("shared-clients")["allowlisted"]
    assert (
        TrustEntry.objects.open().filter(certificate__sha256_fingerprint=client.fingerprint).count()
        == 0
    )


def test_a_rotation_at_once_is_one_change_and_one_write(world: World) -> None:
    old, new = make_ca("Root"), make_ca("Root")
    world.applied(old)
    change = world.applied(new, removed=[Removal(old.fingerprint, "trust_anchor", "retired")])
    assert change.state == "applied"
    assert world.live()["anchors"] == [new.parsed.pem]
    assert len(world.updates()) == 2


def test_a_move_between_roles_is_one_change(world: World) -> None:
    ca = make_ca()
    world.applied(ca)
    change = world.applied(
        ca, role="intermediate_ca", removed=[Removal(ca.fingerprint, "trust_anchor", "retired")]
    )
    assert change.state == "applied"
    assert (world.live()["anchors"], world.live()["intermediates"]) == ([], [ca.parsed.pem])


def test_a_revoked_certificate_comes_back_only_by_a_change_that_names_it(world: World) -> None:
    client, other = make(), make("other")
    world.applied(client, other)
    revocation = world.applied(
        removed=[Removal(client.fingerprint, "allowlisted_certificate", "revoked")]
    )
    with pytest.raises(BlockingFindings) as refused:
        world.submit(client)
    assert (refused.value.findings[0].code, refused.value.findings[0].evidence) == (
        "EST-REVOKED-01",
        {"number": str(revocation.number)},
    )
    change = world.applied(client, names_revocation=True)
    assert change.state == "applied"
    assert [finding.code for finding in change.findings.exclude(severity="info")] == [
        "EST-REVOKED-02"
    ]


def test_mode_b_never_brings_back_what_was_revoked(world: World) -> None:
    client, other = make(), make("other")
    where = {"by": "lena", "tenant": "logistics", "to": "logistics-clients"}
    world.applied(client, other, **where)
    world.applied(
        removed=[Removal(client.fingerprint, "allowlisted_certificate", "revoked")], **where
    )
    world.self_service("logistics", with_warnings=True)
    with pytest.raises(BlockingFindings):
        world.submit(client, names_revocation=True, **where)


def test_a_ca_for_backends_does_not_let_clients_in(world: World) -> None:
    with pytest.raises(BlockingFindings) as refused:
        world.submit(make_ca(eku=[SERVER_AUTH]))
    assert refused.value.findings[0].code == "GCP-EKU-01"


def test_only_the_submitter_withdraws_and_what_was_sealed_is_gone_at_once(world: World) -> None:
    change = world.submit(make())
    assert SealedCertificate.objects.count() == 1
    with pytest.raises(NotAllowed):
        withdraw.withdraw(
            actor=world.actor("rita"), tenant_id=change.tenant_id, number=change.number, reason=""
        )
    withdraw.withdraw(
        actor=world.actor("sam"),
        tenant_id=change.tenant_id,
        number=change.number,
        reason="Wrong file.",
    )
    assert (world.fresh(change).state, SealedCertificate.objects.count()) == ("withdrawn", 0)
    assert AuditEvent.objects.filter(type="change.withdrawn").count() == 1


def test_nothing_of_a_change_is_written_when_its_event_cannot_be(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    from audit import log
    from audit.errors import NotRecordable

    monkeypatch.setattr(log, "MAXIMAL_BYTES", 10)
    with pytest.raises(NotRecordable):
        world.submit(make())
    assert _nothing_happened()
