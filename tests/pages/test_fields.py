"""What people type and what certificates are called: kept, refused and shown."""

import pytest
from django.test import Client

from approvals.models import Comment
from tests.certificates import make
from tests.world import World

PEM = "-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49\n-----END PRIVATE KEY-----"


@pytest.mark.parametrize("field", ["comment", "approve", "reason"])
def test_a_key_in_a_text_is_refused_and_not_shown_again(world: World, field: str) -> None:
    change = world.submit(make())
    world.work()
    base = f"/t/payments/changes/{change.number}/"
    client = Client()
    client.force_login(world.user("rita" if field != "reason" else "sam"))
    if field == "comment":
        response = client.post(f"{base}comment/", {"reason": PEM})
    elif field == "approve":
        response = client.post(
            f"{base}approve/", {"digest": world.fresh(change).change_digest, "comment": PEM}
        )
    else:
        response = client.post(
            f"/t/payments/changes/new/{change.trust_config_id}/",
            {"act": "submit", "reason": PEM, "pasted": make().pem.decode()},
        )
    assert response.status_code == 422
    assert b"MIGHAgEAMBMG" not in response.content
    assert b"considered exposed" in response.content
    assert not Comment.objects.exists()


@pytest.mark.parametrize(
    "query",
    [
        "certificates/?q=a%00b",
        "changes/?q=%00",
        "audit/?before=" + "9" * 5000,
        "audit/?change=99999999999999999999",
    ],
)
def test_odd_queries_are_no_server_error(world: World, query: str) -> None:
    client = Client()
    client.force_login(world.user("sam"))
    assert client.get(f"/t/payments/{query}").status_code in {200, 422}


def test_an_endless_number_on_the_rollback_form_is_no_server_error(world: World) -> None:
    change = world.applied(make())
    client = Client()
    client.force_login(world.user("rita"))
    assert (
        client.post(
            f"/t/payments/changes/{change.number}/roll-back/",
            {"reason": "x", "also": "9" * 5000, "typed_name": change.trust_config.name},
        ).status_code
        == 302
    )


def test_after_a_refused_post_the_switches_lead_to_a_page_that_can_be_read(world: World) -> None:
    change = world.submit(make())
    world.work()
    client = Client()
    client.force_login(world.user("rita"))
    url = f"/t/payments/changes/{change.number}/"
    page = client.post(
        f"{url}reject/", {"digest": world.fresh(change).change_digest, "comment": ""}
    ).content.decode()
    assert f'name="next" value="{url}"' in page


@pytest.mark.parametrize(
    ("subject", "shown"),
    [
        ("CN=a\\,b,O=x", "a,b"),
        ("O=x,CN=\\<b\\>", "<b>"),
        ("O=only", "O=only"),
        ("", "(empty subject)"),
        ("O=CN\\=x,CN=y", "y"),
    ],
)
def test_common_names_are_shown_unescaped(subject: str, shown: str) -> None:
    from pki.names import common_name

    assert common_name(subject) == shown
