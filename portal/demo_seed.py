"""What the demo is seeded with. Each step is done once, however often and wherever the seeding was broken off before."""

import json
import time
import urllib.parse
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils import timezone

from approvals.deciding import switch_mode
from audit.events import Actor, command
from certs.enforcement import declare as enforcement
from certs.golden_clients import keep as golden_clients
from certs.models import GoldenClient, TrustConfig, VaultKey
from certs.trust_configs import register
from pki import bundle
from pki.policy import Policy
from portal import demo_certificates
from tenants.flows import people, policies, set_up
from tenants.models import Environment, PolicyVersion, Tenant, User

ME = command("demo")
ENVIRONMENTS = (
    ("dev", "Development", 1, False),
    ("staging", "Staging", 1, False),
    ("prod", "Production", 2, True),
)
TENANTS = (("payments", "Payments"), ("logistics", "Logistics"))
PEOPLE: tuple[tuple[str, str, tuple[tuple[str, str], ...]], ...] = (
    ("wei@example.com", "Wei Zhang", (("submitter", "payments"),)),
    ("lucia@example.com", "Lucía Ortega", (("submitter", "logistics"),)),
    ("maria@example.com", "María Okafor", (("reviewer", ""),)),
    ("jonas@example.com", "Jonas Berg", (("reviewer", ""),)),
    ("aiko@example.com", "Aiko Tanaka", (("auditor", ""),)),
    (
        "tom@example.com",
        "Tom Becker",
        (("tenant_admin", "payments"), ("tenant_admin", "logistics")),
    ),
    ("petra@example.com", "Petra Novak", (("platform_admin", ""),)),
)
# Of the trust configs: name, and the tenants that share it.
TRUST_CONFIGS = (
    ("payments-clients", ["payments"]),
    ("logistics-clients", ["logistics"]),
    ("shared-clients", ["payments", "logistics"]),
)
GATE = "projects/demo-dev/locations/global/serverTlsPolicies/shared-gateway"
BEHIND_GATE = "projects/demo-dev/locations/global/trustConfigs/shared-clients"


class NotSeeded(Exception):
    """The worker did not do its part in time."""


def seed(say: Callable[[str], object]) -> None:
    """Tells each part before it is done; once all is done, nothing is made again that people have changed since.

    :raises NotSeeded: when the worker did not register the trust configs within a minute.
    """
    done = settings.VAR_DIR / "demo-seeded"
    if done.exists() and User.objects.exists():
        return
    for told, part in (
        ("keys, environments and tenants", _places),
        ("people", _people),
        ("trust configs, which the worker reads from the emulator", _trust_configs),
        ("a load balancer", _load_balancer),
        ("Logistics in mode B", _mode_b),
        ("the platform's policy", _policy),
        ("golden clients", _golden_clients),
    ):
        say(f"Seeding {told} …")
        part()
    done.touch()


def _places() -> None:
    for purpose in ("mtls-client", "mtls-server"):
        _put("/crypto-key", f"{settings.KMS_KEY_RING}/cryptoKeys/key-{purpose}")
    for slug, name, votes, is_production in ENVIRONMENTS:
        if not Environment.objects.filter(slug=slug).exists():
            set_up.create_environment(
                actor=ME,
                slug=slug,
                name=name,
                project=f"demo-{slug}",
                location="global",
                votes_needed=votes,
                is_production=is_production,
                service_account=f"countersign@demo-{slug}.iam.gserviceaccount.com",
            )
    for slug, name in TENANTS:
        if not Tenant.objects.filter(slug=slug).exists():
            set_up.create_tenant(actor=ME, slug=slug, name=name)
        has = set(Tenant.objects.get(slug=slug).environments.values_list("slug", flat=True))
        for environment, *_rest in ENVIRONMENTS:
            if environment not in has:
                set_up.assign_environment(actor=ME, tenant_slug=slug, environment_slug=environment)


def _people() -> None:
    for email, name, grants in PEOPLE:
        if not User.objects.filter(email=email).exists():
            people.create_user(actor=ME, email=email, full_name=name)
        for role, tenant in grants:
            people.give_grant(actor=ME, email=email, role=role, tenant_slug=tenant)


def _trust_configs() -> None:
    """As in a real installation they exist at Google already; the shared one has an anchor that is adopted."""
    anchor = demo_certificates.legacy(_folder())[0]
    for environment, *_rest in ENVIRONMENTS:
        for name, tenants in TRUST_CONFIGS:
            if TrustConfig.objects.filter(environment__slug=environment, name=name).exists():
                continue
            live = {"anchors": [anchor]} if name == "shared-clients" else {}
            resource = f"projects/demo-{environment}/locations/global/trustConfigs/{name}"
            _put("/trust-config", resource, live)
            register.name_trust_config(
                actor=ME,
                environment_slug=environment,
                name=name,
                purpose="mtls-client",
                tenant_slugs=tenants,
            )
    until = time.monotonic() + 60
    keys = len(ENVIRONMENTS) * len(TENANTS) * 2
    while TrustConfig.objects.exclude(state="ready").exists() or VaultKey.objects.count() < keys:
        if time.monotonic() > until:
            raise NotSeeded
        time.sleep(0.2)


def _load_balancer() -> None:
    """Before the shared trust config of dev; what uses those of production, nobody has declared yet."""
    endpoint = settings.PROBE_ENDPOINTS[0] if settings.PROBE_ENDPOINTS else "localhost:0"
    port = int(endpoint.rpartition(":")[2])
    if GATE not in _get("/server-tls-policies"):  # Google updates none
        _put(
            "/server-tls-policy",
            GATE,
            {"trust_config": BEHIND_GATE, "mode": "REJECT_INVALID", "port": port},
        )
    Path(settings.PROBE_CA_FILE).write_text(_get("/gateway-certificate"), encoding="utf-8")
    admin = _person("petra@example.com")
    for trust_config in TrustConfig.objects.exclude(environment__slug="prod"):
        where: dict[str, Any] = {
            "tenant_id": trust_config.custodian_id,
            "trust_config_id": str(trust_config.pk),
        }
        is_gated = trust_config.resource_name == BEHIND_GATE
        policy, mode = (GATE, "reject") if is_gated else ("lets-everybody-in", "allow")
        if trust_config.enforcement != mode:
            enforcement.declare_enforcement(
                actor=admin, enforcement=mode, policy_name=policy, **where
            )
        if is_gated and settings.PROBE_ENDPOINTS and trust_config.endpoint != endpoint:
            enforcement.name_endpoint(actor=admin, endpoint=endpoint, **where)


def _mode_b() -> None:
    """By two persons, as always."""
    tenant = Tenant.objects.get(slug="logistics")
    if not tenant.mode_switches.exists():
        switch_mode.propose(
            actor=_person("petra@example.com"),
            tenant_id=tenant.pk,
            reason="Logistics rotates its clients' certificates weekly.",
            limits=switch_mode.Limits(),
        )
    switch = tenant.mode_switches.get()
    if switch.state != switch.State.PROPOSED:
        return
    switch_mode.decide(
        actor=_person("maria@example.com"),
        tenant_id=tenant.pk,
        switch_id=switch.pk,
        digest=switch_mode.shown_digest(switch, timezone.now()),
        is_confirmed=True,
    )


def _policy() -> None:
    if PolicyVersion.objects.filter(tenant=None).exists():
        return
    policy = Policy(
        longest_days={"allowlisted_certificate": 825}, days_left={"allowlisted_certificate": 7}
    )
    policies.propose(
        actor=_person("petra@example.com"),
        tenant_id=None,
        policy=policy,
        effective_from=None,
        reason="The platform's first floor.",
    )


def _golden_clients() -> None:
    """One that gets in by the anchor that was there before the portal."""
    chain = bundle.read([("", demo_certificates.legacy(_folder())[1])]).certificates
    for trust_config in TrustConfig.objects.filter(name="shared-clients"):
        if not GoldenClient.objects.filter(trust_config=trust_config).exists():
            golden_clients.add(
                actor=_person("wei@example.com"),
                tenant_id=trust_config.custodian_id,
                trust_config_id=str(trust_config.pk),
                name="Legacy gateway",
                chain=chain,
            )


def _folder() -> Path:
    return settings.VAR_DIR / "demo-certificates"


def _person(email: str) -> Actor:
    user = User.objects.get(email=email)
    return Actor("person", str(user.pk), user.full_name, user.email, authenticated_by="demo")


def _get(path: str) -> Any:
    url = f"http://{settings.EMULATOR_ADMIN}{path}"
    with urllib.request.urlopen(url, timeout=10) as answer:
        return json.load(answer)


def _put(path: str, name: str, body: dict[str, Any] | None = None) -> None:
    """What an operator would do with gcloud before the portal comes."""
    url = f"http://{settings.EMULATOR_ADMIN}{path}?{urllib.parse.urlencode({'name': name})}"
    request = urllib.request.Request(url, data=json.dumps(body or {}).encode(), method="PUT")
    with urllib.request.urlopen(request, timeout=10):  # noqa: S310
        return
