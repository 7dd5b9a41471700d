"""The repository keeps its own rules: small rooms with a name, and read-mes that say what is run."""

import ast
import re
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "tfstep"
MODULES = sorted(PACKAGE.rglob("*.py"))
PROSE = [ROOT / name for name in ("README.md", "README.zh.md", "CONTRIBUTING.md", "CHANGELOG.md", "pyproject.toml")]
READMES = ("README.md", "README.zh.md")

LONGEST = 500  # lines: the end of what one idea needs
MOST_FILES = 15  # beside each other in a folder
NOTE_TO_SELF = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
MACHINE_PATH = re.compile(r"""(?<=["'`\s(=])/(?!dev/)\w[\w.-]*/[\w.-]+|\b[A-Z]:\\\w+""")


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def blocks(readme: str, language: str) -> list[list[str]]:
    """The lines of every fenced block of one language, comments removed."""
    found = re.findall(rf"^```{language}\n(.*?)^```", (ROOT / readme).read_text("utf-8"), re.M | re.S)
    return [[re.sub(r"\s+#.*", "", line) for line in block.splitlines()] for block in found]


def test_a_module_holds_one_idea() -> None:
    sources = {name(path): path.read_text("utf-8") for path in MODULES}
    assert [path for path, source in sources.items() if len(source.splitlines()) > LONGEST] == []
    assert [path for path, source in sources.items() if not ast.get_docstring(ast.parse(source))] == []


def test_a_folder_can_be_seen_at_once() -> None:
    crowded = {folder: n for folder, n in Counter(path.parent for path in MODULES).items() if n > MOST_FILES}
    assert {name(folder): n for folder, n in crowded.items()} == {}


@pytest.mark.parametrize("left", [NOTE_TO_SELF, MACHINE_PATH], ids=["notes to oneself", "paths of a machine"])
def test_nothing_left_over(left: re.Pattern[str]) -> None:
    found = {name(path): left.findall(path.read_text("utf-8")) for path in [*MODULES, *PROSE]}
    assert {path: each for path, each in found.items() if each} == {}


def test_every_folder_is_a_package() -> None:
    folders = {path.parent for path in MODULES}
    assert {name(folder) for folder in folders if not (folder / "__init__.py").is_file()} == set()


@pytest.mark.parametrize("path", ["'/home/someone/a.yaml'", " /var/tmp", "`/usr/bin`", r"C:\Users"])
def test_a_path_of_a_machine_is_found(path: str) -> None:
    assert MACHINE_PATH.search(path)


@pytest.mark.parametrize("text", ["enc0.attn.weights/exp", "q / k", "'/dev/tty'", "#!/usr/bin/env", "d/dx"])
def test_a_path_of_a_tensor_is_none_of_a_machine(text: str) -> None:
    assert not MACHINE_PATH.search(text)


def test_both_readmes_give_the_same_commands() -> None:
    english, chinese = READMES
    assert blocks(english, "sh") == blocks(chinese, "sh")
    assert blocks(english, "python") == blocks(chinese, "python")


def test_the_checks_run_what_the_readme_says() -> None:
    (install,), (tests,), *_ = blocks("README.md", "sh")
    checks = (ROOT / ".ci" / "run").read_text("utf-8").replace('"$venv"/bin/', ".venv/bin/").replace(" --quiet", "")
    lines = checks.splitlines()
    make, setup, opening = install.split(" && ")
    assert make.replace(".venv", '"$venv"') in lines
    assert setup in lines
    assert opening == ".venv/bin/tfstep run wo-ai-ni"
    assert tests == lines[-1]


@pytest.mark.slow
def test_a_change_of_a_record_names_its_fields() -> None:
    """`replace` takes any keyword, so that no type checker sees a name that is none of a field."""
    trees = [ast.parse(path.read_text("utf-8")) for path in MODULES]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    fields = {
        line.target.id
        for node in nodes
        if isinstance(node, ast.ClassDef)
        for line in node.body
        if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name)
    }
    calls = [node for node in nodes if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "replace"]
    named = {word.arg for call in calls for word in call.keywords if word.arg}
    assert len(calls) > 40
    assert named <= fields, named - fields


@pytest.mark.parametrize("page", ["CONTRIBUTING.md", "docs/developers.md", "docs/developers.zh.md"])
def test_what_the_guides_of_the_house_name_is_there(page: str) -> None:
    spans = set(re.findall(r"`([\w./-]*/[\w./-]*|[\w-]+\.(?:py|md))`", (ROOT / page).read_text("utf-8")))
    named = {span for span in spans if not span.isupper() and span.strip("/.").islower()}
    assert len(named) > 10
    homes = (ROOT, PACKAGE, *(PACKAGE / room for room in ("faces", "engine", "models")))
    assert sorted(each for each in named if not any((home / each).exists() for home in homes)) == []


def test_every_room_of_the_house_stands_in_the_guide() -> None:
    rooms = {
        path.name + "/" * path.is_dir()
        for path in PACKAGE.iterdir()
        if path.name[:2] != "__" and path.suffix in ("", ".py")
    }
    told = set(
        re.findall(r"`([\w./]+)`", "".join(re.findall(r"^\| `.*", (ROOT / "CONTRIBUTING.md").read_text("utf-8"), re.M)))
    )
    assert rooms - told == set()
