"""What no log may hold."""

import pytest
from django.test import Client

from audit.models import AuditEvent
from tests.world import World


def test_the_token_of_a_sign_in_link_stands_in_no_log_and_no_event(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    import logging

    from portal.logs import NoBodies

    record = logging.LogRecord(
        "django", logging.WARNING, "f", 1, "Forbidden: %s", ("/sign-in/SECRETTOKEN/",), None
    )
    NoBodies().filter(record)
    assert "SECRETTOKEN" not in record.getMessage()
    client = Client()
    client.force_login(world.user("sam"))
    client.post("/sign-in/SECRETTOKEN/")
    event = AuditEvent.objects.get(type="act.refused")
    assert b"SECRETTOKEN" not in bytes(event.payload)
    assert event.subject_id == "sign-in-link"
