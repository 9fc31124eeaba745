"""Asking for a trust config that does not exist at Google yet: its name, whom it serves, and whether the project has room."""

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from audit.events import Actor, EventType
from certs.models import GoogleLocation, TrustConfig
from certs.trust_configs.anew import try_anew
from certs.trust_configs.recording import record_registration
from tenants.access import require
from tenants.errors import BadValue, UnknownObject
from tenants.models import Environment, Purpose, Tenant, slug_validator
from tenants.rights import Act


def ask_for_trust_config(
    *, actor: Actor, environment_slug: str, name: str, purpose: str, tenant_slugs: list[str]
) -> str:
    """Asks a worker to make a trust config; returns its id. The first tenant is its custodian. One that could not be made may be asked for again.

    :raises NotAllowed: for everybody but platform admins.
    :raises BadValue: for a malformed or taken name, an unknown purpose, no tenant, one that does not have the environment,
        or a project that has no room for another.
    :raises UnknownObject: for an unknown environment or tenant.
    """
    slug_validator(name)
    if purpose not in Purpose.values or not tenant_slugs:
        raise BadValue(
            _("Name a purpose (%(purposes)s) and at least one tenant.")
            % {"purposes": ", ".join(Purpose.values)}
        )
    with transaction.atomic(durable=True):
        require(actor.user_id, Act.ADMINISTER)
        environment = (
            Environment.objects.select_for_update(no_key=True).filter(slug=environment_slug).first()
        )
        tenants = {tenant.slug: tenant for tenant in Tenant.objects.filter(slug__in=tenant_slugs)}
        if environment is None or set(tenants) != set(tenant_slugs):
            raise UnknownObject
        if outside := [
            slug
            for slug, tenant in tenants.items()
            if not tenant.environments.filter(pk=environment.pk).exists()
        ]:
            raise BadValue(
                _("These tenants do not have the environment yet: %(names)s.")
                % {"names": ", ".join(outside)}
            )
        _check_room(environment, name)
        found = TrustConfig.objects.filter(environment=environment, name=name).first()
        if found is not None and found.state != TrustConfig.State.UNREADABLE:
            raise BadValue(_("The portal has a trust config of this name already."))
        trust_config = found or TrustConfig(
            environment=environment, name=name, custodian=tenants[tenant_slugs[0]]
        )
        trust_config.custodian = tenants[tenant_slugs[0]]
        trust_config.purpose, trust_config.is_made_here = purpose, True
        trust_config.save()
        trust_config.tenants.set(tenants.values())
        try_anew(trust_config)
        record_registration(
            EventType.TRUST_CONFIG_REQUESTED,
            trust_config,
            actor=actor,
            details={"purpose": purpose, "custodian": trust_config.custodian.slug},
        )
    return str(trust_config.pk)


def room_in(environment: Environment) -> tuple[int, int]:
    """How many trust configs the environment's project has, as far as the portal knows, and how many it may have."""
    rows = GoogleLocation.objects.filter(project=environment.project)
    listed = {f"{row.location}/{name}" for row in rows for name in row.names}
    own = TrustConfig.objects.filter(environment__project=environment.project).exclude(
        state=TrustConfig.State.UNREADABLE
    )
    known = {
        f"{location}/{name}" for location, name in own.values_list("environment__location", "name")
    }
    return len(listed | known), settings.TRUST_CONFIGS_PER_PROJECT


def location_of(environment: Environment) -> GoogleLocation | None:
    """What the last sweep of the environment's location has seen, or why it saw nothing."""
    return GoogleLocation.objects.filter(
        project=environment.project, location=environment.location
    ).first()


def _check_room(environment: Environment, name: str) -> None:
    count, limit = room_in(environment)
    if count >= limit:
        raise BadValue(
            _(
                "Project %(project)s has %(count)s of %(limit)s trust configs. Share an existing one, or have the quota raised at Google and TRUST_CONFIGS_PER_PROJECT set."
            )
            % {"project": environment.project, "count": count, "limit": limit}
        )
    rows = GoogleLocation.objects.filter(project=environment.project, location=environment.location)
    known = TrustConfig.objects.filter(environment=environment, name=name).exists()
    if not known and any(name in row.names for row in rows):
        raise BadValue(
            _(
                "A trust config of this name exists at Google already. Register it with manage.py register_trust_config instead."
            )
        )
