"""The demo: people, tenants in both modes, environments, trust configs, and certificate files to upload. Made at run time."""

import json
import time
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from approvals.deciding import switch_mode
from audit.events import Actor, command
from certs.enforcement import declare as enforcement
from certs.golden_clients import keep as golden_clients
from certs.models import TrustConfig, VaultKey
from certs.trust_configs import register
from pki import bundle
from pki.policy import Policy
from portal import demo_certificates
from tenants.flows import people, policies, set_up
from tenants.models import Tenant, User

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


class Command(BaseCommand):
    help = "Seeds the demo once, and prints fresh one-time sign-in links."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--base",
            default=f"http://localhost:{settings.PORT}",
            help="where the portal is reached, for the links",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.IS_PRODUCTION or not settings.GCP_ENDPOINT:
            raise CommandError(
                "The demo needs the emulator and does not run under production settings."
            )
        folder = demo_certificates.write(settings.VAR_DIR / "demo-certificates")
        if not User.objects.exists():
            self._seed()
        self.stdout.write(f"\nCertificates to upload: {folder}\n\nSign-in links (each works once):")
        for email, name, grants in PEOPLE:
            token = people.create_sign_in_link(actor=ME, email=email)
            roles = ", ".join(f"{role} of {tenant}" if tenant else role for role, tenant in grants)
            self.stdout.write(f"  {name:<14} {roles:<44} {options['base']}/sign-in/#{token}")
        if settings.PROBE_ENDPOINTS:
            self.stdout.write(
                f"\nThe demo's load balancer, before shared-clients in dev: https://{settings.PROBE_ENDPOINTS[0]}/ (its CA: {settings.PROBE_CA_FILE})"
            )
        self.stdout.write(
            f"The emulator's admin page, to change a trust config behind the portal's back: http://{settings.EMULATOR_ADMIN}/\n"
        )

    def _seed(self) -> None:
        for purpose in ("mtls-client", "mtls-server"):
            _put("/crypto-key", f"{settings.KMS_KEY_RING}/cryptoKeys/key-{purpose}")
        for slug, name, votes, is_production in ENVIRONMENTS:
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
            set_up.create_tenant(actor=ME, slug=slug, name=name)
            for environment, *_rest in ENVIRONMENTS:
                set_up.assign_environment(actor=ME, tenant_slug=slug, environment_slug=environment)
        for email, name, grants in PEOPLE:
            people.create_user(actor=ME, email=email, full_name=name)
            for role, tenant in grants:
                people.give_grant(actor=ME, email=email, role=role, tenant_slug=tenant)
        anchor, client = demo_certificates.legacy()
        (settings.VAR_DIR / "demo-certificates" / "legacy-client.pem").write_bytes(client)
        self._register_trust_configs(anchor)
        self._open_the_gateway()
        self._switch_logistics_to_mode_b()
        self._write_policy()
        self._keep_golden_clients(client)

    def _register_trust_configs(self, anchor: str) -> None:
        """As in a real installation they exist at Google already; the shared one has an anchor that is adopted."""
        for environment, *_rest in ENVIRONMENTS:
            for name, tenants in (
                ("payments-clients", ["payments"]),
                ("logistics-clients", ["logistics"]),
                ("shared-clients", ["payments", "logistics"]),
            ):
                live = {"anchors": [anchor]} if name == "shared-clients" else {}
                _put(
                    "/trust-config",
                    f"projects/demo-{environment}/locations/global/trustConfigs/{name}",
                    live,
                )
                register.name_trust_config(
                    actor=ME,
                    environment_slug=environment,
                    name=name,
                    purpose="mtls-client",
                    tenant_slugs=tenants,
                )
        until = time.monotonic() + 60
        while (
            TrustConfig.objects.exclude(state="ready").exists()
            or VaultKey.objects.count() < len(ENVIRONMENTS) * len(TENANTS) * 2
        ):
            if time.monotonic() > until:
                raise CommandError(
                    "The worker did not register the demo's trust configs within a minute."
                )
            time.sleep(0.2)

    def _open_the_gateway(self) -> None:
        """A load balancer before the shared trust config of dev; what uses those of production, nobody has declared yet."""
        name = "projects/demo-dev/locations/global/serverTlsPolicies/shared-gateway"
        target = "projects/demo-dev/locations/global/trustConfigs/shared-clients"
        endpoint = settings.PROBE_ENDPOINTS[0] if settings.PROBE_ENDPOINTS else "localhost:0"
        _put(
            "/server-tls-policy",
            name,
            {
                "trust_config": target,
                "mode": "REJECT_INVALID",
                "port": int(endpoint.rpartition(":")[2]),
            },
        )
        with urllib.request.urlopen(
            f"http://{settings.EMULATOR_ADMIN}/gateway-certificate", timeout=10
        ) as answer:
            Path(settings.PROBE_CA_FILE).write_text(json.load(answer), encoding="utf-8")
        admin = _person("petra@example.com")
        for trust_config in TrustConfig.objects.exclude(environment__slug="prod"):
            where: dict[str, Any] = {
                "tenant_id": trust_config.custodian_id,
                "trust_config_id": str(trust_config.pk),
            }
            is_gated = trust_config.resource_name == target
            policy, mode = (name, "reject") if is_gated else ("lets-everybody-in", "allow")
            enforcement.declare_enforcement(
                actor=admin, enforcement=mode, policy_name=policy, **where
            )
            if is_gated and settings.PROBE_ENDPOINTS:
                enforcement.name_endpoint(actor=admin, endpoint=endpoint, **where)

    def _switch_logistics_to_mode_b(self) -> None:
        """By two persons, as always."""
        tenant = Tenant.objects.get(slug="logistics")
        reason = "Logistics rotates its clients' certificates weekly."
        switch_mode.propose(
            actor=_person("petra@example.com"),
            tenant_id=tenant.pk,
            reason=reason,
            limits=switch_mode.Limits(),
        )
        switch = tenant.mode_switches.get()
        switch_mode.decide(
            actor=_person("maria@example.com"),
            tenant_id=tenant.pk,
            switch_id=switch.pk,
            digest=switch_mode.shown_digest(switch, timezone.now()),
            is_confirmed=True,
        )

    def _write_policy(self) -> None:
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

    def _keep_golden_clients(self, client: bytes) -> None:
        """One that gets in by the anchor that was there before the portal."""
        chain = bundle.read([("", client)]).certificates
        for trust_config in TrustConfig.objects.filter(name="shared-clients"):
            golden_clients.add(
                actor=_person("wei@example.com"),
                tenant_id=trust_config.custodian_id,
                trust_config_id=str(trust_config.pk),
                name="Legacy gateway",
                chain=chain,
            )


def _person(email: str) -> Actor:
    user = User.objects.get(email=email)
    return Actor("person", str(user.pk), user.full_name, user.email, authenticated_by="demo")


def _put(path: str, name: str, body: dict[str, Any] | None = None) -> None:
    """What an operator would do with gcloud before the portal comes."""
    url = f"http://{settings.EMULATOR_ADMIN}{path}?{urllib.parse.urlencode({'name': name})}"
    request = urllib.request.Request(url, data=json.dumps(body or {}).encode(), method="PUT")
    with urllib.request.urlopen(request, timeout=10):  # noqa: S310
        return
