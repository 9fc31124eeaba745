"""Who the client is, behind proxies of our own and of others."""

from typing import Any

import pytest
from django.test import RequestFactory

from audit.models import AuditPersonal
from tests.certificates import make
from tests.world import World
from web.client import address_of


@pytest.mark.parametrize(
    ("count", "forwarded", "expected"),
    [
        (0, "6.6.6.6", "10.0.0.1"),
        (1, "6.6.6.6, 203.0.113.9", "203.0.113.9"),
        (2, "6.6.6.6, 203.0.113.9, 35.191.0.1", "203.0.113.9"),
        (2, "203.0.113.9", "10.0.0.1"),
        (2, "", "10.0.0.1"),
        (1, "<script>", "10.0.0.1"),
        (1, "6.6.6.6, 2001:db8::1", "2001:db8::1"),
    ],
)
def test_the_client_is_whom_our_outermost_proxy_saw(
    settings: Any, count: int, forwarded: str, expected: str
) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = count
    request = RequestFactory().get(
        "/", REMOTE_ADDR="10.0.0.1", headers={"x-forwarded-for": forwarded}
    )
    assert address_of(request) == expected


def test_the_audit_names_the_client_and_not_the_proxy(world: World, settings: Any) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    change = world.submit(make())
    world.page("sam").post(
        f"/t/payments/changes/{change.number}/comment/",
        {"reason": "Hm."},
        headers={"x-forwarded-for": "6.6.6.6, 203.0.113.9"},
    )
    kept = AuditPersonal.objects.filter(event__type="change.commented").get()
    assert kept.ip == "203.0.113.9"


def test_the_page_of_our_own_faults_needs_no_database(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.db import OperationalError
    from django.db.backends.utils import CursorWrapper

    page = world.page("sam")

    def gone(*_args: Any, **_kwargs: Any) -> None:
        raise OperationalError("the database is away")

    with monkeypatch.context() as away:
        away.setattr(CursorWrapper, "execute", gone)
        answer = page.get("/")
    assert answer.status_code == 500
    text = answer.content.decode()
    assert "<h1" in text
    assert "Something went wrong on our side" in text
    assert answer.headers["X-Request-Id"] in text
