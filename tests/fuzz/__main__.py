"""``make fuzz``: throws mutated files at intake and at everything behind it; nothing but findings and refusals may come out.

Usage: python -m tests.fuzz SECONDS [FOLDER]. New inputs and crashes are kept in FOLDER (var/fuzz without it).
A crash is replayed with: python -m tests.fuzz replay FILE
"""

import json
import sys
import time
import warnings
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

AT = datetime(2026, 11, 24, tzinfo=UTC)
LONGEST_SECONDS = 2.0
SEED_BYTES = 6_000


def check(body: bytes) -> None:
    """One input through every wrapping: as it is, as the body of a PEM block, and in a zip.

    :raises AssertionError: when it takes too long, or what comes out cannot be written down.
    """
    import io
    import zipfile

    from pki.inspection import as_json, as_text, inspect
    from pki.roles import Purpose

    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.pem", body)
    pem = b"-----BEGIN CERTIFICATE-----\n" + body + b"\n-----END CERTIFICATE-----\n"
    for wrapped in (body, pem, packed.getvalue()):
        start = time.monotonic()
        found = inspect([("fuzz", wrapped)], role=None, purpose=Purpose.MTLS_CLIENT, at=AT)
        json.dumps(as_json(found, ["fuzz"], "en"), ensure_ascii=False).encode()
        as_text(found, "zh-hans").encode()
        assert found.intake.certificates or found.intake.refusals
        for facts in found.facts:
            assert "\0" not in json.dumps(facts.to_json())
            assert type(facts).from_json(json.loads(json.dumps(facts.to_json()))) == facts
        assert time.monotonic() - start < LONGEST_SECONDS


def seeds(folder: Path) -> None:
    """Small files of ``cryptography_vectors``, and certificates of our own as DER, PEM and PKCS#7."""
    import cryptography_vectors

    folder.mkdir(parents=True, exist_ok=True)
    root = Path(cryptography_vectors.__file__).parent
    for kind in ("x509", "pkcs7", "pkcs12"):
        for file in (root / kind).rglob("*"):
            if (
                file.is_file()
                and file.stat().st_size < SEED_BYTES
                and file.suffix in {".pem", ".der", ".crt", ".p12", ".crl", ".p7b"}
            ):
                (folder / f"{kind}-{file.name}").write_bytes(file.read_bytes())


def main(arguments: list[str]) -> None:
    warnings.simplefilter("ignore")
    if arguments[0] == "replay":
        check(Path(arguments[1]).read_bytes())
        return
    import atheris

    with atheris.instrument_imports(include=["pki"]):
        import_module("pki.inspection")
    folder = Path(arguments[1] if len(arguments) > 1 else "var/fuzz")
    seeds(folder / "seeds")
    (folder / "corpus").mkdir(exist_ok=True)
    options = [
        f"-max_total_time={arguments[0]}",
        "-timeout=10",
        "-rss_limit_mb=2048",
        "-max_len=20000",
        f"-artifact_prefix={folder}/",
    ]
    atheris.Setup(
        [
            sys.argv[0],
            *options,
            "-print_final_stats=1",
            str(folder / "corpus"),
            str(folder / "seeds"),
        ],
        check,
    )
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1:])
