"""Data that an earlier version wrote is carried over, on whatever database the suite runs."""

from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

BEFORE = [("approvals", "0010_takers"), ("certs", "0007_golden_removal")]
AFTER = [("approvals", "0011_parts_and_rows"), ("certs", "0008_parts_of_a_hindrance")]

LATER = [
    ["allowlisted_certificate", "cd" * 32, "revoked"],
    ["trust_anchor", "ab" * 32, "retired"],
]


def _migrate(targets: list[tuple[str, str]]) -> Any:
    executor = MigrationExecutor(connection)
    executor.migrate(targets)
    return MigrationExecutor(connection).loader.project_state(targets).apps


@pytest.fixture
def old_apps(committed: None) -> Any:
    latest = MigrationExecutor(connection).loader.graph.leaf_nodes()
    yield _migrate(BEFORE)
    MigrationExecutor(connection).migrate(latest)


def _change(apps: Any) -> Any:
    tenant = apps.get_model("tenants", "Tenant").objects.create(slug="old", name="Old")
    environment = apps.get_model("tenants", "Environment").objects.create(slug="old", name="Old")
    user = apps.get_model("tenants", "User").objects.create(username="old", email="old@x.test")
    trust_config = apps.get_model("certs", "TrustConfig").objects.create(
        environment=environment,
        purpose="mtls-client",
        name="old",
        custodian=tenant,
        waiting_code="cloud-denied",
        waiting_detail="GetTrustConfig: It is off: it is disabled",
    )
    return apps.get_model("approvals", "ChangeRequest").objects.create(
        number=1,
        tenant=tenant,
        trust_config=trust_config,
        state_since=timezone.now(),
        submitted_at=timezone.now(),
        mode="platform_managed",
        policy_version=1,
        reason="Old.",
        submitted_by=user,
        later_removals=LATER,
        held_code="cloud-denied",
        held_reason="Decrypt: No.",
    )


def test_later_removals_become_rows_and_words_lose_the_rpc(old_apps: Any) -> None:
    pk = _change(old_apps).pk
    apps = _migrate(AFTER)
    change = apps.get_model("approvals", "ChangeRequest").objects.get(pk=pk)
    rows = change.later_removals.values_list("role", "sha256_fingerprint", "removal")
    assert [list(row) for row in rows] == LATER
    assert (change.held_rpc, change.held_words) == ("Decrypt", "No.")
    waiting = change.trust_config
    assert (waiting.waiting_rpc, waiting.waiting_words) == (
        "GetTrustConfig",
        "It is off: it is disabled",
    )
    assert waiting.waiting_reason == "SERVICE_DISABLED"
    back = _migrate(BEFORE).get_model("approvals", "ChangeRequest").objects.get(pk=pk)
    assert back.later_removals == LATER
    assert back.held_reason == "Decrypt: No."
    back.delete()
