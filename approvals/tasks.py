"""Jobs of this app. Each handler takes one id and makes one call into a flow."""

from datetime import timedelta

from celery.signals import worker_init
from django.conf import settings

from approvals.flows import lapse, look_again, simulate, simulate_answers, wake
from approvals.flows import publish as publish_flow
from approvals.flows import validate as validate_flow
from jobs import clock
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


@handles("sweep_everywhere", every=timedelta(minutes=settings.DRIFT_MINUTES))
def sweep_everywhere(_subject_id: str) -> None:
    look_again.sweep_everywhere()


@handles("sweep_location")
def sweep_location(subject_id: str) -> None:
    look_again.sweep(environment_id=int(subject_id))


@handles("lapse", every=timedelta(minutes=15))
def lapse_approvals(_subject_id: str) -> None:
    lapse.lapse()


@handles("remind", every=timedelta(minutes=15))
def remind(_subject_id: str) -> None:
    lapse.remind()


@handles("mail_reminder")
def mail_reminder(subject_id: str) -> None:
    lapse.mail(reminder_id=int(subject_id))


@handles("simulate")
def answer_simulation(subject_id: str) -> None:
    simulate_answers.answer(simulation_id=int(subject_id))


@handles("forget_simulations", every=timedelta(hours=1))
def forget_simulations(_subject_id: str) -> None:
    simulate.forget_old(before=clock.now() - timedelta(days=7))
