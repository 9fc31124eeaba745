"""Whatever field a private key is typed into, no page sends it back."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote_plus

import pytest

from approvals.draft import Removal
from approvals.models import ChangeRequest
from certs.golden_clients import keep
from tests.certificates import make, make_ca
from tests.world import World

ROOT = Path(__file__).resolve().parents[2]
KEY = make("x").key_pem.decode()
BODY = KEY.splitlines()[1]
MINE = "/t/payments"


@pytest.mark.parametrize("field", ["pasted", "name", "trust_config", "judged_at"])
@pytest.mark.parametrize("page", ["golden-clients/", "simulations/new/"])
def test_forms_that_take_a_chain(world: World, page: str, field: str) -> None:
    sent = {"pasted": "", "name": "", "trust_config": "", field: KEY}
    answer = world.page("sam").post(f"{MINE}/{page}", sent)
    assert BODY not in answer.content.decode()


@pytest.mark.parametrize(
    "field",
    ["pasted", "found_pem", "client_chain", "reason", "due_at", "overlap_until", "schedule"],
)
@pytest.mark.parametrize("act", ["check", "submit", "simulate"])
def test_the_form_of_a_change(world: World, act: str, field: str) -> None:
    sent = {"pasted": make().pem.decode(), "reason": "Because.", "act": act, field: KEY}
    path = f"{MINE}/changes/new/{world.trust_config().pk}/"
    assert BODY not in world.page("sam").post(path, sent).content.decode()


@pytest.mark.parametrize("field", ["reason", "typed_name"])
@pytest.mark.parametrize("act", ["adopt", "put-back", "acknowledge"])
def test_resolving_a_drift(world: World, act: str, field: str) -> None:
    world.edited_outside(allowlisted=[make("foreign").parsed.pem])
    sent = {"digest": "0" * 64, "reason": "x", "typed_name": "x", field: KEY}
    path = f"{MINE}/trust-configs/{world.trust_config().pk}/drift/{act}/"
    assert BODY not in world.page("rita").post(path, sent).content.decode()


def awaiting_an_answer(world: World) -> ChangeRequest:
    """A removal that locks a golden client out."""
    root = make_ca("Partner Root")
    change = world.applied(root)
    keep.add(
        actor=world.actor("sam"),
        tenant_id=change.tenant_id,
        trust_config_id=str(change.trust_config_id),
        name="gateway",
        chain=[make("gateway", issuer=root).parsed],
    )
    removal = world.submit(removed=[Removal(root.fingerprint, "trust_anchor", "retired")])
    world.work()
    assert world.fresh(removal).awaits_answer
    return world.fresh(removal)


ACTS: dict[str, tuple[str, str, Callable[[World], ChangeRequest]]] = {
    "answer": ("sam", "answer_EST-GOLDEN-01", awaiting_an_answer),
    "comment": ("sam", "reason", lambda world: world.checked(make())),
    "withdraw": ("sam", "reason", lambda world: world.checked(make())),
    "approve": ("rita", "comment", lambda world: world.checked(make())),
    "reject": ("rita", "comment", lambda world: world.checked(make())),
    "send-back": ("rita", "reason", lambda world: world.scheduled(make())),
    "stop": ("rita", "reason", lambda world: world.scheduled(make())),
    "prove": ("sam", "receipt", lambda world: world.applied(make())),
}


@pytest.mark.parametrize("act", sorted(ACTS))
def test_acts_on_a_change_stay_on_its_page_with_an_empty_field(world: World, act: str) -> None:
    who, field, state = ACTS[act]
    change = state(world)
    path = f"{MINE}/changes/{change.number}/{act}/"
    answer = world.page(who).post(path, {"digest": change.change_digest, field: KEY})
    shown = answer.content.decode()
    assert BODY not in shown
    assert answer.status_code == 422
    assert "data-refused" in shown
    assert path in shown  # the form is there, so an empty field says something
    assert f'name="{field}"' in shown


@pytest.mark.parametrize("field", ["reason", "typed_name", "also"])
def test_a_rollback(world: World, field: str) -> None:
    change = world.applied(make())
    sent = {"reason": "x", "typed_name": "", field: KEY}
    answer = world.page("rita").post(f"{MINE}/changes/{change.number}/roll-back/", sent)
    assert BODY not in answer.content.decode()
    if field != "also":
        assert answer.status_code == 422


@pytest.mark.parametrize(
    ("act", "fields"),
    [("freeze", ("begins_at", "ends_at", "reason")), ("windows", ("windows", "reason"))],
)
def test_the_times_of_an_environment(world: World, act: str, fields: tuple[str, ...]) -> None:
    for field in fields:
        sent: dict[str, Any] = dict.fromkeys(fields, "x") | {"act": act, field: KEY}
        answer = world.page("paula").post("/environments/dev/", sent)
        assert answer.status_code == 422
        assert BODY not in answer.content.decode()


def test_every_template_that_shows_what_was_typed_leaves_keys_out() -> None:
    """Fields are drawn by the tags of pages/templatetags/fields.py and by ``control``, or filtered."""
    shown = re.compile(r"{{[^}]*(?:\.value\b|\btyped\b|question\.answer\b)[^}]*}}")
    bare = [
        f"{path.name}: {found}"
        for path in (ROOT / "templates").rglob("*.html")
        for found in shown.findall(path.read_text(encoding="utf-8"))
        if "without_keys" not in found
    ]
    assert bare == []


@pytest.mark.parametrize("name", ["q", "sort", "hide", "page", "unknown", "date"])
@pytest.mark.parametrize("page", ["changes/", "certificates/", "audit/", ""])
def test_what_stands_in_the_address_is_not_led_on(world: World, page: str, name: str) -> None:
    answer = world.page("sam").get(f"{MINE}/{page}", {name: KEY})
    shown = unquote_plus(answer.content.decode())
    assert BODY not in shown
