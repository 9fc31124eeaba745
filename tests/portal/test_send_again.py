"""An expired session loses nothing that was typed."""

from typing import Any

from django.test import Client

from tests.certificates import make
from tests.world import World

OWN = {"HTTP_ORIGIN": "http://testserver"}


def post(client: Client, url: str, data: dict[str, str], **headers: str) -> Any:
    return client.post(url, data, **headers)


def url_of(world: World) -> str:
    change = world.checked(make())
    return f"/t/payments/changes/{change.number}/comment/"


def test_what_was_typed_waits_on_a_page_and_is_sent_after_signing_in(world: World) -> None:
    url, client = url_of(world), Client()
    page = post(client, url, {"reason": "Long & careful words."}, **OWN)
    text = page.content.decode()
    assert page.status_code == 401
    assert 'name="reason" value="Long &amp; careful words."' in text
    assert f'action="{url}"' in text
    client.force_login(world.user("sam"))
    assert post(client, url, {"reason": "Long & careful words."}, **OWN).status_code == 302


def test_a_form_whose_token_is_of_before_the_sign_in_is_shown_again_too(world: World) -> None:
    url, client = url_of(world), Client(enforce_csrf_checks=True)
    client.force_login(world.user("sam"))
    page = post(client, url, {"reason": "Words.", "csrfmiddlewaretoken": "x" * 32}, **OWN)
    assert page.status_code == 403
    assert 'name="reason" value="Words."' in page.content.decode()


def test_the_form_of_another_site_is_not_shown(world: World) -> None:
    url = url_of(world)
    foreign = {"HTTP_ORIGIN": "https://evil.example"}
    assert post(Client(), url, {"reason": "Words."}, **foreign).status_code == 302
    client = Client(enforce_csrf_checks=True)
    client.force_login(world.user("sam"))
    page = post(client, url, {"reason": "Words."}, **foreign)
    assert page.status_code == 403
    assert "Words." not in page.content.decode()


def test_keys_passwords_and_tokens_do_not_stand_on_it(world: World) -> None:
    key = make().key_pem.decode()
    data = {"reason": key, "password": "secret-word", "csrfmiddlewaretoken": "token-text"}
    text = post(Client(), url_of(world), data, **OWN).content.decode()
    assert "PRIVATE KEY" not in text
    assert "secret-word" not in text
    assert "token-text" not in text
