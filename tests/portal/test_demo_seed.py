"""The demo is seeded to its end however often it was broken off."""

import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

import pytest
from django.core.management import CommandError, call_command

from approvals.deciding import switch_mode
from audit.models import AuditEvent
from certs.enforcement import declare
from certs.golden_clients import keep
from certs.models import GoldenClient, TrustConfig
from certs.trust_configs import register
from portal import celery_app, demo_certificates, demo_seed
from tenants.flows import people, policies, set_up
from tenants.models import Environment, Grant, Mode, PolicyVersion, Tenant, User
from tests.stack import free_port
from tests.world import World

FLOWS = [
    *((set_up, name) for name in ("create_environment", "create_tenant", "assign_environment")),
    (people, "create_user"),
    (register, "name_trust_config"),
    *((declare, name) for name in ("declare_enforcement", "name_endpoint")),
    *((switch_mode, name) for name in ("propose", "decide")),
    (policies, "propose"),
    (keep, "add"),
]


class PowerCut(BaseException):
    """Nothing may catch it."""


@pytest.fixture
def machine(
    db: None, emulator: Any, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[World]:
    """An emulator, an empty database, and a worker that works while the seeding waits for it."""
    world = World(emulator)
    settings.VAR_DIR = tmp_path
    settings.GCP_ENDPOINT = f"127.0.0.1:{emulator.port}"
    settings.EMULATOR_ADMIN = f"127.0.0.1:{emulator.admin_port}"
    settings.PROBE_ENDPOINTS = [f"localhost:{free_port()}"]
    settings.PROBE_CA_FILE = str(tmp_path / "gateway.pem")
    settings.POLL_SECONDS = 0
    demo_certificates.write(tmp_path / "demo-certificates")
    celery_app.loader.import_default_modules()  # the handlers of jobs
    own_time = SimpleNamespace(monotonic=time.monotonic, sleep=lambda _seconds: world.work())
    monkeypatch.setattr(demo_seed, "time", own_time)
    yield world
    emulator.gateways.delete_policy(demo_seed.GATE)


def _seed_with_a_power_cut_after(calls: int) -> bool:
    """True when the power went: right after the n-th flow has committed."""
    left = [calls]

    def cut(flow: Callable[..., Any]) -> Callable[..., Any]:
        def run(**values: Any) -> Any:
            done = flow(**values)
            left[0] -= 1
            if not left[0]:
                raise PowerCut
            return done

        return run

    patches = [mock.patch.object(room, name, cut(getattr(room, name))) for room, name in FLOWS]
    for patch in patches:
        patch.start()
    try:
        demo_seed.seed(lambda _sentence: None)
    except PowerCut:
        return True
    finally:
        for patch in patches:
            patch.stop()
    return False


def _what_is_there() -> dict[str, Any]:
    return {
        "environments": sorted(Environment.objects.values_list("slug", flat=True)),
        "tenants": sorted(
            (tenant.slug, tenant.mode, tenant.environments.count())
            for tenant in Tenant.objects.all()
        ),
        "people": sorted(
            (user.email, sorted(user.grants.values_list("role", "tenant__slug")))
            for user in User.objects.all()
        ),
        "trust configs": sorted(
            TrustConfig.objects.values_list(
                "environment__slug", "name", "state", "enforcement", "endpoint"
            )
        ),
        "policies": PolicyVersion.objects.count(),
        "golden clients": GoldenClient.objects.count(),
        "events": sorted(AuditEvent.objects.exclude(actor_kind="worker").values_list("type")),
    }


def test_broken_off_after_each_step_it_ends_as_if_it_had_never_been(machine: World) -> None:
    """Also of the audit: nothing is done twice."""
    cuts = 0
    while _seed_with_a_power_cut_after(1):
        cuts += 1
        assert cuts < 200
    assert cuts > 30
    broken_off = _what_is_there()
    assert broken_off["tenants"] == [
        ("logistics", Mode.SELF_SERVICE, 3),
        ("payments", Mode.PLATFORM_MANAGED, 3),
    ]
    assert len(broken_off["trust configs"]) == 9
    assert broken_off["golden clients"] == 3
    kept = len(broken_off["events"])
    assert len(set(map(str, broken_off["people"]))) == len(demo_seed.PEOPLE)
    assert Grant.objects.count() == sum(len(grants) for _mail, _name, grants in demo_seed.PEOPLE)
    demo_seed.seed(lambda _sentence: None)
    assert len(_what_is_there()["events"]) == kept


def test_what_people_have_changed_since_is_not_seeded_again(machine: World) -> None:
    demo_seed.seed(lambda _sentence: None)
    GoldenClient.objects.all().delete()
    said: list[str] = []
    demo_seed.seed(said.append)
    assert said == []
    assert not GoldenClient.objects.exists()


def test_a_new_database_beside_old_files_is_seeded(machine: World, tmp_path: Path) -> None:
    (tmp_path / "demo-seeded").touch()
    said: list[str] = []
    demo_seed.seed(said.append)
    assert said[0] == "Seeding keys, environments and tenants …"
    assert GoldenClient.objects.count() == 3


def test_without_a_worker_it_says_what_to_do(
    machine: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter(range(0, 10_000, 30))
    own_time = SimpleNamespace(monotonic=lambda: next(clock), sleep=lambda _seconds: None)
    monkeypatch.setattr(demo_seed, "time", own_time)
    with pytest.raises(CommandError, match="Start it again: what is there stays"):
        call_command("demo")


def test_certificates_that_were_half_written_are_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "certificates"

    def cut(*_: Any) -> None:
        raise PowerCut

    with monkeypatch.context() as patched, pytest.raises(PowerCut):
        patched.setattr(zipfile, "ZipFile", cut)
        demo_certificates.write(folder)
    assert not folder.exists()
    demo_certificates.write(folder)
    assert (folder / "everything-good.zip").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["certificates"]
