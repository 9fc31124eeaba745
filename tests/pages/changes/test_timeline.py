"""What happened to a change, told by what is so."""

from approvals.deciding import withdraw
from approvals.models import ChangeRequest
from pages.changes.timeline import timeline_of
from tests.certificates import make
from tests.world import World


def titles(world: World, change: ChangeRequest) -> list[str]:
    return [str(moment.title) for moment in timeline_of(world.fresh(change))]


def withdrawn(world: World, change: ChangeRequest, reason: str) -> None:
    sam, tenant = world.actor("sam"), change.tenant_id
    withdraw.withdraw(actor=sam, tenant_id=tenant, number=change.number, reason=reason)


def test_before_a_worker_has_read_nothing_was_checked_against_live(world: World) -> None:
    change = world.submit(make())
    assert "Checked in the form, against what was last observed" in titles(world, change)
    page = world.page("sam").get(f"/t/payments/changes/{change.number}/").content.decode()
    assert "Live unchanged since the check" not in page
    world.work()
    assert "Checked against live" in titles(world, change)
    page = world.page("sam").get(f"/t/payments/changes/{change.number}/").content.decode()
    assert "Live unchanged since the check" in page


def test_why_it_was_withdrawn_stands_there(world: World) -> None:
    change = world.checked(make())
    withdrawn(world, change, "Not needed after all.")
    last = timeline_of(world.fresh(change))[-1]
    assert "Sam" in last.text
    assert "Not needed after all." in last.text


def test_a_withdrawal_without_a_reason_says_who(world: World) -> None:
    change = world.checked(make())
    withdrawn(world, change, "")
    assert "Sam" in timeline_of(world.fresh(change))[-1].text


def test_a_whole_change_is_told_in_order(world: World) -> None:
    told = titles(world, world.applied(make()))
    expected = ["Submitted", "Checked against live", "Approved", "Writing begun", "Sent to Google"]
    assert [title for title in told if title in expected] == expected
    assert told[-1] == "Verified: read back and equal"
