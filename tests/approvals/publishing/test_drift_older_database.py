"""A database that was restored from a backup knows that it is older than Google's last write, and writes nothing over it."""

from importlib import import_module

import pytest
from django.db import connection, transaction

from approvals.publishing import sweep
from approvals.publishing.conductor import publish
from approvals.publishing.wake import wake_trust_configs
from audit.models import AuditEvent
from certs.models import DriftCase, Publication, TrustConfig
from certs.trust_configs.drift import open_case
from certs.trust_configs.live import LABEL
from tenants.errors import NotAllowed
from tests import common_world, guard
from tests.certificates import make
from tests.world import World

pytestmark = pytest.mark.embedded
_births = import_module("approvals.migrations.0003_only_moves_of_the_table")
AHEAD = "9-11111111-2222-3333-4444-555555555555"


class Backup:
    """Every row of ours as it was, laid again over an emptied database; Google goes on meanwhile."""

    def __init__(self) -> None:
        self.rows = {table: common_world._read(table) for table in common_world._tables()}

    def restore(self) -> None:
        """Rows are born in whatever state they were in, so the triggers are lifted for it, as a dump lifts them."""
        guard.lift()
        with connection.schema_editor() as editor:
            _births.lift(None, editor)
        with transaction.atomic(), connection.cursor() as cursor:
            for table in self.rows:
                cursor.execute(
                    f'TRUNCATE "{table}" CASCADE'
                    if connection.vendor == "postgresql"
                    else f'DELETE FROM "{table}"'
                )
            for table, (columns, rows) in self.rows.items():
                marks = ", ".join("%s" for _ in columns)
                names = ", ".join(f'"{name}"' for name in columns)
                if rows:
                    cursor.executemany(f'INSERT INTO "{table}" ({names}) VALUES ({marks})', rows)
        with connection.schema_editor() as editor:
            _births.guard(None, editor)
        guard.guard()


def looked(world: World) -> None:
    sweep.sweep(environment_id=world.trust_config().environment_id)


def test_the_drill_dump_go_on_restore_be_told(committed_world: World) -> None:
    """Backup after #1, then #2 is written; with the backup restored, #2 at Google is told and not overwritten."""
    world = committed_world
    world.applied(make("first"))
    backup = Backup()
    world.applied(make("second"))
    live, written = world.live(), len(world.updates())
    backup.restore()
    assert Publication.objects.filter(state="verified").count() == 1
    waits = world.submit(make("third"))
    world.work()  # the check reads live, and so it is noticed
    looked(world)
    case = open_case(world.trust_config())
    assert case is not None
    assert case.unknown_revision == 2
    wake_trust_configs()
    world.work()
    assert world.fresh(waits).state == "submitted"
    assert (world.live(), len(world.updates())) == (live, written)
    shown = world.page("rita").get(f"/t/payments/trust-configs/{waits.trust_config_id}/")
    assert "Google carries revision 2 of this portal" in shown.content.decode()
    with pytest.raises(NotAllowed, match="admins of the platform"):
        world.adopt(by="rita")
    adoption = world.adopt(by="paula")
    world.work()
    world.approve(adoption, by="ravi")
    world.work()
    assert world.fresh(adoption).state == "applied"
    world.approve(waits)
    world.work()
    assert world.fresh(waits).state == "applied"
    revisions = Publication.objects.values_list("revision", flat=True)
    assert sorted(revisions) == [1, 3]  # 2 was used before the restore


def test_the_event_says_which_revision_was_not_known(world: World) -> None:
    world.applied(make("first"))
    world.edited_outside(labels={LABEL: AHEAD})
    event = AuditEvent.objects.filter(type="drift.found").latest("pk")
    assert event.recorded["details"]["unknown_revision"] == 9


@pytest.mark.parametrize(
    "label",
    [
        "",
        "9",
        "nine-1",
        "1-11111111-2222-3333-4444-555555555555",
        "9-not-one-of-ours",
        f"9{'9' * 40}",
    ],
)
def test_what_is_no_later_revision_is_a_drift_like_any_other(world: World, label: str) -> None:
    world.applied(make("first"))
    world.edited_outside(labels={LABEL: label})
    case = DriftCase.objects.get()
    assert case.unknown_revision is None
    assert world.trust_config().last_revision == 1


def test_a_second_look_does_not_forget_it(world: World) -> None:
    world.applied(make("first"))
    world.edited_outside(labels={LABEL: AHEAD})
    looked(world)
    assert DriftCase.objects.get().unknown_revision == 9


def test_no_revision_that_google_has_seen_is_used_again(world: World) -> None:
    world.applied(make("first"))
    world.edited_outside(labels={LABEL: AHEAD})
    assert world.trust_config().last_revision == 9


def test_a_trust_config_that_another_database_wrote_is_counted_on(world: World) -> None:
    """It is registered anew, for instance after everything was lost."""
    trust_config = world.add_trust_config("written-before", "payments", labels={LABEL: AHEAD})
    assert trust_config.last_revision == 9
    world.applied(make("next"), to="written-before")
    assert Publication.objects.get(trust_config=trust_config).revision == 10


def test_the_label_alone_takes_an_admin_too(world: World) -> None:
    world.applied(make("first"))
    world.edited_outside(labels={LABEL: AHEAD})
    page = world.page("sam").get(f"/t/payments/trust-configs/{world.trust_config().pk}/")
    assert "Only admins of the platform resolve this" in page.content.decode()


def begun(world: World) -> Publication:
    """A write of ours whose outcome is not known, as it stands in a backup that was taken meanwhile."""
    world.applied(make("first"))
    publication = world.write_begun(world.checked(make("second")))
    Publication.objects.filter(pk=publication.pk).update(revision=2)
    TrustConfig.objects.filter(pk=publication.trust_config_id).update(last_revision=2)
    publication.refresh_from_db()
    return publication


@pytest.mark.parametrize("is_seen_by_a_sweep", [True, False])
def test_not_even_a_fence_is_written_before_an_admin_has_decided(
    world: World, *, is_seen_by_a_sweep: bool
) -> None:
    publication = begun(world)
    world.edit_live(labels={LABEL: AHEAD})
    if is_seen_by_a_sweep:
        looked(world)
    written = len(world.updates())
    for _ in range(3):
        publish(trust_config_id=str(publication.trust_config_id))
    assert len(world.updates()) == written
    assert world.live()["labels"][LABEL] == AHEAD
    case = open_case(world.trust_config())
    assert case is not None and case.unknown_revision == 9
    assert world.trust_config().state == "drifted"


def test_once_an_admin_has_decided_the_write_of_old_is_settled(world: World) -> None:
    publication = begun(world)
    foreign = [*world.live()["allowlisted"], make("foreign").parsed.pem]
    world.edited_outside(allowlisted=foreign, labels={LABEL: AHEAD})
    adoption = world.adopt(by="paula")
    world.work()
    world.approve(adoption, by="ravi")
    world.work()
    publication.refresh_from_db()
    assert publication.state not in Publication.UNRESOLVED
    assert open_case(world.trust_config()) is None
    assert world.trust_config().state == "ready"


@pytest.mark.parametrize("way", ["put back", "adopt"])
def test_what_was_asked_for_before_it_was_known_ends(world: World, way: str) -> None:
    """One reviewer alone may put back an ordinary drift; what an older database would lose takes an admin."""
    world.applied(make("first"))
    stays = world.live()["allowlisted"]
    world.edited_outside(allowlisted=[*stays, make("foreign").parsed.pem])
    asked = world.put_back(by="rita") if way == "put back" else world.adopt(by="rita")
    written = len(world.updates())
    world.edited_outside(labels={LABEL: AHEAD})
    assert world.fresh(asked).state == "rejected"
    world.work()
    assert len(world.updates()) == written
    assert world.live()["labels"][LABEL] == AHEAD
    found = AuditEvent.objects.filter(type="drift.found").order_by("pk")
    assert ["unknown_revision" in str(event.recorded) for event in found] == [False, True]
    assert world.put_back(by="paula").state == "submitted"


@pytest.mark.parametrize("revision", [2_000_000, 999_999_999_999_999, 10**17])
def test_a_label_that_leaps_was_written_by_hand_and_is_not_counted_from(
    world: World, revision: int
) -> None:
    world.applied(make("first"))
    world.edited_outside(labels={LABEL: f"{revision}-{AHEAD.split('-', 1)[1]}"})
    case = open_case(world.trust_config())
    assert case is not None and case.unknown_revision is None
    assert world.trust_config().last_revision == 1
