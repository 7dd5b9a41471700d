"""What an import costs: a heavy library is loaded where it is used, and not before."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = ("textual", "rich", "msgspec", "ruamel", "prompt_toolkit", "numpy", "asyncio")


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


@pytest.mark.slow
def test_numbers_load_no_screen() -> None:
    code = "import tfstep; tfstep.trace(tfstep.load('wo-ai-ni'))"
    assert modules_after(code) & {"textual", "rich", "click", "prompt_toolkit"} == set()


def imports(root: Path) -> dict[str, set[str]]:
    """For each module what it imports of the package: inside functions, and for types alone, as well."""
    modules = {}
    for file in sorted((root / "tfstep").rglob("*.py")):
        parts = file.relative_to(root).with_suffix("").parts
        modules[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = file
    found: dict[str, set[str]] = {}
    for module, file in modules.items():
        found[module] = set()
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "tfstep":
                names = [f"{node.module}.{each.name}" for each in node.names]
                found[module] |= {name if name in modules else str(node.module) for name in names}
            elif isinstance(node, ast.Import):
                found[module] |= {each.name for each in node.names if each.name in modules}
    return found


def circles(graph: dict[str, set[str]]) -> list[set[str]]:
    """The sets of modules that lead to each other."""

    def reached(start: str) -> set[str]:
        seen: set[str] = set()
        todo = list(graph[start])
        while todo:
            module = todo.pop()
            if module not in seen:
                seen.add(module)
                todo += graph.get(module, ())
        return seen

    leads = {module: reached(module) for module in graph}
    found: list[set[str]] = []
    for module in graph:
        if module in leads[module] and not any(module in each for each in found):
            found.append({other for other in leads[module] if module in leads[other]})
    return found


def test_a_circle_is_seen() -> None:
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": {"a"}}) == [{"b", "c"}]


def test_no_modules_lead_to_each_other() -> None:
    graph = imports(Path(__file__).parents[1])
    graph = {module: uses - {module} for module, uses in graph.items()}
    assert len(graph) > 300
    assert circles(graph) == []
