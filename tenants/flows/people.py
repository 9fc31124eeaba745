"""People and grants: made by an admin or by a command on the server, each step recorded."""

from datetime import timedelta
from hashlib import sha256
from secrets import token_urlsafe
from typing import TypeVar

from django.conf import settings
from django.db import transaction
from django.db.models import Model, QuerySet
from django.utils.translation import gettext_lazy as _

from audit.events import Actor, EventType, Scope, Subject
from audit.recorder import record
from jobs import clock
from tenants.errors import BadValue, NotPossible, UnknownObject
from tenants.models import AccessRole, Environment, Grant, SignInLink, Tenant, User
from tenants.rights import FIRST_ROLE, PLATFORM_WIDE_ONLY, TENANT_ONLY

Row = TypeVar("Row", bound=Model)


def create_user(*, actor: Actor, email: str, full_name: str, language: str = "") -> int:
    """Makes a person without a password and without rights; returns the id.

    :raises BadValue: when somebody has this address already.
    """
    address = email.strip().lower()
    with transaction.atomic(durable=True):
        if User.objects.filter(email=address).exists():
            raise BadValue(_("Somebody has the address %(email)s already.") % {"email": address})
        user = User(username=address, email=address, full_name=full_name.strip(), language=language)
        user.set_unusable_password()
        user.save()
        record(
            EventType.USER_CREATED,
            actor=actor,
            subject=Subject("user", str(user.pk)),
            scope=Scope(),
        )
    return user.pk


def create_first_platform_admin(*, actor: Actor, email: str, full_name: str) -> int:
    """Makes the first platform admin of an installation. Works once: afterwards admins are made by admins.

    :raises NotPossible: when there is a platform admin already.
    """
    address = email.strip().lower()
    with transaction.atomic(durable=True):
        if Grant.objects.filter(role=FIRST_ROLE).exists():
            raise NotPossible(
                _("There is a platform admin already. Let that person give the grant.")
            )
        user, is_new = User.objects.get_or_create(
            email=address, defaults={"username": address, "full_name": full_name.strip()}
        )
        if is_new:
            user.set_unusable_password()
            user.save()
            record(
                EventType.USER_CREATED,
                actor=actor,
                subject=Subject("user", str(user.pk)),
                scope=Scope(),
            )
        Grant.objects.create(user=user, role=FIRST_ROLE)
        record(
            EventType.GRANT_GIVEN,
            actor=actor,
            subject=Subject("user", str(user.pk)),
            scope=Scope(),
            after=FIRST_ROLE,
            reason="first platform admin",
            details={"role": FIRST_ROLE.value, "tenant": None, "environment": None},
        )
    return user.pk


def give_grant(
    *, actor: Actor, email: str, role: str, tenant_slug: str = "", environment_slug: str = ""
) -> None:
    """Gives a role in a tenant (or on the whole platform) and an environment (or in all).

    :raises BadValue: for an unknown role, or one that does not fit a tenant or a platform-wide grant.
    :raises UnknownObject: for an unknown person, tenant or environment.
    """
    if role not in AccessRole.values:
        raise BadValue(
            _("%(role)s is no role. Roles: %(roles)s.")
            % {"role": role, "roles": ", ".join(AccessRole.values)}
        )
    if role in (PLATFORM_WIDE_ONLY if tenant_slug else TENANT_ONLY):
        raise BadValue(_("A platform admin has no tenant, a tenant admin needs one."))
    with transaction.atomic(durable=True):
        user = _get(User.objects.filter(email=email.strip().lower()))
        tenant = _get(Tenant.objects.filter(slug=tenant_slug)) if tenant_slug else None
        environment = (
            _get(Environment.objects.filter(slug=environment_slug)) if environment_slug else None
        )
        _grant, is_new = Grant.objects.get_or_create(
            user=user, role=role, tenant=tenant, environment=environment
        )
        if is_new:
            record(
                EventType.GRANT_GIVEN,
                actor=actor,
                subject=Subject("user", str(user.pk)),
                scope=Scope(tenant_id=tenant.pk if tenant else None, environment=environment_slug),
                after=role,
                details={
                    "role": role,
                    "tenant": tenant_slug or None,
                    "environment": environment_slug or None,
                },
            )


def take_grant(
    *, actor: Actor, email: str, role: str, tenant_slug: str = "", environment_slug: str = ""
) -> None:
    """Takes a grant back.

    :raises UnknownObject: when there is no such grant.
    """
    with transaction.atomic(durable=True):
        user = _get(User.objects.filter(email=email.strip().lower()))
        tenant = _get(Tenant.objects.filter(slug=tenant_slug)) if tenant_slug else None
        environment = (
            _get(Environment.objects.filter(slug=environment_slug)) if environment_slug else None
        )
        _get(
            Grant.objects.filter(user=user, role=role, tenant=tenant, environment=environment)
        ).delete()
        record(
            EventType.GRANT_TAKEN,
            actor=actor,
            subject=Subject("user", str(user.pk)),
            scope=Scope(tenant_id=tenant.pk if tenant else None, environment=environment_slug),
            before=role,
            details={
                "role": role,
                "tenant": tenant_slug or None,
                "environment": environment_slug or None,
            },
        )


def create_sign_in_link(*, actor: Actor, email: str) -> str:
    """Makes a link token that signs this person in once; returns the token, of which only the hash is kept.

    :raises UnknownObject: when there is no such active person.
    """
    token = token_urlsafe(32)
    with transaction.atomic(durable=True):
        user = _get(User.objects.filter(email=email.strip().lower(), is_active=True))
        expires_at = clock.now() + timedelta(minutes=settings.SIGN_IN_LINK_MINUTES)
        SignInLink.objects.filter(user=user, used_at=None).delete()  # the last one counts
        SignInLink.objects.create(
            user=user, token_sha256=sha256(token.encode()).hexdigest(), expires_at=expires_at
        )
        record(
            EventType.SIGN_IN_LINK_CREATED,
            actor=actor,
            subject=Subject("user", str(user.pk)),
            scope=Scope(),
        )
    return token


def use_sign_in_link(*, token: str, ip: str, signed_in: int | None = None) -> int:
    """Uses up a link; returns the person's id. ``signed_in`` is who uses the browser already.

    :raises NotPossible: when the link is unknown, used or too old, which is told in one sentence for all three; when
        somebody else is signed in, whose session a link must not turn into another person's.
    """
    digest = sha256(token.encode()).hexdigest()
    with transaction.atomic(durable=True):
        live = SignInLink.objects.filter(
            token_sha256=digest, used_at=None, expires_at__gt=clock.now(), user__is_active=True
        )
        link = live.select_for_update(of=("self",)).select_related("user").first()
        if link is None:
            raise NotPossible(_("This sign-in link is used up or too old. Ask for a new one."))
        if signed_in is not None and signed_in != link.user_id:
            raise NotPossible(
                _(
                    "This link is somebody else's, and you are signed in. Sign out first, then open it again."
                )
            )
        link.used_at = clock.now()
        link.save(update_fields=["used_at"])
        user = link.user
        actor = Actor("person", str(user.pk), user.full_name, user.email, ip, "one-time link")
        record(
            EventType.SIGNED_IN,
            actor=actor,
            subject=Subject("user", str(user.pk)),
            scope=Scope(),
            details={"by": "one-time link"},
        )
    return user.pk


def note_sign_in(*, actor: Actor) -> None:
    """Records that a person signed in, and how."""
    with transaction.atomic(durable=True):
        record(
            EventType.SIGNED_IN,
            actor=actor,
            subject=Subject("user", actor.id),
            scope=Scope(),
            details={"by": actor.authenticated_by},
        )


def set_preferences(*, actor: Actor, language: str | None, theme: str | None) -> None:
    """Saves how a person wants pages to look; not a fact of the audit."""
    with transaction.atomic(durable=True):
        user = User.objects.select_for_update().get(pk=actor.user_id)
        user.language = user.language if language is None else language
        user.theme = user.theme if theme is None else theme
        user.save(update_fields=["language", "theme"])


def _get(rows: QuerySet[Row]) -> Row:
    row = rows.first()
    if row is None:
        raise UnknownObject
    return row
