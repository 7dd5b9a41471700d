"""Reading YAML: what is a number, what is refused, and where."""

import math
from collections.abc import Callable
from pathlib import Path

import pytest

from tfstep.scenario.file.mistakes import Mistake, Mistakes, Report
from tfstep.scenario.file.nodes import Scalar, to_python
from tfstep.scenario.file.reading import decode, read_text
from tfstep.scenario.file.yaml import MAX_BYTES, MAX_DEPTH, MAX_VALUES, parse

Wrong = Callable[[str], list[Mistake]]


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("1e-3", 1e-3),
        ("-.5", -0.5),
        ("0x10", 16),
        ("0o17", 15),
        ("007", 7),
        ("no", "no"),
        ("on", "on"),
        ("yes", "yes"),
        ("True", True),
        ("false", False),
        ("~", None),
        ("", None),
        ("'1'", "1"),
        ("1_000", "1_000"),
        ("-.inf", -math.inf),
        ("1:30", "1:30"),
        ("2024-01-01", "2024-01-01"),
        ("9" * 41, float("9" * 41)),
        ("我", "我"),
    ],
)
def test_scalars_follow_the_core_schema_of_yaml_1_2(written: str, value: object) -> None:
    report = Report()
    read = to_python(parse(f"k: {written}\n", "f", report))
    assert read == {"k": value}
    assert not report.mistakes


def test_a_value_knows_where_it_stands() -> None:
    tree = parse("a:\n  - 一 二\n  - 'x y'\n", "f", Report())
    items = tree.entries["a"].items  # type: ignore[union-attr]  # it is a list
    assert [(i.place.line, i.place.column) for i in items] == [(2, 5), (3, 5)]
    assert isinstance(items[0], Scalar)
    assert isinstance(items[1], Scalar)
    assert items[0].place_at(2).column == 7  # 二
    assert items[1].place_at(2).column == 8  # y, after the quotation mark


def test_inside_escaped_and_folded_text_the_place_is_where_the_value_begins() -> None:
    tree = parse('a: "x\\u0041 b"\nb: >\n  one\n  two\n', "f", Report())
    for key in "ab":
        node = tree.entries[key]
        assert isinstance(node, Scalar)
        assert node.place_at(3) == node.place


@pytest.mark.parametrize(
    ("text", "line", "column", "words"),
    [
        ("a: !!str x\n", 1, 4, "a tag"),
        ("a: !!python/object/apply:os.system [ls]\n", 1, 4, "a tag"),
        ("a: !x {b: 1}\n", 1, 4, "a tag"),
        ("tfstep: 1\nb: &x 1\n", 2, 4, "an anchor &x"),
        ("a: &x [1]\nb: *x\n", 2, 4, "an alias *x"),
        ("a: 1\nb: 2\na: 3\n", 3, 1, "twice, first on line 1"),
        ("a: 1\n---\nb: 2\n", 2, 1, "a second document"),
        ("%YAML 1.1\n---\na: 1\n", 2, 1, "a % directive"),
        ("a: b: c\n", 1, 5, "a second `: `"),
        ("a:\n\tb: 1\n", 2, 1, "a tab"),
        ("a: [1, 2\nb: 3\n", 2, 2, "not closed"),
        ("a: 'x\n", 1, 4, "never closed"),
        ("a: 1\n b: 2\n", 2, 3, "indentation"),
        ("a: b: 2\n", 1, 5, "a second `: `"),
        ("c: 1\na: [1,\n  2\n", 4, 1, "it was opened at 2:4"),
        ("tfstep：1\n", 1, 7, "full-width colon"),
        ("tfstep: 1\nmodel：\n", 2, 6, "full-width colon"),
        ("tfstep：1\nmodel: 1\n", 1, 7, "full-width colon"),
        ("- 1\n", 1, 1, "no keys at the top"),
        ("? [a]\n: 1\n", 1, 3, "a key that is no name"),
        ("a: 1\nb: \x07\n", 2, 4, "control character"),
        ("a: \x00\n", 1, 4, "control character"),
    ],
)
def test_what_no_scenario_may_hold_is_refused_at_its_place(
    wrong: Wrong, text: str, line: int, column: int, words: str
) -> None:
    assert any((f.place.line, f.place.column) == (line, column) and words in str(f.message) for f in wrong(text)), (
        wrong(text)
    )


@pytest.mark.parametrize("text", ["", "\n\n", "# only a comment\n", "---\n", "~\n"])
def test_an_empty_file_says_how_one_begins(wrong: Wrong, text: str) -> None:
    assert ["the file is empty" in str(f.message) and "tfstep: 1" in str(f.message) for f in wrong(text)] == [True]
    assert [(f.place.line, f.place.column) for f in wrong(text)] == [(1, 1)]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: " + "[" * 5000, "levels deep"),
        ("a: " + "[" * 5000 + "]" * 5000, "levels deep"),
        ("a: " + "[\n" * 5000, "levels deep"),
        ("{a: " * 5000, "levels deep"),
        ("- " * 5000, "levels deep"),
        ("[{a: " * 3000, "levels deep"),
        ("\n".join(" " * i + "a:" for i in range(MAX_DEPTH + 2)), "levels deep"),
        ("a: [" + "1," * (MAX_VALUES + 1) + "]", "more than 20,000 values"),
        ("a: x" + " x" * MAX_BYTES, "bytes; at most"),
        ("a: &a [x]\n" + "".join(f"b{i}: *a\n" for i in range(5000)), "an alias"),
        ("".join(f"k{i}: 1\n" for i in range(5000)), "unknown key k0"),
        ("model: {kind: encoder}\nvocab: [a]\ninput: {source: " + "b " * 100_000 + "}", "100000 words; a sentence"),
        (f"model: {{kind: encoder}}\nvocab: [a]\ninput: {{source: {'b ' * 5000}}}", "the word 'b' is not in vocab"),
        ("model: {kind: encoder}\nvocab: 99999999\ninput: {source: 1}\n", "a vocabulary of 99999999 words"),
        ("a: &a [x]\nb: &b [*a,*a]\nc: &c [*b,*b]\n", "an alias"),
    ],
)
def test_a_hostile_file_is_refused_before_it_costs_anything(wrong: Wrong, text: str, words: str) -> None:
    assert any(words in str(f.message) for f in wrong(text))


def test_brackets_up_to_the_limit_are_read() -> None:
    depth = MAX_DEPTH - 1
    assert parse("a: " + "[" * depth + "]" * depth, "f", Report()).entries


@pytest.mark.parametrize(
    ("data", "line", "column", "words"),
    [
        ("a: 我".encode("utf-16"), 1, 1, "UTF-16"),
        ("a: 1\nb: 我".encode("gbk"), 2, 4, "0xce is not UTF-8"),
        (b"\x89PNG\r\n\x1a\n\x00", 1, 1, "0x89 is not UTF-8"),
        ("title: 我\nb: ".encode() + b"\xff", 2, 4, "0xff is not UTF-8"),
    ],
)
def test_other_encodings_are_named(data: bytes, line: int, column: int, words: str) -> None:
    with pytest.raises(Mistakes) as caught:
        decode(data, "f")
    (mistake,) = caught.value.mistakes
    assert (mistake.place.line, mistake.place.column) == (line, column)
    assert words in str(mistake)


def test_a_byte_order_mark_and_windows_line_ends_are_read() -> None:
    assert decode(b"\xef\xbb\xbfa: 1\r\nb: 2\r\n", "f") == "a: 1\nb: 2\n"


def test_what_is_no_file_is_named(tmp_path: Path) -> None:
    for path, words in ((tmp_path, "a folder"), (Path("/dev/zero"), "not a plain file"), (tmp_path / "x", "cannot be")):
        with pytest.raises(Mistakes, match=words):
            read_text(path)


def test_a_large_file_is_refused_by_its_size(tmp_path: Path) -> None:
    path = tmp_path / "large.yaml"
    with path.open("wb") as file:
        file.truncate(10**12)
    with pytest.raises(Mistakes, match="1,000,000,000,000 bytes"):
        read_text(path)


def test_mistakes_before_a_syntax_error_are_told_too(wrong: Wrong) -> None:
    assert [(f.place.line, f.place.column) for f in wrong("a: !x 1\nb: b: c\n")] == [(1, 4), (2, 5)]
