"""Each tenant's history holds what is about it, and nothing that another tenant said."""

from django.db import transaction

from approvals.audit_events import record_publication, record_trust_config
from audit.events import EventType
from audit.models import AuditEvent
from tests.certificates import make
from tests.world import COMMAND, World


def test_a_write_stands_in_the_history_of_every_tenant_that_it_carries(world: World) -> None:
    mine = world.submit(make("mine"), to="shared-clients")
    theirs = world.submit(make("theirs"), by="lena", tenant="logistics", to="shared-clients")
    publication = world.write_begun(mine)
    with transaction.atomic():
        record_publication(EventType.PUBLICATION_SENT, publication, [mine, theirs], actor=COMMAND)
    events = AuditEvent.objects.filter(type="publication.sent")
    told = {event.tenant_id: event.recorded["details"]["changes"] for event in events}
    assert told == {mine.tenant_id: [mine.number], theirs.tenant_id: [theirs.number]}


def test_what_one_tenant_says_stands_in_its_own_history_only(world: World) -> None:
    shared, mine = world.trust_config("shared-clients"), world.tenant()
    with transaction.atomic():
        record_trust_config(
            EventType.DRIFT_ACKNOWLEDGED,
            shared,
            actor=COMMAND,
            reason="Our partner's name stands here.",
            reason_of=mine.pk,
        )
    events = AuditEvent.objects.filter(type=EventType.DRIFT_ACKNOWLEDGED)
    told = {event.tenant_id: event.recorded["reason"] for event in events}
    assert told == {
        mine.pk: "Our partner's name stands here.",
        world.tenant("logistics").pk: "",
    }


def test_a_drift_is_found_by_the_certificates_that_differ(world: World) -> None:
    foreign = make("foreign")
    world.edited_outside(allowlisted=[foreign.parsed.pem])
    found = AuditEvent.objects.filter(fingerprints__sha256_fingerprint=foreign.fingerprint)
    assert "drift.found" in set(found.values_list("type", flat=True))


def test_of_a_shared_trust_config_no_tenant_learns_which_certificates_differ(world: World) -> None:
    foreign = make("foreign")
    world.edited_outside("shared-clients", allowlisted=[foreign.parsed.pem])
    assert AuditEvent.objects.filter(type="drift.found").exists()
    found = AuditEvent.objects.filter(fingerprints__sha256_fingerprint=foreign.fingerprint)
    assert not found.filter(type="drift.found").exists()
