"""The mails of a reminder, each in its reader's language."""

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from approvals.models import Reminder
from jobs import clock
from jobs.queue import enqueue
from tenants.access import visible_tenants
from tenants.models import User


def mail_all(*, reminder_id: int) -> None:
    """Asks for one mail to each person: the submitter, whoever took over, and those who voted.

    One job each, so that an address that is refused does not mail the others again.
    """
    with transaction.atomic(durable=True):
        reminder = Reminder.objects.select_for_update(of=("self",)).get(pk=reminder_id)
        if reminder.mailed_at is not None:
            return
        change = reminder.change
        votes = (change.follows or change).votes.exclude(voter=None)
        told = {change.submitted_by_id, change.taken_over_by_id}
        told |= set(votes.values_list("voter_id", flat=True))
        for user_id in sorted(pk for pk in told if pk is not None):
            enqueue("mail_reminder_to", f"{reminder.pk}:{user_id}")
        Reminder.objects.filter(pk=reminder_id).update(mailed_at=clock.now())


def mail_to(*, reminder_id: int, user_id: int) -> None:
    """Sends one reminder to one person, in their language. Told twice is better than not at all.

    :raises OSError: when the mail server refuses; the job is tried again.
    """
    reminder = Reminder.objects.select_related(
        "change__tenant", "change__trust_config__environment"
    ).get(pk=reminder_id)
    user = User.objects.filter(pk=user_id, is_active=True).first()
    if user is None or not _may_still_see(user, reminder):
        return
    with translation.override(user.language or settings.LANGUAGE_CODE):
        send_mail(_subject(reminder), _body(reminder), None, [user.email])


def _may_still_see(user: User, reminder: Reminder) -> bool:
    """Who has lost every role there is told nothing of the tenant any more."""
    return visible_tenants(user.pk).filter(pk=reminder.change.tenant_id).exists()


def _subject(reminder: Reminder) -> str:
    change = reminder.change
    what = reminder.get_kind_display()
    return _("Countersign: %(tenant)s #%(number)s: %(what)s") % {
        "tenant": change.tenant,
        "number": change.number,
        "what": what,
    }


def _body(reminder: Reminder) -> str:
    change, when = reminder.change, f"{reminder.about_at:%Y-%m-%d %H:%M} UTC"
    values = {
        "number": change.number,
        "tenant": change.tenant,
        "trust_config": change.trust_config.name,
        "when": when,
    }
    if reminder.kind == Reminder.Kind.LAPSE:
        return (
            _(
                "Change #%(number)s of %(tenant)s (%(trust_config)s) was approved and is not written yet. Its approval lapses on %(when)s."
            )
            % values
        )
    return (
        _(
            "An overlap of %(tenant)s (%(trust_config)s) ends on %(when)s: change #%(number)s then removes the old certificate."
        )
        % values
    )
