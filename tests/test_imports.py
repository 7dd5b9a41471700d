"""What an import costs: a heavy library is loaded where it is used, and not before."""

import json
import subprocess
import sys

import pytest

HEAVY = ("textual", "rich", "msgspec", "ruamel", "prompt_toolkit", "numpy")


def modules_after(code: str) -> set[str]:
    """The top-level modules loaded in a fresh interpreter after ``code``."""
    report = "import sys, json; sys.stderr.write(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
    done = subprocess.run([sys.executable, "-c", f"{code}\n{report}"], capture_output=True, text=True, check=True)
    return set(json.loads(done.stderr))


def test_the_package_alone_loads_nothing_heavy() -> None:
    assert modules_after("import tfstep") & {*HEAVY, "click"} == set()


def test_the_report_sees_what_is_loaded() -> None:
    assert "numpy" in modules_after("import numpy")


@pytest.mark.parametrize("option", ["--version", "--help"])
def test_a_word_about_the_program_loads_nothing_heavy(option: str) -> None:
    code = f"""
import sys
from tfstep.__main__ import main
sys.argv = ["tfstep", "{option}"]
try:
    main()
except SystemExit as end:
    assert not end.code, end.code
"""
    assert modules_after(code) & set(HEAVY) == set()


def test_numbers_load_no_screen() -> None:
    code = "import tfstep; tfstep.trace(tfstep.load('wo-ai-ni'))"
    assert modules_after(code) & {"textual", "rich", "click", "prompt_toolkit"} == set()
