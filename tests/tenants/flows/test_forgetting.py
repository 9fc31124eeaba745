"""Sessions and sign-in links are kept for a while only."""

from datetime import timedelta

from django.contrib.sessions.models import Session
from django.utils import timezone

from tenants.flows.forgetting import forget_sign_ins
from tenants.models import SignInLink
from tests.world import World


def test_what_has_expired_is_deleted_and_what_holds_is_not(world: World) -> None:
    now = timezone.now()
    for key, days in (("over", -1), ("holds", 1)):
        Session.objects.create(
            session_key=key, session_data="", expire_date=now + timedelta(days=days)
        )
    for token, days in (("long-over", -8), ("just-over", -1), ("holds", 1)):
        SignInLink.objects.create(
            user=world.user("sam"), token_sha256=token, expires_at=now + timedelta(days=days)
        )
    forget_sign_ins()
    assert [row.session_key for row in Session.objects.all()] == ["holds"]
    assert sorted(row.token_sha256 for row in SignInLink.objects.all()) == ["holds", "just-over"]
