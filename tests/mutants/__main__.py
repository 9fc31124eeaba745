"""``make mutants``: puts each fault of the catalogue into a copy of the tree and asks whether its tests notice."""

import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.mutants.catalogue import MUTANTS, Mutant

ROOT = Path(__file__).resolve().parents[2]
AT_ONCE = 2
LONGEST_SECONDS = 300
LEFT_OUT = shutil.ignore_patterns(".git", ".venv", ".tools", "var", "__pycache__", ".*_cache")


def main() -> int:
    """Exit status 1 when a mutant survives, 2 when one does not fit the code any more."""
    wanted = sys.argv[1:]
    mutants = [m for m in MUTANTS if not wanted or any(word in m.rule for word in wanted)]
    unfit = [m for m in mutants if (ROOT / m.file).read_text("utf-8").count(m.before) != 1]
    for mutant in unfit:
        print(f"does not fit: {mutant.rule} ({mutant.file})")
    if unfit:
        return 2
    with ThreadPoolExecutor(AT_ONCE) as pool:
        survivors = [rule for rule in pool.map(_try, mutants) if rule]
    print(f"{len(mutants) - len(survivors)} of {len(mutants)} killed")
    return 1 if survivors else 0


def _try(mutant: Mutant) -> str:
    """The rule, when no test noticed."""
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="mutant-") as folder:
        tree = Path(folder) / "tree"
        shutil.copytree(ROOT, tree, ignore=LEFT_OUT)
        file = tree / mutant.file
        file.write_text(file.read_text("utf-8").replace(mutant.before, mutant.after), "utf-8")
        command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:randomly"]
        done = subprocess.run(
            [*command, "-m", "not postgresql", *mutant.tests],
            cwd=tree,
            capture_output=True,
            text=True,
            timeout=LONGEST_SECONDS,
            check=False,
        )
    is_killed = done.returncode == 1
    if done.returncode not in {0, 1}:
        print(done.stdout[-2000:], done.stderr[-2000:])
    word = "killed  " if is_killed else "SURVIVED"
    print(f"{word} {time.monotonic() - begun:5.0f} s  {mutant.rule}", flush=True)
    return "" if is_killed else mutant.rule


sys.exit(main())
