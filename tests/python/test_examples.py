"""The examples of the docstrings are true: each module that has some is imported and tried once."""

from __future__ import annotations

import doctest
import importlib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# (a module without an example is not imported: that costs more than its examples)
MODULES = [
    ".".join(file.relative_to(ROOT).with_suffix("").parts)
    for package in ("plumbline", "ml", "bench")
    for file in sorted((ROOT / package).rglob("*.py"))
    if ">>> " in file.read_text("utf-8")
]


@pytest.mark.parametrize("name", MODULES)
def test_examples_are_true(name: str) -> None:
    found = doctest.testmod(importlib.import_module(name), optionflags=doctest.ELLIPSIS)
    assert found.attempted and not found.failed


def test_examples_are_found() -> None:
    assert len(MODULES) >= 15
