"""A real installation is set up by commands: each makes one call into a flow, says what it did, and refuses with a sentence."""

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from audit.models import AuditEvent
from certs.models import TrustConfig, TrustEntry, VaultKey
from emulator.faults import Fault
from tenants.models import Grant, SignInLink, Tenant, User
from tests.certificates import make_ca
from tests.world import COMMAND, World


def run(*arguments: str, **options: Any) -> str:
    out = StringIO()
    call_command(*arguments, stdout=out, **options)
    return out.getvalue()


def test_an_installation_from_nothing_to_an_adopted_trust_config(world: World) -> None:
    Grant.objects.all().delete()  # as on a machine where nobody is an admin yet
    run("create_platform_admin", "first@example.com", "First Admin")
    run(
        "create_environment",
        "stage",
        "Stage",
        "--project",
        "my-stage",
        "--votes",
        "2",
        "--production",
    )
    run("create_tenant", "acme", "Acme", "--environment", "stage")
    run("create_user", "new@example.com", "New Person")
    run("grant", "new@example.com", "submitter", "--tenant", "acme")
    world.work()
    legacy = make_ca("Legacy")
    world.emulator.certificate_manager.edit_out_of_band(
        "projects/my-stage/locations/global/trustConfigs/acme-clients",
        {"anchors": [legacy.pem.decode()]},
    )
    run("register_trust_config", "stage", "acme-clients", "--tenant", "acme")
    world.work()
    entry = TrustEntry.objects.get(trust_config__name="acme-clients")
    assert (entry.added_origin, entry.tenant.slug, entry.certificate.sha256_fingerprint) == (
        "adopted",
        "acme",
        legacy.fingerprint,
    )
    assert VaultKey.objects.filter(tenant__slug="acme").count() == 2
    assert Tenant.objects.get(slug="acme").mode == "platform_managed"
    recorded = set(AuditEvent.objects.filter(actor_kind="command").values_list("type", "actor_id"))
    assert {
        ("grant.given", "create_platform_admin"),
        ("tenant.created", "create_tenant"),
        ("trust_config.named", "register_trust_config"),
    } <= recorded


def test_the_first_platform_admin_is_made_once(world: World) -> None:
    with pytest.raises(CommandError, match="There is a platform admin already"):
        run("create_platform_admin", "second@example.com", "Second")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("create_tenant", "Bad Slug", "x"), "lower-case"),
        (("create_tenant", "payments", "x"), "taken"),
        (("create_environment", "dev", "x", "--project", "p"), "taken"),
        (("create_environment", "new", "x", "--project", "p", "--votes", "0"), "at least one vote"),
        (("create_user", "sam@example.com", "x"), "already"),
        (("grant", "ghost@example.com", "auditor"), "no such page"),
        (("grant", "sam@example.com", "platform_admin", "--tenant", "payments"), "has no tenant"),
        (("grant", "sam@example.com", "tenant_admin"), "needs one"),
        (("grant", "sam@example.com", "auditor", "--take"), "no such page"),
        (("assign_environment", "payments", "nowhere"), "no such page"),
        (("register_trust_config", "dev", "x_y", "--tenant", "payments"), "lower-case"),
        (("register_trust_config", "dev", "x", "--tenant", "nobody"), "no such page"),
        (("sign_in_link", "ghost@example.com"), "no such page"),
    ],
)
def test_a_command_refuses_with_a_sentence_and_changes_nothing(
    world: World, arguments: tuple[str, ...], sentence: str
) -> None:
    before = AuditEvent.objects.count()
    with pytest.raises(CommandError, match=sentence):
        run(*arguments)
    assert AuditEvent.objects.count() == before


def test_a_tenant_outside_the_environment_gets_no_trust_config_there(world: World) -> None:
    run("create_tenant", "acme", "Acme")
    with pytest.raises(CommandError, match="acme"):
        run("register_trust_config", "dev", "x", "--tenant", "acme")


def test_a_grant_is_given_once_and_taken_back(world: World) -> None:
    for _ in range(2):
        run(
            "grant", "nobody@example.com", "auditor", "--tenant", "payments", "--environment", "dev"
        )
    assert Grant.objects.filter(user__email="nobody@example.com").count() == 1
    run(
        "grant",
        "nobody@example.com",
        "auditor",
        "--tenant",
        "payments",
        "--environment",
        "dev",
        "--take",
    )
    assert not Grant.objects.filter(user__email="nobody@example.com").exists()


@pytest.mark.parametrize("code", ["PERMISSION_DENIED", "NOT_FOUND"])
def test_a_trust_config_that_cannot_be_read_says_why_and_can_be_asked_for_again(
    world: World, code: str
) -> None:
    world.emulator.faults.add(Fault("GetTrustConfig", code=code, message="Google's words"))
    trust_config = world.add_trust_config("late-clients", "payments")
    assert (trust_config.state, "Google's words" in trust_config.waiting_words) == (
        "unreadable",
        True,
    )
    client = Client()
    client.force_login(world.user("sam"))
    assert (
        b"Google&#x27;s words"
        in client.get(f"/t/payments/trust-configs/{trust_config.pk}/").content
    )
    run("register_trust_config", "dev", "late-clients", "--tenant", "payments")
    world.work()
    assert TrustConfig.objects.get(pk=trust_config.pk).state == "ready"


def _token(world: World) -> str:
    link = run("sign_in_link", "sam@example.com", "--base", "http://testserver").strip()
    page, _hash, token = link.partition("#")
    assert page == "http://testserver/sign-in/"  # what a server logs of it
    return token


def _use(token: str, client: Client | None = None) -> int:
    return (client or Client()).post("/sign-in/", {"token": token}).status_code


def test_a_sign_in_link_works_once_and_by_its_button_only(world: World) -> None:
    token, client = _token(world), Client()
    assert client.get("/sign-in/").status_code == 200
    assert client.get("/").status_code == 302  # looking at it signs nobody in
    assert _use(token, client) == 302
    assert client.get("/").status_code == 200
    assert AuditEvent.objects.filter(type="user.signed_in").count() == 1
    assert _use(token) == _use("") == _use("guessed") == 409


def test_a_sign_in_link_grows_old_and_its_token_is_not_kept(world: World) -> None:
    token = _token(world)
    assert not SignInLink.objects.filter(token_sha256=token).exists()
    SignInLink.objects.update(expires_at=timezone.now())
    assert _use(token) == 409


def test_a_person_who_left_signs_in_no_more(world: World) -> None:
    token = _token(world)
    User.objects.filter(email="sam@example.com").update(is_active=False)
    assert _use(token) == 409


def test_a_password_signs_in_and_a_wrong_one_is_counted(world: World) -> None:
    from audit.models import AnonymousRefusal

    sam = world.user("sam")
    sam.set_password("a long enough passphrase")
    sam.save()
    client = Client()
    assert (
        client.post("/accounts/login/", {"login": sam.email, "password": "wrong"}).status_code
        == 200
    )
    assert AnonymousRefusal.objects.get().count == 1
    assert (
        client.post(
            "/accounts/login/", {"login": sam.email, "password": "a long enough passphrase"}
        ).status_code
        == 302
    )
    event = AuditEvent.objects.get(type="user.signed_in")
    assert (event.actor_id, b"password" in bytes(event.payload)) == (str(sam.pk), True)


def test_nobody_signs_themselves_up_or_changes_their_address(world: World) -> None:
    client = Client()
    client.post(
        "/accounts/signup/", {"email": "x@example.com", "password1": "a long enough passphrase"}
    )
    assert not User.objects.filter(email="x@example.com").exists()
    client.force_login(world.user("sam"))
    assert client.get("/accounts/email/").status_code == 404


def test_preferences_lead_back_to_this_portal_only(world: World) -> None:
    client = Client()
    assert (
        client.post("/preferences/", {"language": "zh-hans", "next": "https://evil.example/"})[
            "Location"
        ]
        == "/"
    )
    assert (
        client.post("/preferences/", {"theme": "dark", "next": "/review/"})["Location"]
        == "/review/"
    )
    assert COMMAND.kind == "command"


def test_answers_carry_the_headers_that_keep_a_browser_safe(world: World) -> None:
    client = Client()
    client.force_login(world.user("sam"))
    headers = client.get("/").headers
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Frame-Options"] == "DENY"
    assert "no-store" in headers["Cache-Control"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert len(headers["X-Request-Id"]) == 16


def test_the_database_refuses_the_same_grant_twice(world: World) -> None:
    from django.db import IntegrityError

    with pytest.raises(IntegrityError):
        Grant.objects.create(user=world.user("rita"), role="reviewer")
