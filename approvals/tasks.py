"""Jobs of this app. Each handler takes one id and makes one call into a flow."""

from datetime import timedelta

from celery.signals import worker_init
from django.utils import timezone

from approvals.flows import look_again, simulate, simulate_answers, wake
from approvals.flows import publish as publish_flow
from approvals.flows import validate as validate_flow
from jobs.registry import handles
from pki import lint, public_cas


@worker_init.connect
def load_ahead(**_: object) -> None:
    """What the first check of a change would wait for, and what two threads had better not load at once."""
    lint.load()
    public_cas.load()


@handles("validate_change")
def validate_change(subject_id: str) -> None:
    validate_flow.validate(change_id=int(subject_id))


@handles("publish")
def publish(subject_id: str) -> None:
    publish_flow.publish(trust_config_id=subject_id)


@handles("wake_trust_configs", every=timedelta(seconds=30))
def wake_trust_configs(_subject_id: str) -> None:
    wake.wake_trust_configs()


@handles("look_again")
def look_again_at(subject_id: str) -> None:
    look_again.look(trust_config_id=subject_id)


@handles("simulate")
def answer_simulation(subject_id: str) -> None:
    simulate_answers.answer(simulation_id=int(subject_id))


@handles("forget_simulations", every=timedelta(hours=1))
def forget_simulations(_subject_id: str) -> None:
    simulate.forget_old(before=timezone.now() - timedelta(days=7))
