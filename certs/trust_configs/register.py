"""Registering a trust config that exists at Google: it is named by a person, and read for the first time by a worker."""

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from audit.events import Actor, EventType, worker
from audit.log import Json
from certs.hindrance import Hindrance
from certs.models import TrustConfig, TrustEntry
from certs.trust_configs.anew import try_anew
from certs.trust_configs.drift import count_from
from certs.trust_configs.inventory import adopt
from certs.trust_configs.publications import block_without_lease, observe
from certs.trust_configs.publishing import read_live
from certs.trust_configs.recording import record_registration
from gcp.errors import FINAL
from jobs import clock
from jobs.queue import enqueue
from jobs.worker import name as worker_name
from pki.errors import PkiError
from pki.plan import revision_digest
from tenants.errors import BadValue, UnknownObject
from tenants.models import Environment, Purpose, Tenant, slug_validator

_UNREAD = {TrustConfig.State.NAMED, TrustConfig.State.CREATING}


def name_trust_config(
    *, actor: Actor, environment_slug: str, name: str, purpose: str, tenant_slugs: list[str]
) -> str:
    """Names a trust config and the tenants it serves, and asks a worker to read it; returns its id.

    The first tenant is the custodian: entries that are live already become its own. Naming it again, while it cannot
    be read, asks the worker again.

    :raises BadValue: for a malformed name or purpose, no tenant, or one that is not in the environment.
    :raises UnknownObject: for an unknown environment or tenant.
    """
    slug_validator(name)
    if purpose not in Purpose.values or not tenant_slugs:
        raise BadValue(
            _("Name a purpose (%(purposes)s) and at least one tenant.")
            % {"purposes": ", ".join(Purpose.values)}
        )
    with transaction.atomic(durable=True):
        environment = Environment.objects.filter(slug=environment_slug).first()
        tenants = {tenant.slug: tenant for tenant in Tenant.objects.filter(slug__in=tenant_slugs)}
        if environment is None or set(tenants) != set(tenant_slugs):
            raise UnknownObject
        outside = [
            slug
            for slug, tenant in tenants.items()
            if not tenant.environments.filter(pk=environment.pk).exists()
        ]
        if outside:
            raise BadValue(
                _("These tenants do not have the environment yet: %(names)s.")
                % {"names": ", ".join(outside)}
            )
        trust_config, is_new = TrustConfig.objects.get_or_create(
            environment=environment,
            name=name,
            defaults={"purpose": purpose, "custodian": tenants[tenant_slugs[0]]},
        )
        if is_new:
            trust_config.tenants.set(tenants.values())
            record_registration(
                EventType.TRUST_CONFIG_NAMED,
                trust_config,
                actor=actor,
                details={"purpose": purpose, "custodian": tenant_slugs[0]},
            )
        if trust_config.state == TrustConfig.State.UNREADABLE:
            trust_config.is_made_here = False
            trust_config.save(update_fields=["is_made_here"])
            try_anew(trust_config)
        else:
            enqueue("register_trust_config", trust_config.pk, queue=environment.queue)
    return str(trust_config.pk)


def read_first(*, trust_config_id: str) -> None:
    """Reads the trust config and adopts what is live; says why on its page when Google refuses.

    :raises gcp.errors.CloudUnavailable: when Google cannot be reached; the job tries again.
    """
    trust_config = TrustConfig.objects.select_related("environment").get(pk=trust_config_id)
    if trust_config.state not in _UNREAD:
        return
    actor = worker(worker_name())
    try:
        live = read_live(trust_config)
    except FINAL as error:
        refuse(trust_config_id, Hindrance.of(error))
        return
    except PkiError as error:
        refuse(trust_config_id, Hindrance(error.code, "an entry that is live cannot be read"))
        return
    with transaction.atomic(durable=True):
        trust_config = (
            TrustConfig.objects.select_for_update(of=("self",))
            .select_related("environment")
            .get(pk=trust_config_id)
        )
        if trust_config.state not in _UNREAD:  # another worker was faster
            return
        adopt(
            trust_config=trust_config,
            entries=live.entries,
            facts=live.facts,
            origin=TrustEntry.Origin.ADOPTED,
            at=clock.now(),
            by="adoption",
        )
        observe(trust_config, entries=live.entries, label=live.label, etag=live.etag, at=live.at)
        count_from(trust_config, live)
        trust_config.state = TrustConfig.State.READY
        trust_config.save(update_fields=["state"])
        details: Json = {
            "adopted": len(live.entries),
            "etag": live.etag,
            "observed_digest": revision_digest(live.entries),
        }
        record_registration(
            EventType.TRUST_CONFIG_REGISTERED, trust_config, actor=actor, details=details
        )


def refuse(trust_config_id: str, why: Hindrance) -> None:
    """Says on the page of the trust config why there is none yet; nothing is tried until a person says so."""
    actor = worker(worker_name())
    with transaction.atomic(durable=True):
        trust_config = (
            TrustConfig.objects.select_for_update(of=("self",))
            .select_related("environment")
            .get(pk=trust_config_id)
        )
        if trust_config.state not in _UNREAD:  # another worker was faster
            return
        trust_config.state = TrustConfig.State.UNREADABLE
        trust_config.save(update_fields=["state"])
        block_without_lease(trust_config, why)
        record_registration(
            EventType.TRUST_CONFIG_REFUSED,
            trust_config,
            actor=actor,
            details={"code": why.code, "reason": str(why)},
            result="failed",
        )
