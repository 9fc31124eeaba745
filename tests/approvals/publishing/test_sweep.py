"""Periodic reads: what they notice, what they leave alone, and what they say."""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from approvals.deciding.validate import validate
from approvals.draft import Timing
from approvals.publishing import sweep
from approvals.publishing.conductor import publish
from approvals.publishing.sweep import look
from approvals.publishing.wake import wake_trust_configs
from audit.models import AuditEvent
from certs.hindrance import Hindrance
from certs.models import GoogleLocation, Publication, TrustConfig
from certs.trust_configs import ask as ask_for_trust_config
from certs.trust_configs import publishing
from emulator.faults import Fault
from jobs.models import Job
from tenants.models import Environment
from tests.certificates import make
from tests.world import COMMAND, World, sweep_environment, work_what_is_due


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


def test_a_sweep_that_blocks_keeps_its_words(world: World) -> None:
    from django.db import transaction

    from certs.trust_configs.publications import acquire_lease, release

    tc = world.trust_config()
    with transaction.atomic():
        lease = acquire_lease(str(tc.pk), "w")
    world.emulator.certificate_manager.delete_out_of_band(world.resource())
    sweep_environment(world)
    with transaction.atomic():
        release(lease)
    t = world.trust_config()
    assert t.blocked_at is None or t.waiting_code


def test_an_unresolved_write_waits_for_no_job_in_a_month(world: World) -> None:
    """a write whose worker died, beside a change scheduled in a month"""
    b = world.submit(make("b"))
    work_what_is_due()
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
        work_what_is_due()
    assert world.fresh(b).state == "applied"


def test_a_sweep_that_google_refuses_is_shown_until_it_goes_again(world: World) -> None:
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


def test_an_environment_without_trust_configs_is_swept_for_its_room(world: World) -> None:
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


def test_a_case_keeps_which_read_saw_it_first(world: World) -> None:
    world.edit_live(allowlisted=[make("foreign").parsed.pem])
    sweep.sweep(environment_id=world.trust_config().environment_id)
    world.edit_live(allowlisted=[make("other").parsed.pem])
    sweep.look(trust_config_id=str(world.trust_config().pk))
    case = world.trust_config().drift_cases.get()
    assert (case.found_by.split(",")[0], case.seen_by.split(",")[0]) == (
        "ListTrustConfigs",
        "GetTrustConfig",
    )


def _drifted(world: World) -> tuple[TrustConfig, Any]:
    """A trust config that drifted and was put back outside: its open case, and what is live now."""
    client = make("stays")
    world.applied(client)
    world.edited_outside(allowlisted=[])
    world.edit_live(allowlisted=[client.parsed.pem])
    trust_config = world.trust_config()
    return trust_config, publishing.read_live(trust_config)


def _hold_against(trust_config: TrustConfig, live: Any) -> str:
    sweep._hold_against(str(trust_config.pk), live, rpc="GetTrustConfig", actor=COMMAND)
    trust_config.refresh_from_db()
    return trust_config.state


def test_a_read_that_is_current_ends_a_case(world: World) -> None:
    assert _hold_against(*_drifted(world)) == "ready"


def test_a_stale_read_decides_nothing_about_a_case(world: World) -> None:
    trust_config, live = _drifted(world)
    TrustConfig.objects.update(observed_at=timezone.now() + timedelta(seconds=1))
    assert _hold_against(trust_config, live) == "drifted"


def test_while_a_write_is_open_a_sweep_decides_nothing_about_a_case(world: World) -> None:
    trust_config, live = _drifted(world)
    world.write_begun(world.change(1))
    assert _hold_against(trust_config, live) == "drifted"


def test_a_stale_sweep_blocks_nothing(world: World) -> None:
    trust_config = world.trust_config()
    why = Hindrance("cloud-missing", "gone")
    TrustConfig.objects.update(observed_at=timezone.now() + timedelta(seconds=1))
    sweep._block(trust_config, why, actor=COMMAND)
    assert world.trust_config().blocked_at is None
    sweep._block(world.trust_config(), why, actor=COMMAND)
    assert world.trust_config().blocked_at is not None


def test_what_has_drifted_is_looked_at_again_and_what_is_blocked_is_not_woken(world: World) -> None:
    world.scheduled(make())
    Job.objects.all().delete()
    wake_trust_configs()
    assert {job.kind for job in Job.objects.all()} == {"publish"}
    Job.objects.all().delete()
    TrustConfig.objects.update(blocked_at=timezone.now())
    wake_trust_configs()
    assert not Job.objects.exists()
    TrustConfig.objects.filter(pk=world.trust_config().pk).update(state="drifted")
    wake_trust_configs()
    assert {job.kind for job in Job.objects.all()} == {"look_again"}
