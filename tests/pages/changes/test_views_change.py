"""What the page of a change says, and what it keeps of what was typed."""

import re

import pytest

from approvals.deciding import stop, vote, withdraw
from approvals.models import ChangeRequest
from tests.certificates import make
from tests.world import World, page_text


def page_of(change: ChangeRequest, act: str = "") -> str:
    return f"/t/payments/changes/{change.number}/{act}"


def test_a_stale_tab_is_told_who_approved_and_when(world: World) -> None:
    """Not "say why you reject": what the page showed is over."""
    change = world.checked(make())
    digest = change.change_digest
    world.approve(change, by="ravi")
    answer = world.page("rita").post(page_of(change, "reject/"), {"digest": digest, "comment": ""})
    text = answer.content.decode()
    assert answer.status_code == 403
    assert "It was approved by Ravi on" in text
    assert "Say why you reject" not in text


def test_a_stale_tab_is_told_who_rejected(world: World) -> None:
    change = world.checked(make())
    digest = change.change_digest
    ravi, rita = world.page("ravi"), world.page("rita")
    ravi.post(page_of(change, "reject/"), {"digest": digest, "comment": "Unknown."})
    answer = rita.post(page_of(change, "approve/"), {"digest": digest, "comment": "Fine."})
    assert "It was rejected by Ravi on" in answer.content.decode()


@pytest.mark.parametrize(
    ("act", "by"), [("withdraw/", "sid"), ("send-back/", "sam"), ("comment/", "ada")]
)
def test_what_is_refused_is_refused_on_the_page(world: World, act: str, by: str) -> None:
    change = world.scheduled(make())
    answer = world.page(by).post(page_of(change, act), {"reason": "My words."})
    assert answer.status_code == 403
    assert "This was not done." in answer.content.decode()


def test_a_withdrawal_that_is_refused_keeps_what_was_typed(world: World) -> None:
    world.emulator.operations.seconds = 10**6
    change = world.approved(make())  # being written, so it cannot be withdrawn now
    answer = world.page("sam").post(page_of(change, "withdraw/"), {"reason": "Long words."})
    text = answer.content.decode()
    assert answer.status_code == 409
    assert ">Long words.</textarea>" in text
    assert text.count("Long words.") == 1  # in its own box and in no other


def test_a_reviewer_is_offered_to_stop_an_approved_change(world: World) -> None:
    change = world.scheduled(make())
    url = page_of(change, "send-back/")
    assert url in world.page("ravi").get(page_of(change)).content.decode()
    assert url not in world.page("sam").get(page_of(change)).content.decode()
    answer = world.page("ravi").post(url, {"reason": "Wait."})
    assert answer.status_code == 302
    assert world.fresh(change).state == "validated"


def test_a_change_whose_asker_has_lost_the_role_is_offered_to_take_over(world: World) -> None:
    change = world.checked(make())
    world.take_grant("sam", "submitter")
    url = page_of(change, "take-over/")
    text = world.page("sid").get(page_of(change)).content.decode()
    assert url in text
    assert "has no role here any more" in text
    assert world.page("sid").post(url).status_code == 302
    assert world.fresh(change).responsible == world.user("sid")


def test_applied_is_said_as_written_and_read_back(world: World) -> None:
    change = world.applied(make())
    text = world.page("sam").get(page_of(change)).content.decode()
    assert "Took effect" not in text
    assert "Written and read back" in world.page("sam").get("/t/payments/changes/").content.decode()
    assert "Effect not known: the declared policy lets clients in" in text


@pytest.mark.parametrize(
    ("enforcement", "said"),
    [
        ("unknown", "nobody has declared a policy"),
        ("allow", "the declared policy lets clients in"),
        ("reject", "Effect not proven yet"),
    ],
)
def test_every_place_says_that_the_effect_is_not_known(
    world: World, enforcement: str, said: str
) -> None:
    change = world.applied(make())
    config = change.trust_config
    config.enforcement = enforcement
    config.save()
    page = world.page("sam")
    assert said in page.get(page_of(change)).content.decode()
    assert said in page.get("/t/payments/audit/").content.decode()
    facts = page.get(page_of(change, "facts/")).json()
    assert facts["took_effect"] is None
    assert facts["enforcement"]["mode"] == enforcement
    listed = page.get("/t/payments/changes/").content.decode()
    assert (said in listed) is (enforcement != "reject")


def test_what_is_kept_is_read_from_the_records(world: World) -> None:
    made = make()
    change = world.checked(made)
    page = world.page("sam")
    url = f"/t/payments/certificates/{made.fingerprint}/"
    while_open = page.get(url).content.decode()
    assert "is kept sealed for payments-clients" in while_open
    assert "the certificate itself is not" not in while_open
    assert "1 original, sealed" in page.get("/t/payments/").content.decode()
    world.page("sam").post(page_of(change, "withdraw/"), {"reason": "Over."})
    assert "the certificate itself is not" in page.get(url).content.decode()
    assert "No original is kept now." in page.get("/t/payments/").content.decode()
    assert "the certificate itself is not" in page.get(page_of(change)).content.decode()


def test_what_is_applied_is_kept_until_its_window_ends(world: World) -> None:
    made = make()
    world.applied(made)
    text = world.page("sam").get(f"/t/payments/certificates/{made.fingerprint}/").content.decode()
    assert "so that the change can be undone" in text
    assert "deleted after" in text


def test_what_is_kept_names_no_other_tenants_certificate(world: World) -> None:
    theirs = make("theirs")
    world.applied(theirs, by="lena", tenant="logistics", to="shared-clients")
    world.edited_outside("shared-clients", allowlisted=[])
    change = world.put_back("shared-clients", by="rita")
    world.work()
    text = world.page("sam").get(page_of(change)).content.decode()
    assert "What is kept of it" in text
    assert theirs.fingerprint[-8:] not in text


def test_no_box_stands_empty_on_the_page_of_a_scheduled_change(world: World) -> None:
    """When it is written is said by what it waits for; a second box would have nothing in it."""
    change = world.scheduled(make())
    text = world.page("sam").get(page_of(change)).content.decode()
    boxes = re.findall(r'<div class="alert alert-info" role="note">(.*?)</div>', text, re.DOTALL)
    assert boxes
    assert all(re.sub(r"<[^>]*>", "", box).strip() for box in boxes)


def test_the_timeline_keeps_who_sent_it_back_and_why(world: World) -> None:
    change = world.scheduled(make())
    stop.send_back(
        actor=world.actor("rita"),
        tenant_id=change.tenant_id,
        number=change.number,
        comment="The partner moved on.",
    )
    withdraw.withdraw(
        actor=world.actor("sam"), tenant_id=change.tenant_id, number=change.number, reason="Over."
    )
    page = world.page("sam").get(f"/t/payments/changes/{change.number}/").content.decode()
    timeline = page[page.index('aria-labelledby="timeline"') :]
    assert "Sent back: votes are needed again" in timeline
    assert "The partner moved on." in timeline
    assert "Rita" in timeline


def test_what_is_on_its_way_is_not_offered_to_be_stopped(world: World) -> None:
    change = world.checked(make())
    world.approve(change)
    address = f"/t/payments/changes/{change.number}/"
    assert "send-back" in world.page("rita").get(address).content.decode()
    world.emulator.operations.seconds = 60
    world.work()
    assert world.fresh(change).state == "approved"
    assert "send-back" not in world.page("rita").get(address).content.decode()


def test_a_rejection_shows_its_comment_on_top(world: World) -> None:
    change = world.submit(make())
    world.work()
    digest = world.fresh(change).change_digest
    vote.reject(
        actor=world.actor("rita"),
        tenant_id=change.tenant_id,
        number=change.number,
        digest=digest,
        comment="Unknown partner.",
    )
    assert "declined by Rita: Unknown partner." in page_text(
        world, "sam", f"/t/payments/changes/{change.number}/"
    )


def test_what_was_typed_beside_a_vote_that_came_too_late_waits_as_a_comment(world: World) -> None:
    change = world.checked(make())
    digest = change.change_digest
    world.approve(change, by="rita")
    world.work()
    answer = world.page("ravi").post(
        page_of(change, "reject/"), {"digest": digest, "comment": "Wrong partner & wrong key."}
    )
    assert answer.status_code == 403
    shown = answer.content.decode()
    field = re.search(r'id="comment-text"[^>]*>([^<]*)<', shown)
    assert field is not None
    assert field[1] == "Wrong partner &amp; wrong key."


def test_a_page_in_review_looks_again_slowly(world: World) -> None:
    change = world.checked(make())
    page = world.page("sam").get(page_of(change)).content.decode()
    assert 'hx-trigger="every 15s"' in page
    world.approve(change, by="rita")
    world.work()
    stage = re.search(r"live/\?shown=([^\"]+)", page)
    assert stage is not None
    part = world.page("sam").get(f"{page_of(change)}live/?shown={stage[1]}").content.decode()
    assert "data-moved" in part


def test_a_put_back_says_that_there_is_nothing_to_undo(world: World) -> None:
    world.edited_outside(allowlisted=[make("foreign").parsed.pem])
    change = world.put_back()
    page = world.page("rita").get(page_of(change)).content.decode()
    assert "there is nothing to undo" in page
    assert "Yes, until" not in page
