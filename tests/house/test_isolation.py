"""All URLs × all roles × another tenant: who may, may; who may not is told why; strangers see nothing at all."""

from typing import Any

import pytest
from django.test import Client
from django.urls import NoReverseMatch, URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from approvals.simulating import ask
from audit.models import AuditEvent
from certs.golden_clients import keep as golden_clients
from certs.models import GoldenClient, Publication, Simulation
from jobs.models import Job
from pki.plan import revision_digest
from pki.policy import Policy
from tenants.flows import policies
from tenants.models import PolicyVersion
from tests.certificates import make
from tests.house.url_table import ROUTES, Route
from tests.world import World

PEOPLE = ["sam", "lena", "rita", "ada", "tom", "paula", "nobody"]
TENANT_ROUTES = [name for name, route in ROUTES.items() if route.scope == "tenant"]


def _names(patterns: list[Any], prefix: str = "") -> set[str]:
    found: set[str] = set()
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            namespace = f"{prefix}{pattern.namespace}:" if pattern.namespace else prefix
            found |= _names(pattern.url_patterns, namespace)
        elif isinstance(pattern, URLPattern) and pattern.name:
            found.add(f"{prefix}{pattern.name}")
    return found


def test_every_route_stands_in_the_table() -> None:
    names = {
        name for name in _names(get_resolver().url_patterns) if not name.startswith("account_")
    }
    assert names == set(ROUTES)


@pytest.fixture
def change(world: World) -> Any:
    made = make("subject-of-the-sweep")
    change = world.submit(made)
    world.work()
    where = {
        "actor": world.actor("sam"),
        "tenant_id": change.tenant_id,
        "trust_config_id": str(change.trust_config_id),
        "chain": [made.parsed],
    }
    golden_clients.add(name="subject-of-the-sweep", **where)
    at = timezone.now()
    Publication.objects.create(
        trust_config=change.trust_config,
        revision=1,
        state=Publication.State.VERIFIED,
        base_digest=revision_digest(()),
        revision_digest=revision_digest(()),
        entries=[],
        intended_at=at,
        verified_at=at,
    )
    ask.ask(**where)
    policies.propose(
        actor=world.actor("paula"),
        tenant_id=None,
        policy=Policy(allows_public_cas=True),
        effective_from=None,
        reason="For the sweep.",
    )
    return world.fresh(change)


def _url(name: str, change: Any, world: World) -> str:
    fingerprint = change.items.get().sha256_fingerprint
    values = {
        "tenant": change.tenant.slug,
        "number": change.number,
        "trust_config_id": str(change.trust_config_id),
        "fingerprint": fingerprint,
        "switch_id": 1,
        "client_id": GoldenClient.objects.get().pk,
        "simulation_id": Simulation.objects.get().pk,
        "version_id": PolicyVersion.objects.get().pk,
        "revision": 1,
        "token": "x",
        "environment": "dev",
        "job_id": Job.objects.values_list("pk", flat=True)[0],
    }
    tenant_keys = [
        {"tenant", key}
        for key in (
            "number",
            "trust_config_id",
            "fingerprint",
            "switch_id",
            "client_id",
            "simulation_id",
        )
    ]
    tenant_keys.append({"tenant", "trust_config_id", "revision"})
    alone = [{key} for key in ("token", "version_id", "environment", "job_id")]
    for keys in (set(), {"tenant"}, *tenant_keys, *alone):
        try:
            return reverse(name, kwargs={key: values[key] for key in keys})
        except NoReverseMatch:
            continue
    raise AssertionError(name)


def _client(world: World, person: str | None) -> Client:
    client = Client()
    if person:
        client.force_login(world.user(person))
    return client


def _send(client: Client, route: Route, url: str) -> Any:
    return (
        getattr(client, route.method)(url, route.post)
        if route.method == "post"
        else client.get(url)
    )


def test_anonymous_people_are_sent_to_sign_in(world: World, change: Any) -> None:
    for name, route in ROUTES.items():
        response = _send(_client(world, None), route, _url(name, change, world))
        if route.scope == "open":
            assert response.status_code in {200, 302}, name
        else:
            assert response.status_code == 302, name
            assert response["Location"].startswith("/accounts/login/"), name


@pytest.mark.parametrize("stranger", ["lena", "nobody"])
def test_to_strangers_a_tenant_does_not_exist(world: World, change: Any, stranger: str) -> None:
    refused = AuditEvent.objects.filter(
        type="access.refused", actor_id=str(world.user(stranger).pk)
    )
    for name in TENANT_ROUTES:
        url, before = _url(name, change, world), refused.count()
        theirs = _send(_client(world, stranger), ROUTES[name], url)
        missing = _send(
            _client(world, stranger), ROUTES[name], url.replace("/t/payments/", "/t/paymentz/")
        )
        assert theirs.status_code == missing.status_code == 404, name
        assert len(theirs.content) == len(missing.content), name
        assert b"subject-of-the-sweep" not in theirs.content, name
        assert refused.count() > before, name


@pytest.mark.parametrize(
    "name", sorted(set(ROUTES) - {n for n, r in ROUTES.items() if r.scope == "open"})
)
def test_who_may_may_and_who_may_not_is_told_why(world: World, change: Any, name: str) -> None:
    route, url = ROUTES[name], _url(name, change, world)
    insiders = PEOPLE if route.scope == "platform" else ["sam", "rita", "ada", "tom", "paula"]
    for person in insiders:
        response = _send(_client(world, person), route, url)
        if person in route.may:
            assert response.status_code in {200, 302, 409}, (name, person, response.status_code)
        else:
            assert response.status_code in {403, 404, 409}, (name, person, response.status_code)


def test_acts_are_posted_and_never_got(world: World, change: Any) -> None:
    for name in (name for name, route in ROUTES.items() if route.method == "post"):
        assert _client(world, "paula").get(_url(name, change, world)).status_code == 405, name


@pytest.mark.parametrize(
    "name",
    [
        "approvals:change-detail",
        "certs:certificate-detail",
        "certs:trust-config-detail",
        "approvals:change-form",
    ],
)
def test_an_object_of_another_tenant_is_not_found_under_ones_own(
    world: World, change: Any, name: str
) -> None:
    other = world.submit(make("theirs"), by="lena", tenant="logistics", to="logistics-clients")
    url = (
        _url(name, other, world)
        .replace("/t/logistics/", "/t/payments/")
        .replace(f"/changes/{other.number}/", "/changes/999/")
    )
    assert _client(world, "sam").get(url).status_code == 404


def test_a_shared_trust_config_shows_others_as_counts_only(world: World) -> None:
    world.applied(
        make("secret-partner-of-logistics"), by="lena", tenant="logistics", to="shared-clients"
    )
    world.applied(make("ours"), to="shared-clients")
    pages = [
        f"/t/payments/trust-configs/{world.trust_config('shared-clients').pk}/",
        "/t/payments/audit/",
        "/t/payments/certificates/",
        "/t/payments/changes/1/",
    ]
    for page in pages:
        body = _client(world, "sam").get(page).content.decode()
        assert "secret-partner-of-logistics" not in body, page
        assert "Lena" not in body, page


def test_a_drift_of_a_shared_trust_config_names_strangers_certificates_to_reviewers_only(
    world: World,
) -> None:
    foreign, change = make("foreign-entry"), world.submit(make("ours"), to="shared-clients")
    world.edit_live("shared-clients", allowlisted=[foreign.pem.decode()])
    world.work()
    page = f"/t/payments/trust-configs/{change.trust_config_id}/"
    assert b"foreign-entry" not in _client(world, "sam").get(page).content
    assert b"foreign-entry" in _client(world, "rita").get(page).content
