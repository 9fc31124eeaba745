"""What Prometheus reads, who may, and that alerts and dashboard rest on what is really told."""

import json
import re
import shutil
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from jobs import heartbeat
from jobs.models import Heartbeat, Job
from tests.certificates import make
from tests.world import World

FOLDER = Path(__file__).resolve().parents[2] / "deploy/prometheus"
TOKEN = "a-token-for-the-test"


@pytest.fixture(autouse=True)
def _with_a_token(settings: Any) -> None:
    settings.METRICS_TOKEN = TOKEN


def _told(token: str = TOKEN) -> str:
    answer = Client(headers={"authorization": f"Bearer {token}"}).get("/metrics")
    assert answer.status_code == 200
    return answer.content.decode()


def _samples(text: str) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


@pytest.mark.parametrize("header", ["", "Bearer wrong", f"Basic {TOKEN}", "Bearer "])
def test_without_the_token_there_is_nothing(db: None, settings: Any, header: str) -> None:
    assert Client(headers={"authorization": header}).get("/metrics").status_code == 404
    settings.METRICS_TOKEN = ""
    assert Client(headers={"authorization": header}).get("/metrics").status_code == 404


def test_queues_signs_writes_and_trust_are_told(world: World) -> None:
    world.applied(make("first", not_after=timezone.now() + timedelta(days=20)))
    heartbeat.sign(Heartbeat.Role.WORKER, ["env-dev"])
    due = timezone.now() - timedelta(seconds=90)
    Job.objects.create(kind="publish", subject_id="x", queue="env-prod", due_at=due)
    told = _samples(_told())

    def of(name: str, **labels: str) -> float:
        return told[f"countersign_{name}", tuple(sorted(labels.items()))]

    assert (of("queue_served", queue="env-dev"), of("queue_served", queue="env-prod")) == (1, 0)
    assert of("queue_due_jobs", queue="env-prod") == 1
    assert 85 < of("queue_oldest_due_seconds", queue="env-prod") < 120
    assert of("writes_last_hour", state="verified") == 1
    assert 19 < of("expiry_days", environment="dev") < 20.1
    assert of("drift_cases_open") == 0
    assert of("approval_to_verified_seconds_bucket", le="60") == 1
    assert of("approval_to_verified_seconds_count") == 1
    assert of("jobs_last_hour", kind="publish") >= 1


def test_nothing_that_names_a_tenant_or_a_certificate_is_told(world: World) -> None:
    world.applied(make("very-secret-partner"))
    text = _told()
    for word in ("very-secret-partner", "payments", "sam@", "Sam"):
        assert word not in re.sub(r"django_\S+.*", "", text)


def test_what_alerts_and_dashboard_name_is_told(world: World) -> None:
    world.applied(make())
    heartbeat.sign(Heartbeat.Role.WORKER, ["env-dev"])
    told = {name for name, _labels in _samples(_told())}
    texts = [(FOLDER / name).read_text() for name in ("alerts.yml", "grafana.json")]
    named = {name for text in texts for name in re.findall(r"countersign_[a-z_]+", text)}
    # A location is told of once it was listed.
    assert named - told <= {"countersign_sweep_age_seconds"}
    assert len(named) > 8
    assert json.loads(texts[1])["panels"]


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")
@pytest.mark.parametrize(
    "command", [["check", "rules", "alerts.yml"], ["test", "rules", "alerts_test.yml"]]
)
def test_promtool_is_content_with_the_rules(command: list[str]) -> None:
    done = subprocess.run(
        ["promtool", *command], cwd=FOLDER, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
