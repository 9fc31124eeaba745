"""Makes public_intermediates.txt from Firefox' omni.ja: python -m pki.data OMNI_JA (maintainers)."""

import base64
import json
import sys
import zipfile
from datetime import UTC, datetime
from pathlib import Path

MEMBER = "defaults/settings/security-state/intermediates.json"


def main(omni_ja: str) -> None:
    with zipfile.ZipFile(omni_ja) as archive:
        listed = json.loads(archive.read(MEMBER))
    day = datetime.fromtimestamp(listed["timestamp"] / 1000, UTC).date()
    head = f"# SHA-256 fingerprints of the intermediate CAs that Mozilla preloads (intermediates.json, security-state), {day}. See pki/data/README.md.\n"
    fingerprints = sorted(base64.b64decode(row["derHash"]).hex() for row in listed["data"])
    Path(__file__).with_name("public_intermediates.txt").write_text(
        head + "\n".join(fingerprints) + "\n", encoding="ascii"
    )


if __name__ == "__main__":
    main(sys.argv[1])
