"""``countersign inspect``: exit codes, both formats, both languages, and that what it prints is what the checks say."""

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pki.__main__ import main
from tests.certificates import DAY, make, make_ca, weak_key

NOW = datetime.now(UTC)


def _write(folder: Path, name: str, body: bytes) -> str:
    (folder / name).write_bytes(body)
    return str(folder / name)


def _json(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict]:
    code = main(["inspect", "--format", "json", *arguments])
    return code, json.loads(capsys.readouterr().out)


def test_a_good_bundle_exits_with_0_and_says_roles_and_issuers(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = make_ca()
    leaf = make(issuer=root)
    code, said = _json(capsys, _write(tmp_path, "bundle.pem", root.pem + leaf.pem))
    assert (code, said["exit_code"], said["schema"]) == (0, 0, "countersign-inspect-1")
    assert sorted(said["fingerprints"]) == sorted([root.fingerprint, leaf.fingerprint])
    by_fingerprint = {
        certificate["sha256_fingerprint"]: certificate for certificate in said["certificates"]
    }
    assert by_fingerprint[root.fingerprint]["role"] == "trust_anchor"
    assert by_fingerprint[leaf.fingerprint]["issued_by"] == [root.fingerprint]
    assert by_fingerprint[leaf.fingerprint]["role_reason"]


def test_a_missing_issuer_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _code, said = _json(capsys, _write(tmp_path, "leaf.pem", make(issuer=make_ca("Far Away")).pem))
    assert said["certificates"][0]["missing_issuer"] == "CN=Far Away"


def test_a_blocking_finding_exits_with_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, said = _json(capsys, _write(tmp_path, "weak.pem", make(key=weak_key()).pem))
    assert code == 1
    assert "GCP-KEY-02" in {finding["code"] for finding in said["certificates"][0]["findings"]}


def test_nothing_that_can_be_read_exits_with_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, said = _json(capsys, _write(tmp_path, "readme.txt", b"hello"))
    assert (code, [refusal["code"] for refusal in said["refusals"]]) == (2, ["IN-PARSE-01"])


def test_a_file_that_is_not_there_exits_with_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["inspect", "/nowhere/at/all.pem"]) == 2
    assert "nowhere" in capsys.readouterr().err


def test_the_date_the_role_the_purpose_and_the_policy_are_heeded(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = _write(tmp_path, "leaf.pem", make(not_after=NOW + 60 * DAY).pem)
    assert _json(capsys, file)[0] == 0
    assert _json(capsys, "--at", f"{NOW + 61 * DAY:%Y-%m-%d}", file)[0] == 1
    assert "GCP-CA-01" in capsys_codes(_json(capsys, "--role", "trust_anchor", file)[1])
    assert "GCP-EKU-03" in capsys_codes(_json(capsys, "--purpose", "mtls-server", file)[1])
    policy = _write(tmp_path, "policy.json", b'{"keys": ["P-384"]}')
    assert "POL-KEY-01" in capsys_codes(_json(capsys, "--policy", policy, file)[1])


def capsys_codes(said: dict) -> set[str]:
    return {
        finding["code"]
        for certificate in said["certificates"]
        for finding in certificate["findings"]
    }


def test_a_policy_that_is_none_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    policy = _write(tmp_path, "policy.json", b'{"keyes": []}')
    assert main(["inspect", "--policy", policy, _write(tmp_path, "leaf.pem", make().pem)]) == 2
    assert "keyes" in capsys.readouterr().err


def test_people_read_text_in_their_language(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = _write(
        tmp_path,
        "weak.pem",
        make(key=weak_key()).pem + b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
    )
    assert main(["inspect", file]) == 1
    english = capsys.readouterr().out
    assert "GCP-KEY-02" in english
    assert "1024 bits" in english
    assert "IN-PUBKEY-01" in english
    main(["inspect", "--language", "zh-hans", file])
    assert "1024 位" in capsys.readouterr().out


def test_odd_policies_and_a_narrow_terminal_are_no_tracebacks(tmp_path: Path) -> None:
    file = _write(tmp_path, "c.pem", make("甲").pem)
    deep, marked = (
        _write(tmp_path, "deep.json", b"[" * 200_000),
        _write(tmp_path, "marked.json", b"\xef\xbb\xbf{}"),
    )
    for arguments, code in (
        ([file], 0),
        (["--format", "json", file], 0),
        (["--policy", deep, file], 2),
        (["--policy", marked, file], 0),
    ):
        command = [sys.executable, "-m", "pki", "inspect", *arguments]
        done = subprocess.run(
            command,
            capture_output=True,
            check=False,
            cwd=Path(__file__).parents[2],
            env={"PYTHONIOENCODING": "ascii"},
        )
        assert (done.returncode, b"Traceback" in done.stderr) == (code, False), done.stderr


def test_it_runs_as_a_module_without_django_and_reads_standard_input() -> None:
    code = "import sys; sys.argv = ['x', 'inspect', '-']; from pki.__main__ import main; c = main(); sys.exit(c + 10 * ('django' in sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        input=make().pem,
        capture_output=True,
        check=False,
        cwd=Path(__file__).parents[2],
    )
    assert done.returncode == 0, done.stderr
    assert b"sha256" in done.stdout
