"""Will this client get in: asked on a page, answered by a worker for live, for a change and for a draft, and nothing is kept of it."""

from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.test import Client
from django.utils import timezone

from approvals.draft import Addition
from approvals.simulating import ask as simulating
from certs.models import Simulation
from jobs.models import Job
from tenants.errors import BadValue, UnknownObject
from tests.certificates import DAY, Made, make, make_ca
from tests.world import World

pytestmark = pytest.mark.embedded


def ask(world: World, *chain: Made, **more: Any) -> Simulation:
    trust_config_id = str(world.trust_config().pk)
    parsed = [made.parsed for made in chain]
    pk = simulating.ask(
        actor=world.actor("sam"),
        tenant_id=world.tenant().pk,
        trust_config_id=trust_config_id,
        chain=parsed,
        **more,
    )
    world.work()
    return Simulation.objects.get(pk=pk)


def answers(simulation: Simulation) -> list[tuple[str, str]]:
    return [(answer["where"], answer["code"]) for answer in simulation.answers]


ROOT = make_ca("Partner Root")


def test_live_is_what_a_worker_reads_and_what_was_pasted_is_deleted(world: World) -> None:
    world.applied(ROOT)
    client = make("client", issuer=ROOT)
    found = ask(world, client)
    assert answers(found) == [("live", "SIM-OK-02")]
    assert found.answers[0]["path"] == [client.fingerprint, ROOT.fingerprint]
    assert bytes(found.sealed) == b""


def test_an_open_change_is_answered_for_too(world: World) -> None:
    change = world.submit(ROOT)
    found = ask(world, make("client", issuer=ROOT), change_number=change.number)
    assert answers(found) == [("live", "SIM-NO-02"), ("change", "SIM-OK-02")]


def test_a_draft_is_answered_for_too(world: World) -> None:
    draft = simulating.Draft(additions=(Addition(ROOT.parsed, "trust_anchor"),))
    assert answers(ask(world, make("client", issuer=ROOT), draft=draft)) == [
        ("live", "SIM-NO-02"),
        ("change", "SIM-OK-02"),
    ]


def test_the_date_is_heeded(world: World) -> None:
    world.applied(ROOT)
    client = make("client", issuer=ROOT)
    assert answers(ask(world, client, judged_at=timezone.now() + 400 * DAY)) == [
        ("live", "SIM-NO-10")
    ]


def test_what_is_no_question_is_refused(world: World) -> None:
    with pytest.raises(BadValue):
        ask(world)
    with pytest.raises(BadValue, match="No change #99"):
        ask(world, make(), change_number=99)
    applied = world.applied(make())
    with pytest.raises(BadValue):
        ask(world, make(), change_number=applied.number)


def test_another_tenants_trust_config_is_not_there(world: World) -> None:
    theirs = str(world.trust_config("logistics-clients").pk)
    with pytest.raises(UnknownObject):
        simulating.ask(
            actor=world.actor("sam"),
            tenant_id=world.tenant().pk,
            trust_config_id=theirs,
            chain=[make().parsed],
        )


def test_answers_are_forgotten_after_a_week(world: World) -> None:
    ask(world, make())
    simulating.forget_old(before=timezone.now() - timedelta(days=7))
    assert Simulation.objects.exists()
    simulating.forget_old(before=timezone.now())
    assert not Simulation.objects.exists()


def _client(world: World, person: str) -> Client:
    client = Client()
    client.force_login(world.user(person))
    return client


def test_the_page_asks_and_shows_the_answer_with_googles_word_for_it(world: World) -> None:
    world.applied(ROOT)
    ada = _client(world, "ada")
    data = {"trust_config": str(world.trust_config().pk), "pasted": make("stranger").pem.decode()}
    asked = ada.post("/t/payments/simulations/new/", data)
    assert asked.status_code == 302
    assert "hx-get" in ada.get(asked["Location"]).content.decode()
    world.work()
    page = ada.get(asked["Location"]).content.decode()
    assert "client_cert_validation_failed" in page
    assert "hx-get" not in page
    assert "predicted" in page


def test_the_upload_form_tries_a_client_against_itself(world: World) -> None:
    sam, client = _client(world, "sam"), make("client", issuer=ROOT)
    url = f"/t/payments/changes/new/{world.trust_config().pk}/"
    data = {
        "pasted": ROOT.pem.decode(),
        "client_chain": client.pem.decode(),
        "act": "simulate",
        "reason": "",
    }
    asked = sam.post(url, data)
    assert asked.status_code == 302
    world.work()
    assert answers(Simulation.objects.get()) == [("live", "SIM-NO-02"), ("change", "SIM-OK-02")]
    refused = sam.post(url, {**data, "client_chain": "nonsense"})
    assert refused.status_code == 422
    assert "nonsense" in refused.content.decode()
    key = client.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    refused = sam.post(url, {**data, "client_chain": key})
    assert refused.status_code == 422
    assert key.splitlines()[1] not in refused.content.decode()


def test_a_question_whose_job_was_given_up_is_asked_again(world: World) -> None:
    simulation = _unanswered(world)
    jobs = Job.objects.filter(kind="simulate", subject_id=str(simulation.pk))
    simulating.ask_again()
    assert jobs.count() == 1  # it still waits
    long_ago = timezone.now() - timedelta(hours=1)
    jobs.update(state="failed", finished_at=long_ago)
    simulating.ask_again()
    assert jobs.filter(state="waiting").count() == 1
    world.work()
    simulation.refresh_from_db()
    assert simulation.answered_at is not None
    simulating.ask_again()
    assert not jobs.filter(state="waiting").exists()


def test_the_page_of_a_question_says_that_no_worker_answers(world: World) -> None:
    simulation = _unanswered(world)
    Simulation.objects.update(asked_at=timezone.now() - timedelta(minutes=2))
    path = f"/t/payments/simulations/{simulation.pk}/"
    shown = _client(world, "sam").get(path).content.decode()
    assert "No worker of env-dev has answered yet" in shown
    assert "takes seconds" not in shown


def _unanswered(world: World) -> Simulation:
    pk = simulating.ask(
        actor=world.actor("sam"),
        tenant_id=world.tenant().pk,
        trust_config_id=str(world.trust_config().pk),
        chain=[make().parsed],
    )
    return Simulation.objects.get(pk=pk)
