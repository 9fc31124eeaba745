"""When an environment may be written: its weekly windows and its freezes, set by platform admins, each with a reason."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from audit.events import Actor, EventType, Scope, Subject
from audit.log import Json
from audit.recorder import record
from jobs import clock
from jobs.queue import PERIODIC_SUBJECT, enqueue
from tenants.access import require
from tenants.errors import BadValue, UnknownObject
from tenants.models import ChangeWindow, Environment, Freeze
from tenants.rights import Act
from tenants.windows import HORIZON, Window


def set_windows(
    *, actor: Actor, environment_slug: str, windows: Sequence[Window], reason: str
) -> None:
    """Replaces the environment's weekly windows. Without any, changes that wait for a window are written at once.

    :raises NotAllowed: for everybody but platform admins.
    :raises BadValue: without a reason, for a zone that is not known, or for a window of no length.
    """
    for window in windows:
        if window.opens == window.closes:
            raise BadValue(
                _("A window must not close when it opens. Write 00:00-23:59 for a whole day.")
            )
        _check_zone(window.zone)
    with transaction.atomic(durable=True):
        environment = _lock(actor, environment_slug, reason)
        before = [str(row) for row in environment.windows.all()]
        environment.windows.all().delete()
        rows = [
            ChangeWindow(
                environment=environment,
                weekday=w.weekday,
                opens=w.opens,
                closes=w.closes,
                zone=w.zone,
            )
            for w in windows
        ]
        ChangeWindow.objects.bulk_create(rows)
        details: Json = {"before": [*before], "after": [*(str(row) for row in rows)]}
        _record(EventType.WINDOWS_SET, environment, actor=actor, reason=reason, details=details)
        enqueue("wake_trust_configs", PERIODIC_SUBJECT)


def freeze(
    *, actor: Actor, environment_slug: str, begins_at: datetime, ends_at: datetime, reason: str
) -> None:
    """Lets nothing be written between two instants but revocations and what puts back an edit outside the portal.

    :raises NotAllowed: for everybody but platform admins.
    :raises BadValue: without a reason, or for a time that ends before it begins, is over, or lasts more than a year.
    """
    if not begins_at < ends_at or ends_at <= clock.now() or ends_at - begins_at > HORIZON:
        raise BadValue(_("A freeze ends after it begins, in the future, and within a year."))
    with transaction.atomic(durable=True):
        environment = _lock(actor, environment_slug, reason)
        Freeze.objects.create(
            environment=environment,
            begins_at=begins_at,
            ends_at=ends_at,
            reason=reason.strip(),
            set_by_id=actor.user_id,
        )
        details: Json = {"begins_at": begins_at.isoformat(), "ends_at": ends_at.isoformat()}
        _record(EventType.FREEZE_SET, environment, actor=actor, reason=reason, details=details)


def lift_freeze(*, actor: Actor, environment_slug: str, freeze_id: int, reason: str) -> None:
    """Ends a freeze now, or takes back one that has not begun. One that was is kept: approvals count from its end.

    :raises NotAllowed: for everybody but platform admins.
    :raises UnknownObject: when there is no such freeze, or it is over.
    """
    with transaction.atomic(durable=True):
        environment = _lock(actor, environment_slug, reason)
        at = clock.now()
        found = environment.freezes.filter(pk=freeze_id, ends_at__gt=at).first()
        if found is None:
            raise UnknownObject
        details: Json = {
            "begins_at": found.begins_at.isoformat(),
            "ends_at": found.ends_at.isoformat(),
            "was": found.reason,
        }
        if found.begins_at < at:
            found.ends_at = at
            found.save(update_fields=["ends_at"])
        else:
            found.delete()
        _record(EventType.FREEZE_LIFTED, environment, actor=actor, reason=reason, details=details)
        enqueue("wake_trust_configs", PERIODIC_SUBJECT)


def _lock(actor: Actor, slug: str, reason: str) -> Environment:
    require(actor.user_id, Act.ADMINISTER)
    if not reason.strip():
        raise BadValue(_("Say why. Submitters and auditors will read it."))
    environment = Environment.objects.select_for_update(no_key=True).filter(slug=slug).first()
    if environment is None:
        raise UnknownObject
    return environment


def _check_zone(name: str) -> None:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise BadValue(
            _("There is no time zone %(name)s. Write one such as Europe/Berlin or Asia/Shanghai.")
            % {"name": name}
        ) from error


def _record(
    event: EventType, environment: Environment, *, actor: Actor, reason: str, details: Json
) -> None:
    subject = Subject("environment", str(environment.pk), label=environment.slug)
    record(
        event,
        actor=actor,
        subject=subject,
        scope=Scope(environment=environment.slug),
        reason=reason.strip(),
        details=details,
    )
