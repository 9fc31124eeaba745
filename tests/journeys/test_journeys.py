"""What people do, from the first click to the proof, in a real browser against real processes."""

import os
import re
from pathlib import Path
from typing import Any

import pytest

from approvals.simulating import ask
from certs.models import Simulation
from tests.certificates import make, make_ca
from tests.journeys.conftest import Portal, type_the_name

VERIFIED = ".flow li.done:has-text('Verified')"


@pytest.mark.embedded
def test_mode_a_to_verified_to_rolled_back_without_a_reload(portal: Portal) -> None:
    sam, rita = portal.sign_in("sam"), portal.sign_in("rita")
    root = make_ca("Acme Root")
    url = portal.submit(
        sam,
        portal.file("root.pem", root.pem),
        portal.file("issuing.der", make_ca("Issuing", issuer=root).der),
    )
    sam.wait_for_selector("#decision-box")  # checked by a worker while Sam looked on
    assert sam.is_disabled("#decision-box button:has-text('Approve')")
    assert "You submitted this change, so somebody else must decide on it." in sam.inner_text(
        "#decision-box"
    )
    portal.open(rita, "/review/")
    rita.click("table a")
    loads: list[str] = []
    portal.approve(rita, url)
    rita.wait_for_selector("li.now:has-text('Writing')")
    rita.wait_for_load_state("load")  # of the answer to the vote itself
    rita.on("load", lambda page: loads.append(page.url))
    rita.wait_for_selector(VERIFIED)
    rita.wait_for_selector("text=Verified: read back and equal")  # the rest of the page follows
    assert loads == []
    timeline = rita.inner_text("main")
    for evidence in (
        "etag before",
        "etag after",
        "countersign-revision = 1-",
        "operations/operation-",
        "Compared by phone.",
        "Rita",
    ):
        assert evidence in timeline
    assert portal.world.live()["anchors"] == [root.parsed.pem]

    rita.click("text=Roll back…")
    rita.fill("textarea[name=reason]", "Wrong partner.")
    type_the_name(rita)
    rita.click("main button:has-text('Roll back')")
    rita.wait_for_selector(VERIFIED)
    assert portal.world.live()["anchors"] == []
    rita.click("dd a:has-text('#1')")
    rita.wait_for_selector(".flow li.failed:has-text('Rolled back')")
    assert "#2" in rita.inner_text("main")
    portal.open(rita, "/t/payments/audit/?change=1")
    assert "rolled back" in rita.inner_text("main").lower()


@pytest.mark.embedded
def test_mode_b_to_verified_with_nobody_in_between(portal: Portal) -> None:
    portal.world.self_service("logistics")
    lena = portal.sign_in("lena")
    portal.submit(
        lena,
        portal.file("c.pem", make("client").pem),
        tenant="logistics",
        trust_config="logistics-clients",
    )
    lena.wait_for_selector(VERIFIED)
    lena.wait_for_selector("text=Verified: read back and equal")
    assert "Approved by the policy of mode B" in lena.inner_text("main")
    assert "self-service@" in lena.inner_text("main")
    portal.submit(
        lena,
        portal.file("ca.pem", make_ca().pem),
        tenant="logistics",
        trust_config="logistics-clients",
    )
    lena.wait_for_selector("text=Mode B asks for a review because:")
    assert "mode B may not change this role by itself here: trust anchor" in lena.inner_text("main")


def test_a_rejection_says_why_and_keeps_the_comment_that_was_missing(portal: Portal) -> None:
    sam, rita = portal.sign_in("sam"), portal.sign_in("rita")
    url = portal.submit(sam, portal.file("c.pem", make().pem))
    sam.wait_for_selector("#decision-box")
    rita.goto(url)
    rita.click("#decision-box button:has-text('Reject')")
    assert "Say why you reject the change" in rita.inner_text("main")
    rita.fill("#vote-comment", "Nobody knows this partner.")
    rita.click("#decision-box button:has-text('Reject')")
    rita.wait_for_selector(".flow li.failed:has-text('Rejected')")
    sam.goto(url)
    assert "Nobody knows this partner." in sam.inner_text("main")


def test_a_submitter_cannot_approve_even_by_hand(portal: Portal) -> None:
    portal.world.add_user("both", ("submitter", "payments"), ("reviewer", ""))
    both = portal.sign_in("both")
    url = portal.submit(both, portal.file("c.pem", make().pem))
    both.wait_for_selector("#decision-box")
    both.evaluate(
        "document.querySelectorAll('#decision-box button').forEach(button => { button.disabled = false })"
    )
    both.click("#decision-box button:has-text('Approve')")
    both.wait_for_selector("text=This was not done.")
    assert "self-approval" in both.inner_text("main")
    assert portal.world.change(1).votes.count() == 0
    assert url in both.url or both.url.startswith(url)


def test_two_tenants_share_a_trust_config_and_see_counts_of_each_other(portal: Portal) -> None:
    sam, lena, rita = portal.sign_in("sam"), portal.sign_in("lena"), portal.sign_in("rita")
    for page, name, tenant in (
        (sam, "client-of-payments", "payments"),
        (lena, "client-of-logistics", "logistics"),
    ):
        url = portal.submit(
            page, portal.file("c.pem", make(name).pem), tenant=tenant, trust_config="shared-clients"
        )
        page.wait_for_selector("#decision-box")
        portal.approve(rita, url)
        rita.wait_for_selector(VERIFIED)
    assert len(portal.world.live("shared-clients")["allowlisted"]) == 2
    portal.open(sam, f"/t/payments/trust-configs/{portal.world.trust_config('shared-clients').pk}/")
    text = sam.inner_text("main")
    assert "client-of-payments" in text
    assert "client-of-logistics" not in text
    assert "Of other tenants: 1 × allowlisted certificate" in text


def test_the_language_switch_keeps_the_page_and_is_remembered(portal: Portal) -> None:
    sam = portal.sign_in("sam")
    portal.open(sam, "/t/payments/changes/?state=open")
    sam.click("button:has-text('简体中文')")
    assert sam.url.endswith("/t/payments/changes/?state=open")
    assert "Payments 的变更" in sam.inner_text("h1")
    assert sam.get_attribute("html", "lang") == "zh-hans"
    assert "等待您处理" in portal.sign_in("sam").inner_text("h1")


def test_everything_works_without_javascript(portal: Portal) -> None:
    sam, rita = (
        portal.sign_in("sam", java_script_enabled=False),
        portal.sign_in("rita", java_script_enabled=False),
    )
    url = portal.submit(sam, portal.file("c.pem", make().pem))
    _reload_until(sam, url, "#decision-box")
    portal.approve(rita, url)
    _reload_until(rita, url, VERIFIED)
    rita.click("text=Roll back…")
    rita.fill("textarea[name=reason]", "Trying it.")
    type_the_name(rita)
    rita.click("main button:has-text('Roll back')")
    _reload_until(rita, rita.url, VERIFIED)
    rita.click("button:has-text('Dark')")
    assert rita.get_attribute("html", "data-bs-theme") == "dark"


def _reload_until(page: Any, url: str, selector: str) -> None:
    for _ in range(100):
        page.goto(url)
        if page.query_selector(selector):
            return
        page.wait_for_timeout(200)
    raise AssertionError(f"{selector} never came: {page.inner_text('main')[:500]}")


def test_mode_b_is_switched_by_two_people_and_stopped_by_one(portal: Portal) -> None:
    paula, rita, tom = portal.sign_in("paula"), portal.sign_in("rita"), portal.sign_in("tom")
    portal.open(paula, "/t/payments/")
    paula.fill("#propose-reason", "They rotate weekly.")
    paula.click("button:has-text('Propose')")
    assert "You proposed this switch, so somebody else must confirm it." in paula.inner_text("main")
    portal.open(rita, "/t/payments/")
    rita.click("button:has-text('Confirm mode B')")
    assert "Mode B, self-service" in rita.inner_text("h1")
    portal.open(tom, "/t/payments/")
    tom.fill("#brake-reason", "An incident.")
    tom.click("button:has-text('Switch to mode A')")
    assert "Mode A, platform-managed" in tom.inner_text("h1")


def test_a_golden_client_stops_a_removal_until_it_is_answered(portal: Portal) -> None:
    world, sam, rita = portal.world, portal.sign_in("sam"), portal.sign_in("rita")
    world.emulator.operations.seconds = 0
    root = make_ca("Partner Root")
    client = make("gateway.example", issuer=root)
    url = portal.submit(sam, portal.file("partner.pem", root.pem))
    sam.wait_for_selector("#decision-box")
    portal.approve(rita, url)
    rita.wait_for_selector(VERIFIED)

    portal.open(sam, "/t/payments/golden-clients/")
    sam.fill("input[name=name]", "Gateway")
    sam.select_option("select[name=trust_config]", str(world.trust_config().pk))
    sam.set_input_files("input[name=uploads]", portal.file("gateway.pem", client.pem))
    sam.click("button:has-text('Keep it')")
    portal.wait_for(sam, "text=accepted")

    portal.open(sam, f"/t/payments/changes/new/{world.trust_config().pk}/")
    sam.select_option("select[name^=remove_]", "retired")
    sam.fill("textarea[name=reason]", "The partner leaves.")
    sam.click("button[value=submit]")
    sam.wait_for_selector("#answer-box")  # a worker found it while Sam looked on
    assert "Gateway gets in today and would be refused after this change" in sam.inner_text("main")
    sam.click("text=Will a client get in after this change?")
    sam.set_input_files("input[name=uploads]", portal.file("gateway.pem", client.pem))
    sam.click("main button:has-text('Ask')")
    sam.wait_for_selector("section:has-text('With what is live') >> text=accepted")
    sam.wait_for_selector("section:has-text('After change #2') >> text=refused")
    sam.go_back()
    sam.go_back()
    sam.fill("#answer-box textarea", "It is switched off on Friday.")
    sam.click("#answer-box button")
    sam.wait_for_selector("#decision-box")
    portal.open(rita, "/t/payments/changes/2/")
    assert "It is switched off on Friday." in rita.inner_text("#checks")


def test_a_looser_policy_takes_two_people(portal: Portal) -> None:
    paula, rita = portal.sign_in("paula"), portal.sign_in("rita")
    portal.open(paula, "/policy/")
    paula.check("input[name=allows_public_cas]")
    paula.fill("textarea[name=reason]", "A test of the brakes.")
    paula.click("button[value=preview]")
    assert "Public CAs may be trusted" in paula.inner_text(".alert-warning")
    paula.click("button[value=propose]")
    assert "You proposed this policy, so somebody else must confirm it." in paula.inner_text("main")
    portal.open(rita, "/policy/")
    rita.click("button:has-text('Confirm')")
    assert "platform@1" in rita.inner_text("h1")


def test_the_picture_of_the_reviewers_page(portal: Portal) -> None:
    """What the README shows; ``make screenshot`` keeps it."""
    sam, rita = portal.sign_in("sam"), portal.sign_in("rita")
    old, new = make_ca("Acme Payments Root G1"), make_ca("Acme Payments Root G2", eku=None)
    portal.world.applied(old, make("client-1.acme.example"))
    url = portal.submit(
        sam,
        portal.file("new.pem", new.pem),
        reason="Acme rotates its root, CHG-48213. Fingerprint read out by phone.",
    )
    sam.wait_for_selector("#decision-box")
    rita.goto(url)
    picture = rita.screenshot(full_page=True)
    assert picture.startswith(b"\x89PNG")
    assert "GCP-EKU-02" in rita.inner_text("#checks")
    if target := os.environ.get("SCREENSHOT"):
        Path(target).write_bytes(picture)


def test_every_page_is_clean_for_axe_in_both_themes_and_fits_a_phone(portal: Portal) -> None:
    world = portal.world
    rita, sam = portal.sign_in("rita"), portal.sign_in("sam")
    root = make_ca("A-root-with-one-word-as-long-as-names-of-authorities-can-be-64ch")
    world.emulator.operations.seconds = 0
    url = portal.submit(
        sam, portal.file("r.pem", root.pem), portal.file("soon.pem", make("soon", eku=None).pem)
    )
    sam.wait_for_selector("#decision-box")
    portal.approve(rita, url)
    rita.wait_for_selector(VERIFIED)
    waiting = portal.submit(sam, portal.file("n.pem", make_ca("next", eku=None).pem))
    sam.wait_for_selector("#decision-box")
    drifted = world.trust_config("shared-clients")
    world.edit_live("shared-clients", allowlisted=[make("by hand").pem.decode()])
    world.submit(make("x"), to="shared-clients")
    portal.processes.wait_until(lambda: world.trust_config("shared-clients").state == "drifted")
    own = world.trust_config()
    shared = [
        "/",
        "/review/",
        "/audit/",
        "/help/states/",
        "/t/payments/",
        "/t/payments/changes/",
        "/t/payments/certificates/",
        "/t/payments/trust-configs/",
    ]
    shared += [
        "/t/payments/audit/",
        f"/t/payments/certificates/{root.fingerprint}/",
        f"/t/payments/trust-configs/{own.pk}/",
        "/t/none/",
    ]
    shared += [
        f"/t/payments/trust-configs/{drifted.pk}/",
        "/t/payments/changes/1/",
        re.sub(r"https?://[^/]+", "", waiting),
        "/t/payments/changes/1/roll-back/",
    ]
    asked = ask.ask(
        actor=world.actor("sam"),
        tenant_id=own.custodian_id,
        trust_config_id=str(own.pk),
        chain=[make("asked", issuer=root).parsed],
    )
    portal.processes.wait_until(lambda: Simulation.objects.get(pk=asked).answered_at is not None)
    shared += [
        "/help/checks/",
        "/policy/",
        "/t/payments/policy/",
        "/t/payments/golden-clients/",
        "/t/payments/simulations/new/",
    ]
    shared += [f"/t/payments/simulations/{asked}/", "/environments/", "/environments/dev/"]
    mine = [
        "/t/payments/changes/new/",
        f"/t/payments/changes/new/{own.pk}/",
        "/t/payments/golden-clients/",
        f"/t/payments/trust-configs/{own.pk}/return/?date=2026-01-01T00:00",
    ]
    admins = ["/environments/dev/", "/trust-configs/new/", f"/t/payments/trust-configs/{own.pk}/"]
    found: list[str] = []
    for page, paths in [(rita, shared), (sam, mine), (portal.sign_in("paula"), admins)]:
        portal.open(page, "/")
        page.click("button[name=theme][value=light]")
        for path in paths:
            page.set_viewport_size({"width": 1280, "height": 900})
            portal.open(page, path)
            assert page.get_attribute("html", "data-bs-theme") == "light"
            found += portal.axe(page) + portal.contrast_in_the_dark(page)
            page.set_viewport_size({"width": 390, "height": 800})
            width = page.evaluate("document.documentElement.scrollWidth")
            found += [f"{path}: {width} px wide at 390"] if width > 390 else []
    portal.open(rita, "/")
    rita.click("button[name=theme][value=dark]")
    rita.wait_for_selector("html[data-bs-theme=dark]")
    visitor = portal.browser.new_context().new_page()
    portal.open(visitor, "/accounts/login/")
    found += portal.axe(visitor) + portal.contrast_in_the_dark(visitor)
    assert found == [], "\n".join(found)
