"""``countersign inspect FILE…``: what the portal would say of certificates, without a portal, a database or a network."""

import argparse
import io
import json
import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from pki.errors import PkiError
from pki.inspection import as_json, as_text, inspect
from pki.policy import Policy
from pki.roles import Purpose, TrustRole

LONGEST_READ = 5_000_001  # one byte more than an upload may have, so that it is refused and not cut


def main(arguments: Sequence[str] | None = None) -> int:
    """:returns: 0 without blocking findings, 1 with, 2 when there was no certificate, or nothing to read."""
    chosen = _parser().parse_args(arguments)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        policies = tuple(
            Policy.from_text(Path(name).read_text("utf-8-sig")) for name in chosen.policy or ()
        ) or (Policy(),)
        sources = [(name, _read(name)) for name in chosen.files]
    except PkiError as error:
        return _complain(
            f"policy: {error.evidence.get('line', '')}: {error.evidence.get('detail', '')}"
        )
    except (OSError, UnicodeError, RecursionError) as error:
        return _complain(str(error))
    inspection = inspect(
        sources,
        role=chosen.role,
        purpose=chosen.purpose,
        policies=policies,
        at=chosen.at or datetime.now(UTC),
    )
    try:
        if chosen.format == "json":
            print(
                json.dumps(
                    as_json(inspection, chosen.files, chosen.language), ensure_ascii=True, indent=1
                )
            )
        else:
            print(as_text(inspection, chosen.language))
        sys.stdout.flush()
    except BrokenPipeError:  # whoever reads has read enough; what is written at exit goes nowhere
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return inspection.exit_code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="countersign")
    inspecting = parser.add_subparsers(required=True, metavar="COMMAND").add_parser(
        "inspect", help="judge certificates as the portal would"
    )
    inspecting.add_argument(
        "files", nargs="+", metavar="FILE", help="PEM, DER, PKCS#7 or zip; - reads standard input"
    )
    inspecting.add_argument(
        "--role",
        type=TrustRole,
        choices=list(TrustRole),
        help="judge all in this role; without it one is proposed for each",
    )
    inspecting.add_argument(
        "--purpose", type=Purpose, choices=list(Purpose), default=Purpose.MTLS_CLIENT
    )
    inspecting.add_argument(
        "--policy",
        action="append",
        metavar="FILE",
        help="a policy as JSON, as the portal's policy page shows it; may be given twice",
    )
    inspecting.add_argument(
        "--at",
        type=_instant,
        metavar="DATE",
        help="judge as of this date (ISO 8601, UTC); now without it",
    )
    inspecting.add_argument("--format", choices=["text", "json"], default="text")
    inspecting.add_argument("--language", choices=["en", "zh-hans"], default="en")
    return parser


def _instant(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _read(name: str) -> bytes:
    if name == "-":
        return sys.stdin.buffer.read(LONGEST_READ)
    with Path(name).open("rb") as file:
        return file.read(LONGEST_READ)


def _complain(sentence: str) -> int:
    print(f"countersign: {sentence}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
