"""A one-time link signs in once, by its button, and the audit says how."""

import json

from django.test import Client

from audit.models import AuditEvent
from tenants.flows import people
from tests.world import COMMAND, World


def test_a_link_signs_in_by_its_button_and_not_by_being_looked_at(world: World) -> None:
    token = people.create_sign_in_link(actor=COMMAND, email="sam@example.com")
    browser = Client()
    assert browser.get("/sign-in/").status_code == 200
    assert "_auth_user_id" not in browser.session
    assert browser.post("/sign-in/", {"token": token}).status_code == 302
    assert browser.session["_auth_user_id"] == str(world.user("sam").pk)


def test_a_link_works_once(world: World) -> None:
    token = people.create_sign_in_link(actor=COMMAND, email="sam@example.com")
    Client().post("/sign-in/", {"token": token})
    second = Client()
    assert second.post("/sign-in/", {"token": token}).status_code == 409
    assert "_auth_user_id" not in second.session


def test_what_is_done_afterwards_says_how_the_person_signed_in(world: World) -> None:
    token = people.create_sign_in_link(actor=COMMAND, email="tom@example.com")
    browser = Client()
    browser.post("/sign-in/", {"token": token})
    world.self_service("payments")
    browser.post("/t/payments/mode/brake/", {"reason": "A leak."})
    assert _signed_in_by(world, "tom") == "one-time link"


def test_a_link_beside_a_password_says_both(world: World) -> None:
    tom = world.user("tom")
    tom.set_password("a long enough passphrase")
    tom.save()
    browser = Client()
    browser.post("/accounts/login/", {"login": tom.email, "password": "a long enough passphrase"})
    token = people.create_sign_in_link(actor=COMMAND, email=tom.email)
    browser.post("/sign-in/", {"token": token})
    world.self_service("payments")
    browser.post("/t/payments/mode/brake/", {"reason": "A leak."})
    assert _signed_in_by(world, "tom") == "one-time link, password"


def _signed_in_by(world: World, name: str) -> str:
    event = AuditEvent.objects.filter(actor_id=str(world.user(name).pk)).latest("pk")
    return str(json.loads(bytes(event.payload))["actor"]["authenticated_by"])


def test_a_link_does_not_turn_somebodys_session_into_another_persons(world: World) -> None:
    token = people.create_sign_in_link(actor=COMMAND, email="sam@example.com")
    browser = world.page("paula")
    answer = browser.post("/sign-in/", {"token": token})
    assert answer.status_code == 409
    assert "somebody else" in answer.content.decode()
    assert browser.session["_auth_user_id"] == str(world.user("paula").pk)
    assert Client().post("/sign-in/", {"token": token}).status_code == 302  # it is not used up


def test_a_link_of_ones_own_works_while_signed_in(world: World) -> None:
    token = people.create_sign_in_link(actor=COMMAND, email="sam@example.com")
    assert world.page("sam").post("/sign-in/", {"token": token}).status_code == 302


def test_a_new_link_ends_the_older_one_and_nobody_elses(world: World) -> None:
    old = people.create_sign_in_link(actor=COMMAND, email="sam@example.com")
    other = people.create_sign_in_link(actor=COMMAND, email="tom@example.com")
    new = people.create_sign_in_link(actor=COMMAND, email="sam@example.com")
    assert Client().post("/sign-in/", {"token": old}).status_code == 409
    assert Client().post("/sign-in/", {"token": new}).status_code == 302
    assert Client().post("/sign-in/", {"token": other}).status_code == 302
