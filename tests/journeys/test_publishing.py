"""What people see of publishing: what a probe meets at the endpoint, and a colleague's edit becomes a case that they resolve."""

import os
import subprocess
import sys
from typing import Any

import pytest
from django.db import transaction

from certs.models import DriftCase
from jobs.queue import enqueue
from tests.certificates import Made, make, make_ca
from tests.journeys.conftest import Portal, type_the_name
from tests.stack import ROOT

pytestmark = pytest.mark.embedded

VERIFIED = ".flow li.done:has-text('Verified')"
POLICY = "projects/demo-dev/locations/global/serverTlsPolicies/gateway"


def _probe(portal: Portal, endpoint: str, client: Made) -> tuple[int, str]:
    """As at the client's side: a process of its own that knows the client's files and nothing of the portal."""
    files = {
        name: portal.file(name, body)
        for name, body in (("c.pem", client.pem), ("c.key", client.key_pem))
    }
    command = [
        "-m",
        "client",
        "probe",
        "--url",
        f"https://{endpoint}/",
        "--cert",
        files["c.pem"],
        "--key",
        files["c.key"],
        "--ca",
        portal.file("ca.pem", _ca(portal)),
    ]
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("DATABASE", "DJANGO", "SECRET"))
    }
    done = subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    return done.returncode, done.stdout


def _ca(portal: Portal) -> bytes:
    return str(portal.world.emulator.gateways.certificate()).encode()


def test_a_client_is_refused_before_accepted_after_and_refused_again_when_it_is_undone(
    portal: Portal,
) -> None:
    world, sam, rita, paula = (
        portal.world,
        portal.sign_in("sam"),
        portal.sign_in("rita"),
        portal.sign_in("paula"),
    )
    client = make("client-1.acme.example")
    world.edit_live("gated", anchors=[make_ca("standing").parsed.pem])
    world.add_trust_config("gated", "payments", anchors=[make_ca("standing").parsed.pem])
    port = portal.processes.gateway_port
    world.emulator.gateways.put_policy(
        POLICY, {"trust_config": world.resource("gated"), "port": port}
    )
    (portal.processes.folder / "gateway.pem").write_bytes(_ca(portal))
    endpoint = f"localhost:{port}"
    portal.open(paula, f"/t/payments/trust-configs/{world.trust_config('gated').pk}/")
    paula.click("summary:has-text('Declare')")
    paula.select_option("select[name=enforcement]", "reject")
    paula.fill("input[name=policy_name]", POLICY)
    paula.click("button:has-text('Declare')")
    paula.click("summary:has-text('Declare')")
    paula.select_option("#endpoint", endpoint)
    paula.click("button:has-text('Name')")
    portal.wait_for(paula, "text=refuses untrusted clients")

    assert _probe(portal, endpoint, client)[0] == 1
    url = portal.submit(sam, portal.file("client.pem", client.pem), trust_config="gated")
    sam.wait_for_selector("#decision-box")
    portal.approve(rita, url)
    rita.wait_for_selector(VERIFIED)
    portal.open(sam, sam.url.removeprefix(portal.processes.url))
    assert "not proven yet" in sam.inner_text("#effect >> xpath=ancestor::section")
    status, receipt = _probe(portal, endpoint, client)
    assert status == 0
    sam.fill("#receipt", receipt)
    sam.click("button:has-text('Put it on the change')")
    assert "client-reported" in sam.inner_text("#effect >> xpath=ancestor::section")

    rita.click("text=Roll back…")
    rita.fill("textarea[name=reason]", "The partner left.")
    type_the_name(rita)
    rita.click("main button:has-text('Roll back')")
    rita.wait_for_selector(VERIFIED)
    assert _probe(portal, endpoint, client)[0] == 1
    world.emulator.gateways.delete_policy(POLICY)


def test_a_foreign_edit_becomes_a_case_that_is_adopted_once_and_put_back_once(
    portal: Portal,
) -> None:
    world, rita, ravi = portal.world, portal.sign_in("rita"), portal.sign_in("ravi")
    admin = portal.browser.new_context().new_page()
    admin.goto(f"http://127.0.0.1:{world.emulator.admin_port}/")
    first, second = make("by-hand-1"), make("by-hand-2")
    _add_behind_the_portals_back(portal, admin, first)
    _see_the_case(portal, rita, "by-hand-1")
    rita.fill("#drift-reason", "An emergency of last night, INC-7.")
    rita.click("button:has-text('Adopt what is live')")
    rita.wait_for_selector("#decision-box")
    portal.approve(ravi, rita.url)
    ravi.wait_for_selector(".flow li.done:has-text('Adopted')")
    portal.processes.wait_until(lambda: world.trust_config().state == "ready")
    assert world.updates() == []  # adopting writes nothing

    _add_behind_the_portals_back(portal, admin, second)
    _see_the_case(portal, rita, "by-hand-2")
    rita.fill("#drift-reason", "Nobody asked for it.")
    rita.click("summary:has-text('Put back what was')")  # first what it would do, then the button
    assert "1 entry that was added outside goes away" in rita.inner_text(
        "#drift >> xpath=ancestor::section"
    )
    rita.click("button:has-text('Put back what was')")
    rita.wait_for_selector(VERIFIED)  # it only removes trust, so one reviewer decides
    assert world.live()["allowlisted"] == [first.parsed.pem]
    assert [case.state for case in DriftCase.objects.order_by("pk")] == ["adopted", "put_back"]
    admin.goto(admin.url)
    assert "by-hand-1" in admin.inner_text("body") and "by-hand-2" not in admin.inner_text("body")


def _add_behind_the_portals_back(portal: Portal, admin: Any, certificate: Made) -> None:
    section = admin.locator(f"section[aria-label='{portal.world.resource()}']")
    section.locator("select[name=role]").select_option("allowlisted")
    section.locator("textarea[name=pem]").fill(certificate.pem.decode())
    section.locator("button[value=add]").click()
    admin.wait_for_selector("text=without asking the portal")


def _see_the_case(portal: Portal, page: Any, name: str) -> None:
    """The sweep comes every few minutes; here it is asked for, as it asks for itself."""
    with transaction.atomic():
        enqueue("sweep_location", portal.world.trust_config().environment_id)
    portal.processes.wait_until(lambda: portal.world.trust_config().state == "drifted")
    portal.open(page, f"/t/payments/trust-configs/{portal.world.trust_config().pk}/")
    assert name in page.inner_text("#drift >> xpath=ancestor::section")
