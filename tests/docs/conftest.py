"""The script that makes the pages, as a module."""

import importlib
import sys
from pathlib import Path
from types import ModuleType

import pytest

DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.fixture(scope="session")
def make() -> ModuleType:
    """``docs/make.py``."""
    sys.path.insert(0, str(DOCS))
    try:
        return importlib.import_module("make")
    finally:
        sys.path.remove(str(DOCS))
