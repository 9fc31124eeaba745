"""What of signing in is kept for a while only."""

from datetime import timedelta
from importlib import import_module

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now

from tenants.models import SignInLink

KEPT = timedelta(days=7)


def forget_sign_ins() -> None:
    """Deletes sessions that have expired, and sign-in links a week after; what happened stands in the audit."""
    import_module(settings.SESSION_ENGINE).SessionStore.clear_expired()
    with transaction.atomic(durable=True):
        SignInLink.objects.filter(expires_at__lt=Now() - KEPT).delete()
