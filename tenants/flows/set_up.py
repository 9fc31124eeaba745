"""Tenants and environments: made by a command on the server, each step recorded."""

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from audit.events import Actor, EventType, Scope, Subject
from audit.recorder import record
from jobs.queue import enqueue
from tenants.errors import BadValue, UnknownObject
from tenants.models import Environment, Purpose, Tenant, TenantEnvironment, slug_validator


def create_tenant(*, actor: Actor, slug: str, name: str) -> int:
    """Makes a tenant in mode A; returns its id.

    :raises BadValue: for a slug that is malformed or taken.
    """
    _check_slug(slug)
    with transaction.atomic(durable=True):
        if Tenant.objects.filter(slug=slug).exists():
            raise BadValue(_("The short name %(slug)s is taken.") % {"slug": slug})
        tenant = Tenant.objects.create(slug=slug, name=name)
        record(
            EventType.TENANT_CREATED,
            actor=actor,
            subject=Subject("tenant", str(tenant.pk), label=slug),
            scope=Scope(tenant_id=tenant.pk),
            after=tenant.mode,
        )
    return tenant.pk


def create_environment(
    *,
    actor: Actor,
    slug: str,
    name: str,
    project: str,
    location: str,
    votes_needed: int,
    is_production: bool,
    service_account: str,
) -> int:
    """Makes an environment, which stands for one Google Cloud project; returns its id.

    :raises BadValue: for a slug that is malformed or taken, and for less than one vote.
    """
    _check_slug(slug)
    if votes_needed < 1:
        raise BadValue(_("An environment asks for at least one vote."))
    with transaction.atomic(durable=True):
        if Environment.objects.filter(slug=slug).exists():
            raise BadValue(_("The short name %(slug)s is taken.") % {"slug": slug})
        environment = Environment.objects.create(
            slug=slug,
            name=name,
            project=project,
            location=location,
            votes_needed=votes_needed,
            is_production=is_production,
            service_account=service_account,
            queue=f"env-{slug}",
        )
        record(
            EventType.ENVIRONMENT_CREATED,
            actor=actor,
            subject=Subject("environment", str(environment.pk), label=slug),
            scope=Scope(environment=slug),
            details={
                "project": project,
                "location": location,
                "votes_needed": votes_needed,
                "is_production": is_production,
            },
        )
    return environment.pk


def assign_environment(*, actor: Actor, tenant_slug: str, environment_slug: str) -> None:
    """Gives a tenant an environment and asks a worker for its vault keys, without which no form is shown.

    :raises UnknownObject: when one of the two does not exist.
    """
    with transaction.atomic(durable=True):
        tenant = Tenant.objects.filter(slug=tenant_slug).first()
        environment = Environment.objects.filter(slug=environment_slug).first()
        if tenant is None or environment is None:
            raise UnknownObject
        _row, is_new = TenantEnvironment.objects.get_or_create(
            tenant=tenant, environment=environment
        )
        if is_new:
            record(
                EventType.ENVIRONMENT_ASSIGNED,
                actor=actor,
                subject=Subject("tenant", str(tenant.pk), label=tenant.slug),
                scope=Scope(tenant_id=tenant.pk, environment=environment.slug),
                after=environment.slug,
            )
        for purpose in Purpose.values:
            enqueue(
                "make_vault_key", f"{tenant.pk}:{environment.pk}:{purpose}", queue=environment.queue
            )


def _check_slug(slug: str) -> None:
    try:
        slug_validator(slug)
    except ValidationError as error:
        raise BadValue(error.message) from error
