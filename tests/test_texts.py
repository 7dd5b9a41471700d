"""Every text stands in both languages, with the same places, and nothing reaches the user without one."""

import ast
import re
import string
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

import tfstep

PACKAGE = Path(tfstep.__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))
PAGES = sorted((PACKAGE.parent / "docs").rglob("*.py"))
SPEAKING = [
    path
    for path in MODULES
    if path.relative_to(PACKAGE).parts[0] in ("faces", "lessons", "commands", "view", "session")
]
CHINESE = re.compile(r"[\u4e00-\u9fff]")
ENGLISH = re.compile(r"[A-Za-z]{3,}")
SENTENCE = re.compile(r"\b[a-z]{2,} [a-z]{2,} [a-z]{2,}\b")


def called(call: ast.Call) -> str:
    """The last name of what is called: ``Bilingual`` in ``text.Bilingual(…)``."""
    match call.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def calls(tree: ast.AST, *names: str) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call) and called(node) in names)


def places(template: str) -> set[str]:
    """The names in braces, ``{error.line}`` counting as ``error``."""
    fields = (field for _, field, _, _ in string.Formatter().parse(template) if field is not None)
    return {re.split(r"[.\[]", field)[0] for field in fields}


def words(template: str) -> str:
    """What of a template is written out, without its places and without what stands in backquotes."""
    literal = "".join(text for text, _, _, _ in string.Formatter().parse(template))
    return re.sub(r"`[^`]*`", "", literal)


def fault(call: ast.Call, open_places: bool = False) -> str | None:
    """What is wrong with one ``Bilingual(…)``, or with a ``Template(…)``, whose places stay open; or None."""
    match call.args:
        case [ast.Constant(value=str(en)), ast.Constant(value=str(zh))]:
            pass
        case _:
            return "not two plain strings"
    if places(en) != places(zh):
        return f"places differ: {sorted(places(en))} and {sorted(places(zh))}"
    given = {keyword.arg for keyword in call.keywords}
    if None not in given and given != (set() if open_places else places(en)):
        return f"places {sorted(places(en))}, values {sorted(str(name) for name in given)}"
    if ENGLISH.search(words(en)) and not CHINESE.search(words(zh)):
        return f"no Chinese in {zh!r}"
    return f"Chinese in the English {en!r}" if CHINESE.search(words(en)) else None


def faults(source: str) -> list[str]:
    return [
        f"line {call.lineno}: {found}"
        for call in calls(ast.parse(source), "Bilingual", "Template")
        if (found := fault(call, called(call) == "Template"))
    ]


def family(root: str) -> set[str]:
    """``root`` and every class of the package that descends from it."""
    trees = [ast.parse(path.read_text("utf-8")) for path in MODULES]
    classes = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    names, before = {root}, 0
    while len(names) > before:
        before = len(names)
        names |= {node.name for node in classes for base in node.bases if ast.unparse(base).split(".")[-1] in names}
    return names


def bare_messages(source: str, errors: set[str]) -> list[str]:
    """Errors that are given a string where a `Bilingual` belongs."""
    return [
        f"line {call.lineno}: {ast.unparse(call)}"
        for call in calls(ast.parse(source), *errors)
        if call.args and isinstance(call.args[0], ast.Constant | ast.JoinedStr)
    ]


def loose_sentences(source: str) -> list[str]:
    """Sentences that stand in neither a `Bilingual` nor a docstring, an assertion, or an error that only a bug raises."""
    tree = ast.parse(source)
    apart = [
        *calls(
            tree,
            "Bilingual",
            "Template",
            "ValueError",
            "TypeError",
            "KeyError",
            "AssertionError",
            "RuntimeError",
            "compile",
        )
    ]
    apart += [node for node in ast.walk(tree) if isinstance(node, ast.Expr | ast.Assert)]
    kept = {id(inner) for node in apart if not _calls(node) for inner in ast.walk(node)}
    return [
        f"line {node.lineno}: {node.value!r}"
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in kept
        if SENTENCE.search(node.value)
    ]


def _calls(node: ast.AST) -> bool:
    """Whether a statement is a call: what it is given is looked at."""
    return isinstance(node, ast.Expr) and not isinstance(node.value, ast.Constant)


def test_a_loose_sentence_is_found() -> None:
    assert loose_sentences('say("no such file here")')
    assert loose_sentences('x = "there is no such file"')
    assert not loose_sentences('"""There is no such file."""\nx = Bilingual("there is no such file", "没有")')
    assert not loose_sentences('raise ValueError("there is no such file")')


def per_file(paths: Iterable[Path], rule: Callable[[str], list[str]]) -> dict[str, list[str]]:
    """What a rule finds, by file; nothing where all is well."""
    found = {path.relative_to(PACKAGE.parent).as_posix(): rule(path.read_text("utf-8")) for path in paths}
    return {name: faults for name, faults in found.items() if faults}


@pytest.mark.slow
def test_nothing_is_said_in_one_language_only() -> None:
    assert len(SPEAKING) > 20
    assert per_file(SPEAKING, loose_sentences) == {}


def test_texts_are_whole() -> None:
    assert len(PAGES) > 5
    assert per_file([*PAGES, *MODULES], faults) == {}


def test_errors_are_given_both_languages() -> None:
    assert per_file(MODULES, lambda source: bare_messages(source, ERRORS)) == {}


ERRORS = family("TfstepError")


def test_the_family_of_errors_is_found() -> None:
    assert {"TfstepError", "ScenarioError", "PathError"} <= ERRORS


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ('Bilingual("step {n}", "第 {n} 步", n=1)', None),
        ('Bilingual("{path}: {n}", "{path}：{n}", path=p, n=1)', None),
        ('Bilingual("`set`", "`set`")', None),
        ('Bilingual("step {n}", "第 {m} 步", n=1)', "places differ"),
        ('Bilingual("step {n}", "第 {n} 步")', "values"),
        ('Bilingual("step", "第一步", n=1)', "values"),
        ('Bilingual("next step", "next step")', "no Chinese"),
        ('Bilingual("第一步", "第一步")', "Chinese in the English"),
        ('Bilingual(f"step {n}", "第一步")', "not two plain strings"),
        ('Bilingual("next step")', "not two plain strings"),
        ('Template("{x} where masked", "{x}，被遮处")', None),
        ('Template("{x} where masked", "被遮处")', "places differ"),
        ('Template("{x} where masked", "{x} where masked")', "no Chinese"),
    ],
)
def test_a_faulty_text_is_found(source: str, expected: str | None) -> None:
    found = faults(source)
    assert (expected is None and not found) or (expected is not None and expected in found[0])


@pytest.mark.parametrize("source", ['raise PathError("no")', 'raise errors.PathError(f"no {path}")'])
def test_a_bare_message_is_found(source: str) -> None:
    assert bare_messages(source, ERRORS)
