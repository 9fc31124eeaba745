"""Nothing is kept that should not be: after a change's whole life the certificate is found nowhere but sealed."""

import base64
import json
import logging
import subprocess
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.test import Client

from approvals.draft import Removal
from certs.models import SealedCertificate
from portal.logs import formatter, without_bodies
from tests.certificates import Made, make
from tests.stack import Stack
from tests.world import World

pytestmark = pytest.mark.embedded


def _needles(*made: Made) -> dict[str, bytes]:
    needles = {"the word": b"BEGIN CERTIFICATE"}
    for n, certificate in enumerate(made):
        needles |= {
            f"DER {n}": certificate.der,
            f"base64 {n}": base64.b64encode(certificate.der),
            f"hex {n}": certificate.der.hex().encode(),
            f"HEX {n}": certificate.der.hex().upper().encode(),
        }
    return needles


def _database_bytes() -> bytes:
    """SQLite: the file with its write-ahead log. PostgreSQL: every row of every table as text (bytea as hex).

    The file is read by another process: closing it in this one would drop SQLite's locks on it (POSIX), and corrupt it.
    """
    if connection.vendor == "sqlite":
        path = str(connection.settings_dict["NAME"])
        files = [path + suffix for suffix in ("", "-wal") if Path(path + suffix).exists()]
        return subprocess.run(["cat", *files], capture_output=True, check=True).stdout
    rows: list[bytes] = []
    with connection.cursor() as cursor:
        for model in apps.get_models(include_auto_created=True):
            cursor.execute(f'SELECT t::text FROM "{model._meta.db_table}" t')
            rows += [str(row[0]).encode() for row in cursor.fetchall()]
    return b"".join(rows)


def _upload(client: Client, world: World, made: Made, act: str) -> Any:
    url = f"/t/payments/changes/new/{world.trust_config().pk}/"
    return client.post(url, {"pasted": made.pem.decode(), "reason": "A partner.", "act": act})


def test_a_certificate_is_found_nowhere_after_its_whole_life(
    committed_world: World, processes: Stack, caplog: pytest.LogCaptureFixture
) -> None:
    world, client = committed_world, Client()
    caplog.set_level(logging.DEBUG)
    kept, removed = make("kept"), make("removed")
    client.force_login(world.user("sam"))
    for made in (kept, removed):
        _upload(client, world, made, "check")
        _upload(client, world, made, "submit")
    _settle(world, processes, 1, 2)
    removal = world.submit(
        removed=[Removal(removed.fingerprint, "allowlisted_certificate", "retired")]
    )
    _settle(world, processes, removal.number)
    assert (
        SealedCertificate.objects.count() == 3
    )  # or the search would find nothing for the wrong reason
    files = b"".join(path.read_bytes() for path in processes.folder.rglob("*") if path.is_file())
    places = {
        "database": _database_bytes(),
        "folders of broker and Celery, logs of the processes": files,
        "log": caplog.text.encode(),
    }
    found = [
        (place, needle)
        for place, body in places.items()
        for needle, value in _needles(kept, removed).items()
        if value in body
    ]
    assert found == []
    assert kept.fingerprint.encode() in places["database"]


def _settle(world: World, processes: Stack, *numbers: int) -> None:
    for number in numbers:
        processes.wait_until(lambda number=number: world.change(number).state == "validated")
        world.approve(world.change(number))
        processes.wait_until(lambda number=number: world.change(number).state == "applied")


def test_a_log_line_with_a_body_is_cut(capsys: pytest.CaptureFixture[str]) -> None:
    pem = make().pem.decode()
    record = logging.LogRecord("x", logging.ERROR, "f", 1, "got %s", (pem,), None)
    line = json.loads(formatter(as_json=True).format(record))
    assert line["event"].startswith("got [PEM cut]")
    assert "MII" not in str(line)
    assert without_bodies("-----BEGIN PRIVATE KEY-----\nabc") == "[PEM cut]"
    assert without_bodies("x" * 300) == "[cut]"


def test_a_traceback_with_a_body_is_cut() -> None:
    pem = make().pem.decode()
    try:
        raise ValueError(pem)
    except ValueError as error:
        record = logging.LogRecord(
            "x", logging.ERROR, "f", 1, "failed", (), (ValueError, error, error.__traceback__)
        )
    for as_json in (True, False):
        line = formatter(as_json=as_json).format(record)
        assert "ValueError: [PEM cut]" in line
        assert "BEGIN" not in line
        assert "MII" not in line


def test_a_private_key_is_neither_kept_nor_echoed_nor_logged(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    caplog.set_level(logging.DEBUG)
    key = make().key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    body = "".join(key.split("\n")[1:-2])
    client = Client()
    client.force_login(world.user("sam"))
    response = client.post(
        f"/t/payments/changes/new/{world.trust_config().pk}/",
        {"pasted": key, "reason": "r", "act": "submit"},
    )
    assert response.status_code == 422
    page = response.content.decode()
    assert "this key must now be considered exposed; replace it" in page.lower()
    assert body[:40] not in page + caplog.text
    assert body[:40].encode() not in _database_bytes()
