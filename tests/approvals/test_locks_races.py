"""Two people, or two workers, in the same moment, on a real PostgreSQL: always exactly one outcome."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import OperationalError, connection

from approvals.asking import submit
from approvals.deciding import vote, withdraw
from approvals.draft import Removal
from approvals.errors import ApprovalError
from approvals.models import ChangeRequest, Vote
from approvals.publishing import sweep
from approvals.publishing.conductor import publish
from approvals.publishing.wake import wake_trust_configs
from approvals.steps import transitions
from certs.errors import CertsError
from certs.models import Publication
from jobs import queue
from jobs.models import Job
from jobs.registry import TryLater
from tenants.errors import TenantError
from tests.certificates import make
from tests.world import World

pytestmark = pytest.mark.postgresql
ROUNDS = 5


@pytest.fixture
def world(committed_world: World) -> Iterator[World]:
    assert connection.vendor == "postgresql"
    yield committed_world


def _at_once(*acts: Callable[[], Any]) -> list[BaseException | None]:
    """Runs the acts in threads that start together; returns what each raised."""
    barrier = threading.Barrier(len(acts))
    raised: list[BaseException | None] = [None] * len(acts)

    def run(index: int, act: Callable[[], Any]) -> None:
        try:
            barrier.wait()
            act()
        except (ApprovalError, CertsError, TenantError, TryLater, OperationalError) as error:
            raised[index] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive(), "a deadlock"
    return raised


def _approve(world: World, change: ChangeRequest, by: str) -> Callable[[], None]:
    digest, actor = world.fresh(change).change_digest, world.actor(by)
    return lambda: vote.approve(
        actor=actor, tenant_id=change.tenant_id, number=change.number, digest=digest, comment=""
    )


def test_two_reviewers_approve_what_needs_two(world: World) -> None:
    for n in range(ROUNDS):
        change = world.submit(make(f"c{n}"), environment="prod")
        world.work()
        assert _at_once(_approve(world, change, "rita"), _approve(world, change, "ravi")) == [
            None,
            None,
        ]
        assert (world.fresh(change).state, change.votes.count()) == ("approved", 2)
        world.work()


def test_one_reviewer_clicks_twice(world: World) -> None:
    for n in range(ROUNDS):
        change = world.submit(make(f"c{n}"), environment="prod")
        world.work()
        raised = _at_once(_approve(world, change, "rita"), _approve(world, change, "rita"))
        assert sorted(error is None for error in raised) == [False, True]
        assert Vote.objects.filter(change=change).count() == 1


def test_approve_against_withdraw(world: World) -> None:
    for n in range(ROUNDS):
        change = world.submit(make(f"c{n}"))
        world.work()
        sam = world.actor("sam")
        _at_once(
            _approve(world, change, "rita"),
            lambda c=change, a=sam: withdraw.withdraw(
                actor=a, tenant_id=c.tenant_id, number=c.number, reason=""
            ),
        )
        assert (
            world.fresh(change).state == "withdrawn"
        )  # before or after the vote: the submitter may withdraw until it is written
        world.work()
    assert world.updates() == []


def test_approve_against_reject(world: World) -> None:
    for n in range(ROUNDS):
        change = world.submit(make(f"c{n}"))
        world.work()
        digest, ravi = world.fresh(change).change_digest, world.actor("ravi")
        reject = lambda c=change, d=digest, a=ravi: vote.reject(  # noqa: E731
            actor=a, tenant_id=c.tenant_id, number=c.number, digest=d, comment="no"
        )
        raised = _at_once(_approve(world, change, "rita"), reject)
        assert sorted(error is None for error in raised) == [False, True]
        assert world.fresh(change).state in {"approved", "rejected"}
        world.work()


def test_two_workers_publish_one_trust_config(world: World) -> None:
    for n in range(ROUNDS):
        before = len(world.updates())
        change = world.submit(make(f"c{n}"))
        world.work()
        _approve(world, change, "rita")()
        step = lambda c=change: publish(trust_config_id=str(c.trust_config_id))  # noqa: E731
        _at_once(step, step, step)
        world.work()
        assert world.fresh(change).state == "applied"
        assert len(world.updates()) == before + 1
    assert Publication.objects.exclude(state="verified").count() == 0


def test_two_changes_of_one_certificate_at_once(world: World) -> None:
    world.add_user("sue", ("submitter", "payments"))
    for n in range(ROUNDS):
        made = make(f"c{n}")
        raised = _at_once(lambda m=made: world.submit(m), lambda m=made: world.submit(m, by="sue"))
        assert sorted(error is None for error in raised) == [False, True]


def test_two_tenants_submit_to_a_shared_trust_config_at_once(world: World) -> None:
    acts = []
    for n in range(6):
        tenant, by = ("payments", "sam") if n % 2 else ("logistics", "lena")
        acts.append(
            lambda n=n, t=tenant, b=by: world.submit(
                make(f"c{n}"), tenant=t, by=b, to="shared-clients"
            )
        )
    assert _at_once(*acts) == [None] * 6
    numbers = sorted(
        ChangeRequest.objects.filter(tenant__slug="payments").values_list("number", flat=True)
    )
    assert numbers == [1, 2, 3]


def test_submitting_while_a_revocation_sends_changes_back(world: World) -> None:
    client, other = make("client"), make("other")
    world.applied(client, other)
    removal = [Removal(client.fingerprint, "allowlisted_certificate", "retired")]
    retire = world.submit(removed=removal)
    world.work()
    revoke = lambda: world.submit(  # noqa: E731
        removed=[Removal(client.fingerprint, "allowlisted_certificate", "revoked")]
    )
    raised = _at_once(_approve(world, retire, "rita"), revoke)
    assert raised[1] is None
    assert world.fresh(retire).state == "validated" or raised[0] is None
    assert submit is not None


def test_waking_and_a_vote_on_a_resolution_do_not_lock_each_other_out(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever decides locks the trust config and then asks for a job; the net must take them in the same order."""
    waits = world.submit(make("waits"))
    world.work()
    world.edit_live(allowlisted=[make("f").parsed.pem])
    sweep.sweep(environment_id=world.trust_config().environment_id)
    world.approve(waits)
    adoption = world.adopt()
    world.work()
    adoption = world.fresh(adoption)
    Job.objects.filter(kind="publish").delete()
    real, locked = queue.enqueue, threading.Event()

    def behind_the_other(*arguments: Any, **options: Any) -> None:
        """The one who decides holds the lock now, and asks for the job once the net waits for it."""
        locked.set()
        until = time.monotonic() + 20
        while time.monotonic() < until and not _somebody_waits_for_a_lock():
            time.sleep(0.01)
        real(*arguments, **options)

    monkeypatch.setattr(transitions, "enqueue", behind_the_other)
    actor, digest = world.actor("ravi"), adoption.change_digest

    def decide() -> None:
        vote.approve(
            actor=actor,
            tenant_id=adoption.tenant_id,
            number=adoption.number,
            digest=digest,
            comment="",
        )

    def wake_meanwhile() -> None:
        assert locked.wait(20)
        wake_trust_configs()

    assert _at_once(decide, wake_meanwhile) == [None, None]


def _somebody_waits_for_a_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return bool(cursor.fetchone()[0])
