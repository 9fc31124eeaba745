"""Rules of the house that imports and types cannot show."""

import ast
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.template.loader import render_to_string
from django.utils import translation

from approvals.states import MOVES, State
from audit.display import DISPLAYS
from audit.events import EventType
from certs.models import TrustConfig
from pages.changes import diagram
from pages.tenants.forms import FreezeForm
from pki import documentation
from pki.findings import Severity
from tenants import rights_document
from tenants.models import AccessRole
from web.templatetags.badges import BADGES, badge

ROOT = Path(__file__).resolve().parents[2]
APPS = (
    "portal",
    "pages",
    "web",
    "approvals",
    "certs",
    "tenants",
    "audit",
    "jobs",
    "gcp",
    "pki",
    "client",
    "emulator",
)


def _sources() -> dict[Path, str]:
    files = [
        path
        for app in APPS
        for path in (ROOT / app).rglob("*.py")
        if "migrations" not in path.parts
    ]
    return {path.relative_to(ROOT): path.read_text(encoding="utf-8") for path in files}


def _lines(pattern: str) -> list[tuple[str, str]]:
    return [
        (str(path), line.strip())
        for path, text in _sources().items()
        for line in text.splitlines()
        if re.search(pattern, line)
    ]


def _calls(name: str) -> Iterator[tuple[str, ast.Call]]:
    """Every call of a method of this name, with its file."""
    for path, text in _sources().items():
        for node in ast.walk(ast.parse(text)):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr == name
            ):
                yield str(path), node


def test_states_move_by_their_methods_only() -> None:
    """A QuerySet's update passes by the state machine; only rows without one may be moved so."""
    updates = {
        path
        for path, call in _calls("update")
        if any(keyword.arg == "state" for keyword in call.keywords)
    }
    without_a_machine = {
        "approvals/deciding/switch_mode.py",  # ModeSwitch
        "jobs/claims.py",
        "jobs/queue.py",  # Job
        "portal/history.py",  # a past in bulk, never in production; the database's triggers hold
    }
    assert updates == without_a_machine


def test_each_move_of_a_change_is_made_in_one_place() -> None:
    """Two ways to approve would disagree one day; every flow goes through the steps."""
    for move in MOVES:
        places = {path for path, _call in _calls(move.method)}
        assert len(places) == 1, (move.method, places)
        assert places <= {"approvals/steps/moves.py", "approvals/steps/transitions.py"}


def test_tenants_are_locked_by_one_function() -> None:
    locking = {path for path, _ in _lines(r"Tenant\.objects\.select_for_update")}
    assert locking == {"tenants/locks.py"}


def test_every_state_and_severity_has_its_badge() -> None:
    assert set(BADGES["change"]) == set(State.values)
    assert set(BADGES["trust_config"]) == {*TrustConfig.State.values, "stopped"}
    assert set(BADGES["severity"]) == {severity.value for severity in Severity}
    drawn = {name for kind in BADGES.values() for _colour, name in kind.values()}
    icons = (ROOT / "static/icons.svg").read_text(encoding="utf-8")
    assert [name for name in drawn if f'id="{name}"' not in icons] == []
    assert "<svg" in badge("severity", "warning") and "Warning" in badge("severity", "warning")


def test_our_styles_win_by_tokens_and_not_by_force() -> None:
    assert "!important" not in (ROOT / "static/css/app.css").read_text(encoding="utf-8")


def test_a_field_is_described_by_its_hint_and_its_errors() -> None:
    form = FreezeForm({"begins_at": "never"})
    context = {"field": form["begins_at"], "hint": "In UTC."}
    drawn = render_to_string("components/_field.html", context)
    assert 'aria-describedby="id_begins_at_hint id_begins_at_error"' in drawn
    assert 'aria-invalid="true"' in drawn
    assert 'id="id_begins_at_hint"' in drawn and 'id="id_begins_at_error"' in drawn
    quiet = render_to_string("components/_field.html", {"field": FreezeForm()["begins_at"]})
    assert "aria-" not in quiet


# Where a template's line cannot be broken, since a template tag must stand on one line. The number only falls.
LONG_TEMPLATE_LINES = 49


def test_lines_of_templates_stay_within_140_columns() -> None:
    long = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in sorted((ROOT / "templates").rglob("*.html"))
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if len(line) > 140
    ]
    assert len(long) <= LONG_TEMPLATE_LINES, long


def test_only_jobs_ring_the_broker() -> None:
    assert {path for path, _ in _lines(r"\.delay\(|\.apply_async\(")} == {"jobs/queue.py"}


FLOWING = ("approvals", "certs", "tenants")
FLOWS = re.compile(
    r"^tenants/flows/|^approvals/(asking|deciding|publishing|reminding|simulating)/"
    r"|^certs/(golden_clients/(keep|trials)|enforcement/(declare|checks)|vault/keys)\.py$"
    r"|^certs/trust_configs/(register|create|ask|anew|recording)\.py$"
    r"|^jobs/(claims|queue|tasks)\.py$|^portal/(errors|history|kept)\.py$|^audit/anonymous\.py$"
)


def test_only_flows_open_transactions() -> None:
    opening = {path for path, _ in _calls("atomic")}
    assert opening
    assert sorted(path for path in opening if not FLOWS.search(path)) == []


def test_only_flows_and_steps_write_audit() -> None:
    """An allow list: whoever imports the recorder opens the transaction, or builds the events."""
    allowed = re.compile(FLOWS.pattern + r"|^approvals/audit_events\.py$|^audit/|^tenants/")
    imports = re.compile(r"^from audit\.recorder import|^from audit import .*\brecorder\b")
    assert sorted({path for path, _ in _lines(imports.pattern) if not allowed.search(path)}) == []
    events = {path for path, _ in _lines(r"^from approvals\.audit_events import")}
    steps = re.compile(FLOWS.pattern + r"|^approvals/steps/")
    assert len(events) > 10
    assert sorted(path for path in events if not steps.search(path)) == []


def test_only_policies_know_the_two_modes() -> None:
    allowed = {
        "approvals/policy.py",
        "approvals/limits.py",
        "tenants/models.py",
        "tenants/rights.py",
        "tenants/rights_document.py",
        "approvals/deciding/switch_mode.py",
    }
    assert {path for path, _ in _lines(r"Mode\.(SELF_SERVICE|PLATFORM_MANAGED)")} == allowed


def test_no_module_has_two_jobs() -> None:
    """Sizes are a smell; the catalogues are tables, and grow by rows."""
    assert {
        str(path): n
        for path, text in _sources().items()
        if (n := len(text.splitlines())) > 350 and not path.name.startswith("catalogue_")
    } == {}


def test_every_test_asserts_something() -> None:
    """A test that cannot fail holds nothing: each asserts, expects a raise, or calls who does."""
    empty = []
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        helpers = {
            node.name
            for node in ast.walk(tree)
            if isinstance(node, ast.FunctionDef)
            and not node.name.startswith("test_")
            and _asserts(node, frozenset())
        }
        known = frozenset(helpers | SHARED_CHECKS)
        empty += [
            f"{path.relative_to(ROOT)}::{node.name}"
            for node in ast.walk(tree)
            if isinstance(node, ast.FunctionDef)
            and node.name.startswith("test_")
            and not _asserts(node, known)
        ]
    assert empty == []


# Functions of the tests' shared modules that assert by themselves.
SHARED_CHECKS = frozenset(
    {"django_assert_max_num_queries", "expect", "run_state_machine_as_test", "wait_for"}
)


def _asserts(function: ast.FunctionDef, helpers: frozenset[str]) -> bool:
    for node in ast.walk(function):
        if isinstance(node, ast.Assert):
            return True
        if isinstance(node, ast.Call):
            called = node.func
            name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
            if name in {"raises", "fail"} or name in helpers:
                return True
    return False


def test_no_template_is_too_long() -> None:
    assert {
        path.name: n
        for path in (ROOT / "templates").rglob("*.html")
        if (n := len(path.read_text().splitlines())) > 120
    } == {}


def test_templates_hold_no_inline_style_or_script() -> None:
    for path in (ROOT / "templates").rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r'\sstyle="|<style|\son\w+="|<script(?![^>]*\ssrc=)', text), path


def test_every_template_that_is_rendered_exists() -> None:
    texts = [
        path.read_text()
        for room in ("pages", "portal", "web")
        for path in (ROOT / room).rglob("*.py")
    ]
    rendered = set(re.findall(r'"((?:\w+/)+_?\w+\.html)"', "".join(texts)))
    assert len(rendered) > 25
    cells = re.findall(r'cells\(\s*"(\w+)",\s*"(\w+)"', "".join(texts))
    assert len(cells) > 20
    rendered |= {f"{folder}/cells/{name}.html" for folder, name in cells}
    assert sorted(r for r in rendered if not (ROOT / "templates" / r).exists()) == []


def test_the_drawing_of_the_states_is_current() -> None:
    with translation.override("en"):
        assert (ROOT / "docs/states.md").read_text(encoding="utf-8") == diagram.markdown()


def test_the_table_of_rights_is_current() -> None:
    with translation.override("en"):
        assert (ROOT / "docs/rights.md").read_text(encoding="utf-8") == rights_document.markdown()


def test_roles_are_named_in_the_table_of_rights_only() -> None:
    """A second place that decides by a role would be a second table."""
    places = {
        "tenants/rights.py",
        "tenants/models.py",  # what there is, and where a grant may stand
    }
    assert {path for path, _ in _lines(r"AccessRole\.[A-Z]")} == places
    by_word = {
        str(path)
        for path, text in _sources().items()
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Constant) and node.value in AccessRole.values
    }
    # What makes people for a demo or a load gives them roles.
    making = {"portal/demo_seed.py", "portal/history.py"}
    assert by_word == {"tenants/models.py"} | making


def test_the_list_of_checks_is_current() -> None:
    assert (ROOT / "docs/checks.md").read_text(encoding="utf-8") == documentation.markdown()


def test_the_table_of_moves_is_the_design() -> None:
    arrows = {(source.value, move.target.value) for move in MOVES for source in move.sources}
    opened = ("submitted", "validated", "approved")
    assert arrows == {
        ("submitted", "validated"),
        ("validated", "approved"),
        ("approved", "validated"),
        ("approved", "applied"),
        ("applied", "rolled_back"),
        *((state, end) for state in opened for end in ("rejected", "withdrawn")),
    }


@pytest.mark.parametrize("move", MOVES, ids=lambda move: move.method)
@pytest.mark.parametrize("state", State.values)
def test_every_move_from_every_state(state: str, move: Any) -> None:
    from datetime import UTC, datetime

    from django_fsm import TransitionNotAllowed

    from approvals.models import ChangeRequest

    change = ChangeRequest(state=state)
    arguments = {"at": datetime.now(UTC)} | (
        {} if move.method in {"mark_approved", "mark_applied"} else {"causes": []}
    )
    if state in move.sources:
        getattr(change, move.method)(**arguments)
        assert change.state == move.target
    else:
        with pytest.raises(TransitionNotAllowed):
            getattr(change, move.method)(**arguments)


def test_the_state_cannot_be_assigned() -> None:
    from approvals.models import ChangeRequest

    with pytest.raises(AttributeError):
        ChangeRequest().state = "applied"


def test_every_event_is_used_and_displayed() -> None:
    sources = "".join(text for path, text in _sources().items() if path != Path("audit/events.py"))
    assert set(DISPLAYS) == set(EventType)
    assert [event.name for event in EventType if f"EventType.{event.name}" not in sources] == []


def test_every_job_that_is_asked_for_has_a_handler() -> None:
    from jobs import registry
    from portal import celery_app

    celery_app.loader.import_default_modules()
    asked = {
        kind
        for path, line in _lines(r'(enqueue|_ensure)\("')
        for kind in re.findall(r'(?:enqueue|_ensure)\("([a-z_]+)"', line)
    }
    assert asked <= set(registry.kinds())


def test_no_migration_is_missing(db: None, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("makemigrations", dry_run=True)
    assert capsys.readouterr().out == "No changes detected\n"


def test_the_web_process_loads_neither_google_nor_the_opening_of_originals() -> None:
    code = "import portal.wsgi, portal.urls, sys; print(sorted(m for m in sys.modules if m.split('.')[0] in {'google', 'grpc'} or m == 'certs.vault.opening'))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=True,
        env={**os.environ, "LOG_LEVEL": "ERROR"},
    )
    assert done.stdout.strip() == "[]"


def _production(**extra: str) -> dict[str, str]:
    return {
        **{k: v for k, v in os.environ.items() if k in {"PATH", "HOME", "VAR_DIR"}},
        "COUNTERSIGN_ENV": "production",
        "SECRET_KEY": "k" * 60 + "0123456789abcdefghijlm",
        "ALLOWED_HOSTS": "countersign.example.com",
        "KMS_KEY_RING": "projects/p/locations/global/keyRings/r",
        "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nowhere",
        "BROKER_URL": "redis://127.0.0.1:6379/0",
        "EMAIL_HOST": "mail.example.com",
        **extra,
    }


def test_the_deploy_check_is_clean_under_production_settings(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-W",
        "ignore",
        "manage.py",
        "check",
        "--deploy",
        "--fail-level",
        "WARNING",
    ]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=_production(VAR_DIR=str(tmp_path)),
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("command", "words"),
    [("emulator", "unknown command"), ("demo", "production"), ("up", "production")],
)
def test_there_is_no_emulator_demo_or_supervisor_in_production(
    tmp_path: Path, command: str, words: str
) -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", command],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=_production(VAR_DIR=str(tmp_path)),
        check=False,
    )
    assert done.returncode != 0
    assert words in done.stderr.lower()


def test_production_without_a_secret_key_says_so(tmp_path: Path) -> None:
    env = _production(VAR_DIR=str(tmp_path))
    del env["SECRET_KEY"]
    done = subprocess.run(
        [sys.executable, "manage.py", "check"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=env,
        check=False,
    )
    assert "SECRET_KEY is not set" in done.stderr


def test_env_example_names_every_setting_and_no_other() -> None:
    read = set(
        re.findall(
            r'env\.(?:text|number|flag|words|slug|database)\(\s*"([A-Z_]+)"',
            (ROOT / "portal/settings.py").read_text(),
        )
    )
    named = set(re.findall(r"^#?\s?([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    assert named == read


def test_the_vendored_files_are_what_was_vendored() -> None:
    import hashlib

    for line in (ROOT / "static/vendor/SHA256SUMS").read_text().splitlines():
        digest, name = line.split()
        assert hashlib.sha256((ROOT / "static" / name).read_bytes()).hexdigest() == digest, name


def test_imports_inside_strings_name_modules_that_exist() -> None:
    """Programs that tests start from a string are seen by no linter."""
    named = re.compile(r"from ((?:approvals|certs|tenants|jobs|audit|web)[\w.]*) import")
    texts = [
        node.value
        for path in [*(ROOT / "tests").rglob("*.py"), *(ROOT / "portal").rglob("*.py")]
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    modules = {module for text in texts for module in named.findall(text)}
    assert "approvals.deciding" in modules
    gone = [name for name in sorted(modules) if find_spec(name) is None]
    assert gone == []


def test_every_file_that_the_recipes_and_the_architecture_name_exists() -> None:
    recipes = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`([a-z_]+/[a-zA-Z0-9_/.]+\.[a-z]+)`", recipes))
    assert len(named) > 30
    assert sorted(name for name in named if not (ROOT / name).exists()) == []
    house = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    rooms = ("", "approvals")
    paths = re.findall(r"`((?:[a-z_]+/)+[a-z_]+\.py)`", house)
    assert len(paths) > 20
    gone = [path for path in paths if not any((ROOT / room / path).exists() for room in rooms)]
    assert gone == []


POLICY_PLACES = ("pki/policy_rules.py", "pages/tenants/forms.py", "docs/policy.md")


def test_a_line_of_the_policy_is_forgotten_nowhere() -> None:
    """A new field that ``loosened`` does not weigh would let one person loosen alone."""
    from dataclasses import fields

    from pages.templatetags.policy_texts import _POLICY_LINES
    from pki.policy import Policy

    names = {field.name for field in fields(Policy)}
    assert set(_POLICY_LINES) == names
    for place in POLICY_PLACES:
        text = (ROOT / place).read_text(encoding="utf-8")
        if place == "pki/policy_rules.py":  # what mode B may do at most is weighed by its limits
            text += (ROOT / "approvals/limits.py").read_text(encoding="utf-8")
        forgotten = sorted(name for name in names if name not in text)
        assert forgotten == [], place


def test_the_compose_file_fits_its_schema() -> None:
    command = [
        sys.executable,
        "-m",
        "check_jsonschema",
        "--builtin-schema",
        "vendor.compose-spec",
        "docker-compose.yml",
    ]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stdout


def test_the_dockerfile_is_linted() -> None:
    hadolint = Path(sys.executable).with_name("hadolint")
    done = subprocess.run(
        [str(hadolint), "Dockerfile"], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert done.returncode == 0, done.stdout


def test_the_bill_of_materials_names_everything_that_is_in_the_image(tmp_path: Path) -> None:
    (recipe,) = re.findall(
        r"cyclonedx-py (requirements .*?)\\\n", (ROOT / "Makefile").read_text(), re.DOTALL
    )
    written = tmp_path / "sbom.json"
    program = Path(sys.executable).with_name("cyclonedx-py")
    subprocess.run(
        [str(program), *recipe.split(), "-o", str(written)],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    told = json.loads(written.read_text())
    pinned = set(
        re.findall(
            r"^([a-z0-9-]+)==([^ ;]+)", (ROOT / "requirements.txt").read_text(), re.MULTILINE
        )
    )
    assert len(pinned) > 50
    assert {(one["name"], one["version"]) for one in told["components"]} == pinned
    assert all(one["externalReferences"][0]["hashes"] for one in told["components"])
    assert told["bomFormat"] == "CycloneDX"
    assert told["metadata"]["component"]["name"] == "countersign"


def test_no_key_certificate_or_package_host_is_in_the_repository() -> None:
    listed = subprocess.run(
        ["git", "ls-files"], capture_output=True, text=True, cwd=ROOT, check=True
    ).stdout.split()
    assert [
        name for name in listed if name.endswith((".pem", ".key", ".p12", ".pfx", ".jks", ".der"))
    ] == []
    hosts = re.compile("py" + r"pi\.org|python" + r"hosted|npm" + r"js\.", re.IGNORECASE)
    assert [
        name
        for name in listed
        if name.endswith((".py", ".txt", ".toml", ".md", ".json", ".yml", "file"))
        and hosts.search((ROOT / name).read_text())
    ] == []


def test_no_flow_goes_by_this_machines_clock() -> None:
    """A worker's clock may be wrong; jobs/clock.py asks the database. Pages may show by their own."""
    flows = [
        *(ROOT / p for p in _sources() if FLOWS.search(str(p)) and p.parts[0] in FLOWING),
        *ROOT.glob("approvals/steps/*.py"),
        ROOT / "audit/recorder.py",
        ROOT / "certs/trust_configs/publications.py",
        ROOT / "certs/trust_configs/publishing.py",
    ]
    assert len(flows) > 40
    assert [
        str(path.relative_to(ROOT))
        for path in flows
        if re.search(r"timezone\.now|datetime\.now|time\.time\(", path.read_text())
    ] == []


def test_the_runbook_knows_every_state_and_every_code() -> None:
    from approvals import causes
    from approvals.errors import ApprovalError
    from approvals.states import State
    from audit.errors import AuditError
    from certs.errors import CertsError
    from certs.models import DriftCase, Publication, TrustConfig
    from certs.trust_configs import remedies
    from gcp.errors import CloudError
    from tenants.errors import TenantError

    def below(error: type[Exception]) -> set[type[Exception]]:
        return {error, *(found for each in error.__subclasses__() for found in below(each))}

    bases: tuple[type[Exception], ...] = (
        ApprovalError,
        AuditError,
        CertsError,
        CloudError,
        TenantError,
    )
    names = {
        str(vars(error)["code"])
        for base in bases
        for error in below(base) - {base}
        if error.__module__ == base.__module__
    }
    names |= set(causes.SENTENCES) | set(remedies._SENTENCES) | {"unexpected"}
    for states in (State, TrustConfig.State, TrustConfig.Probe, DriftCase.State, Publication.State):
        names |= set(states.values)
    text = (ROOT / "docs/runbook.md").read_text(encoding="utf-8")
    assert sorted(name for name in names if f"`{name}`" not in text) == []


def test_no_private_module_of_a_library_is_used() -> None:
    assert _lines(r"^\s*(from|import) [a-z_.]*\.(internal|_[a-z]\w*)\b") == []


MIRRORED = (
    *("approvals", "audit", "certs", "emulator", "gcp", "jobs", "pages", "pki", "portal"),
    *("tenants", "web"),
)


def test_tests_mirror_the_code() -> None:
    """``tests/a/b/test_c_of_something.py`` holds what ``a/b/c.py`` does, so that both are found by one name."""
    looked_at, astray = 0, []
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        where = path.relative_to(ROOT / "tests")
        if where.parts[0] not in MIRRORED:
            continue
        looked_at += 1
        names = {
            each.stem for each in (ROOT / where.parent).glob("*") if each.name != "__init__.py"
        }
        tested = path.stem.removeprefix("test_")
        if not any(tested == name or tested.startswith(f"{name}_") for name in names):
            astray.append(str(where))
    assert looked_at > 70
    assert astray == []


def test_every_mutant_fits_the_code_and_names_tests_that_are_there() -> None:
    """A mutant that fits no more tests nothing, and nobody would miss it before the next release."""
    from tests.mutants.catalogue import MUTANTS

    assert len(MUTANTS) > 100
    unfit = [
        mutant.rule
        for mutant in MUTANTS
        if (ROOT / mutant.file).read_text(encoding="utf-8").count(mutant.before) != 1
        or not all((ROOT / test.partition("::")[0]).exists() for test in mutant.tests)
    ]
    assert unfit == []
    rules = [mutant.rule for mutant in MUTANTS]
    assert len(rules) == len(set(rules))
