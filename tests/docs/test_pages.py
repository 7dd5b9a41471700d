"""Every page of docs/ and the read-mes is what the program makes of it: `python docs/make.py` renews them."""

import re
import tomllib
from pathlib import Path
from types import ModuleType

import pytest

from tfstep.faces.tui.actions.table import ACTIONS

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
RULES = DOCS / "making" / "zh.md"  # how Chinese is written here, for those who write it
FOUND = sorted(set(DOCS.rglob("*.md")) - {RULES})
PAGES = [*ROOT.glob("*.md"), *FOUND]
FENCED = re.compile(r"^(?:`{3,}).*?^`{3,}$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[([^\]]*)\]\(([^)#:]+)(?:#[^)]*)?\)")


def name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("page", ["commands", "command-line", "keys", "scenario-files", "paths", "ops", "glossary"])
def test_the_reference_is_up_to_date(page: str, language: str, make: ModuleType) -> None:
    text = make.spelled(make.GENERATED[page], language)
    assert make.file(page, language).read_text("utf-8") == text, "python docs/make.py"


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_a_page_prints_what_it_shows(page: Path, make: ModuleType) -> None:
    text = page.read_text("utf-8")
    assert make.filled(text, make.spoken(page), page.name) == text, "python docs/make.py"


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_notebook_is_up_to_date(language: str, make: ModuleType) -> None:
    assert make.notebooks.file(language).read_text("utf-8") == make.notebooks.spelled(language), "python docs/make.py"


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_manual_page_is_up_to_date(language: str, make: ModuleType) -> None:
    text = make.spelled(make.man.page, language)
    assert make.man.file(language).read_text("utf-8") == text, "python docs/make.py"
    for line in text.splitlines():
        assert not line.startswith((".", "'")) or line.split()[0] in (".TH", ".SH", ".SS", ".TP", ".PP", ".br"), line


def test_the_licences_of_all_dependencies_are_listed() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = declared["optional-dependencies"]
    optional = [each for name in ("web", "gif", "xarray") for each in extras[name]]
    wanted = {re.split(r"[>=<\\[ ]", each)[0] for each in [*declared["dependencies"], *optional]}
    for page in (DOCS / "licences.md", DOCS / "licences.zh.md"):
        listed = set(re.findall(r"^\| ([\w.-]+) \|", page.read_text("utf-8"), re.MULTILINE))
        assert wanted <= listed, wanted - listed


def test_every_page_is_there_in_both_languages() -> None:
    names = {page.relative_to(ROOT).as_posix() for page in [*FOUND, *ROOT.glob("README*.md")]}
    english = {each.removesuffix(".md") for each in names if not each.endswith(".zh.md")}
    assert {each.removesuffix(".zh.md") for each in names if each.endswith(".zh.md")} == english


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_a_link_leads_to_a_file_in_the_same_language(page: Path) -> None:
    for text, target in LINK.findall(page.read_text("utf-8")):
        there = page.parent / target
        assert there.exists(), target
        if page.name.endswith(".zh.md") and target.endswith(".md") and text != "English":
            assert target.endswith(".zh.md") or not there.with_suffix(".zh.md").exists(), target


@pytest.mark.parametrize("page", FOUND, ids=name)
def test_a_number_in_the_prose_stands_in_a_block(page: Path, make: ModuleType) -> None:
    text = page.read_text("utf-8")
    if page in make.written() and page.parent.name != "decisions":  # these tell what was measured, and when
        prose = re.sub(r"`[^`\n]*`", "", FENCED.sub("", text))
        shown = "".join(FENCED.findall(text))
        assert [number for number in re.findall(r"\d+\.\d{2,}", prose) if number not in shown] == []


@pytest.mark.parametrize("index", ["index.md", "index.zh.md"])
def test_the_index_leads_to_every_page(index: str) -> None:
    linked, todo = set[Path](), [DOCS / index]
    while todo:
        page = todo.pop()
        found = {(page.parent / target).resolve() for _, target in LINK.findall(page.read_text("utf-8"))}
        todo += [each for each in found - linked if each.name == index]  # a folder of pages has an index of its own
        linked |= found
    pages = {page for page in FOUND if page.name.endswith(".zh.md") == index.endswith(".zh.md")}
    assert pages - linked - {DOCS / index} == set()


@pytest.mark.parametrize("page", ["README.md", "README.zh.md"])
def test_a_key_of_the_readme_is_a_key(page: str) -> None:
    rows = re.findall(r"^\| `.`.*\|$", (ROOT / page).read_text("utf-8"), re.MULTILINE)
    known = {key.shown for key in ACTIONS} | set("hjkl")
    assert len(rows) > 3
    assert {key for row in rows for key in re.findall(r"`(.)`", row)} <= known


@pytest.mark.parametrize("page", ["tutorial.md", "tutorial.zh.md"])
def test_a_key_beside_a_command_runs_it(page: str) -> None:
    shown = re.findall(r"^(\S+) .*?# (\S)$", (DOCS / page).read_text("utf-8"), re.MULTILINE)
    does = {key.shown: key.line or key.label.en for key in ACTIONS}
    assert len(shown) > 5
    assert [(line, key) for line, key in shown if does.get(key) not in (line, {"set": "edit"}.get(line))] == []
