"""The check by a worker, and what is said when it cannot be made."""

from typing import Any

import pytest

from approvals.deciding import retry, withdraw
from approvals.deciding.validate import validate
from approvals.models import ChangeRequest
from audit.models import AuditEvent
from certs.trust_configs import publishing
from emulator.faults import Fault
from jobs.models import Job
from pages.changes.waiting import waiting_of
from tests.certificates import make
from tests.world import World


def _shown(change: Any) -> Any:
    return waiting_of(
        ChangeRequest.objects.select_related("trust_config__environment").get(pk=change.pk)
    )


def _see(world: World, who: Any, change: Any) -> Any:
    return world.page(who).get(f"/t/payments/changes/{change.number}/").content.decode()


@pytest.mark.parametrize("version", [1, 3, 7])
def test_an_unknown_version_of_x509_is_refused_with_a_sentence(version: int) -> None:
    from pki import bundle

    der = bytearray(make().der)
    position = der.index(bytes.fromhex("a003020102"))
    der[position + 4] = version
    intake = bundle.read([("v.der", bytes(der))])
    assert [refusal.code for refusal in intake.refusals] == ["IN-PARSE-02"]


@pytest.mark.parametrize("code", ["PERMISSION_DENIED", "NOT_FOUND", "INVALID_ARGUMENT"])
def test_a_change_that_cannot_be_checked_says_so_and_is_tried_again_by_a_person(
    world: World, code: Any
) -> None:
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


def test_a_held_check_is_not_woken_by_the_sweep(world: World) -> None:
    world.emulator.faults.add(Fault("GetTrustConfig", code="PERMISSION_DENIED"))
    change = world.submit(make("c"))
    world.work()
    validate(change_id=change.pk)
    assert (
        world.fresh(change).state,
        Job.objects.filter(kind="validate_change", state="waiting").count(),
    ) == ("submitted", 0)


def test_a_change_that_was_withdrawn_while_it_was_checked_stays_so(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    change = world.submit(make())
    read = publishing.read_live

    def slow(trust_config: Any) -> Any:
        live = read(trust_config)
        withdraw.withdraw(
            actor=world.actor("sam"), tenant_id=change.tenant_id, number=change.number, reason="No."
        )
        return live

    monkeypatch.setattr("approvals.deciding.validate.read_live", slow)
    validate(change_id=change.pk)
    assert world.fresh(change).state == "withdrawn"
