"""The order of acts of a publication, checked by Spin: the safe variants hold, and each protection is needed."""

import shutil
import subprocess
from pathlib import Path

import pytest

MODELS = Path(__file__).resolve().parents[2] / "docs" / "models"
needs_spin = pytest.mark.skipif(
    shutil.which("spin") is None or shutil.which("gcc") is None,
    reason="spin or gcc is not installed",
)

# model, flags, whether no assertion can be violated
VARIANTS = [
    ("reconciler.pml", "-DUSE_ETAG -DLABEL", True),
    ("reconciler.pml", "-DUSE_ETAG -DLABEL -DEXTERNAL", True),
    ("reconciler.pml", "", False),
    ("reconciler.pml", "-DUSE_ETAG", False),
    ("reconciler.pml", "-DUSE_ETAG -DLABEL -DDESIRED_FIRST", False),
    ("reconciler.pml", "-DUSE_ETAG -DLABEL -DFENCE", True),
    ("reconciler.pml", "-DFENCE", False),
    ("operations.pml", "-DINTENT", True),
    ("operations.pml", "", False),
    ("publication.pml", "", True),
    ("publication.pml", "-DNOFENCE", False),
    ("publication.pml", "-DANYWITHDRAW", False),
    ("publication.pml", "-DNOETAG", False),
]


@needs_spin
@pytest.mark.parametrize(("model", "flags", "is_safe"), VARIANTS)
def test_the_model_says_what_the_design_rests_on(
    model: str, flags: str, is_safe: bool, tmp_path: Path
) -> None:
    subprocess.run(
        ["spin", *flags.split(), "-a", str(MODELS / model)],
        cwd=tmp_path,
        check=True,
        capture_output=True,
    )
    subprocess.run(
        ["gcc", "-O2", "-w", "-DSAFETY", "-o", "pan", "pan.c"],
        cwd=tmp_path,
        check=True,
        capture_output=True,
    )
    said = subprocess.run(
        ["./pan", "-m400000"], cwd=tmp_path, check=True, capture_output=True, text=True, timeout=120
    ).stdout
    assert "max search depth too small" not in said
    assert ("errors: 0" in said) is is_safe, said


@needs_spin
@pytest.mark.parametrize(("flags", "comes_to_rest"), [("", True), ("-DSAME_READER", False)])
def test_what_was_decided_last_is_live_and_read_back_in_the_end(
    flags: str, comes_to_rest: bool, tmp_path: Path
) -> None:
    """Under weak fairness. If only whoever wrote might read back, two workers could take the lease from each other for ever."""
    options = ["-DUSE_ETAG", "-DLABEL", "-DLTL", *flags.split()]
    subprocess.run(
        ["spin", *options, "-a", str(MODELS / "reconciler.pml")],
        cwd=tmp_path,
        check=True,
        capture_output=True,
    )
    subprocess.run(
        ["gcc", "-O2", "-w", "-o", "pan", "pan.c"], cwd=tmp_path, check=True, capture_output=True
    )
    said = subprocess.run(
        ["./pan", "-a", "-f", "-m400000"],
        cwd=tmp_path,
        check=True,
        capture_output=True,
        text=True,
        timeout=120,
    ).stdout
    assert "max search depth too small" not in said
    assert ("errors: 0" in said) is comes_to_rest, said
