"""Jobs of this app. Each handler takes one id and makes one call into a flow."""

from datetime import timedelta

from celery.signals import worker_init
from django.conf import settings

from approvals.deciding import lapse, validate, vote
from approvals.publishing import conductor, sweep, wake
from approvals.reminding import due, mail
from approvals.simulating import answer, ask
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
    validate.validate(change_id=int(subject_id))


@handles("publish")
def publish(subject_id: str) -> None:
    conductor.publish(trust_config_id=subject_id)


@handles("wake_trust_configs", every=timedelta(seconds=30))
def wake_trust_configs(_subject_id: str) -> None:
    wake.wake_trust_configs()


@handles("look_again")
def look_again_at(subject_id: str) -> None:
    sweep.look(trust_config_id=subject_id)


@handles("sweep_everywhere", every=timedelta(minutes=settings.DRIFT_MINUTES))
def sweep_everywhere(_subject_id: str) -> None:
    sweep.sweep_everywhere()


@handles("sweep_location")
def sweep_location(subject_id: str) -> None:
    sweep.sweep(environment_id=int(subject_id))


@handles("recount_votes", every=timedelta(minutes=1))
def recount_votes(_subject_id: str) -> None:
    vote.recount()


@handles("lapse", every=timedelta(minutes=15))
def lapse_approvals(_subject_id: str) -> None:
    lapse.lapse()


@handles("remind", every=timedelta(minutes=15))
def remind(_subject_id: str) -> None:
    due.remind()


@handles("mail_reminder")
def mail_reminder(subject_id: str) -> None:
    mail.mail_all(reminder_id=int(subject_id))


@handles("mail_reminder_to")
def mail_reminder_to(subject_id: str) -> None:
    reminder_id, user_id = subject_id.split(":")
    mail.mail_to(reminder_id=int(reminder_id), user_id=int(user_id))


@handles("simulate")
def answer_simulation(subject_id: str) -> None:
    answer.answer(simulation_id=int(subject_id))


@handles("ask_simulations_again", every=timedelta(minutes=1))
def ask_simulations_again(_subject_id: str) -> None:
    ask.ask_again()


@handles("forget_simulations", every=timedelta(hours=1))
def forget_simulations(_subject_id: str) -> None:
    ask.forget_old(before=clock.now() - timedelta(days=7))
