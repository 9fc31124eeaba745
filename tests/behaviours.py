"""Marks the test of one behaviour of the emulator, so that its table and its tests cannot part."""

import re
from collections.abc import Callable
from pathlib import Path

Test = Callable[..., None]


def behaviour(_key: str) -> Callable[[Test], Test]:
    return lambda test: test


def marked(folder: Path) -> set[str]:
    """Every key that a test in this folder is marked with."""
    return {
        key
        for path in folder.glob("test_*.py")
        for key in re.findall(r'^@behaviour\("([a-z-]+)"\)$', path.read_text(), re.MULTILINE)
    }
