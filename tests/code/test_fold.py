"""Long lines, folded."""

import ast

import pytest

from tfstep.code.fold import WIDTH, Step, lines, quoted

A, B = "a" * 28, "b" * 28
FOLDED = [
    (f"{A} + {B} @ c", f"result = {A} + {B} @ c"),
    (f"{A} + {B} @ {A} - cc", f"result = (\n    {A} + {B} @ {A} - cc\n)"),
    (f"{A} + {B} @ {A} - {B}", f"result = (\n    {A}\n    + {B} @ {A}\n    - {B}\n)"),
    (f"f({A}, {B}, {A}, c=1)", f"result = f(\n    {A}, {B}, {A}, c=1\n)"),
    (f"f({A}, {B}, {A}, {B})", f"result = f(\n    {A},\n    {B},\n    {A},\n    {B},\n)"),
    (f"{A}.f({B}).g({A}, 2)", f"result = (\n    {A}.f({B}).g({A}, 2)\n)"),
    (f"any({A} in {B} for g in [{A}, {B}, {B}])", ""),
    (f"f({A} * {B} + {A} * {B})[{A}, {B}] + 1", ""),
    (f'T["{A} + {B}"] @ T["{B} + {A}"].swapaxes(-1, -2)', ""),
    (f"x[[{', '.join(map(str, range(60)))}]]", ""),
    (f"x[{A} + {B} + {A} + {B}]", ""),
    (f"f(g({A}, {B}, {A}, {B}))", ""),
    (f"-({A} + {B} + {A} + {B})", ""),
]


@pytest.mark.parametrize(("how", "text"), FOLDED, ids=range(len(FOLDED)))
def test_a_line_is_folded_and_means_the_same(how: str, text: str) -> None:
    found = lines(Step("result", how))
    assert not text or "\n".join(found) == text
    assert ast.dump(ast.parse("\n".join(found))) == ast.dump(ast.parse(f"result = {how}"))
    assert max(map(len, found)) <= WIDTH
    inside = "\n".join(["def f():", *lines(Step("return", how), 1)])
    assert ast.dump(ast.parse(inside)) == ast.dump(ast.parse(f"def f(): return {how}"))
    assert max(map(len, inside.splitlines())) <= WIDTH


def test_a_remark_without_room_stands_above() -> None:
    step = Step("y", f"{A} + {B} + 1", "  # (batch 1, head 1, query 3, key 3)")
    assert lines(step) == ["# (batch 1, head 1, query 3, key 3)", f"y = {A} + {B} + 1"]
    assert lines(Step("y", "x", step.remark)) == [f"y = x{step.remark}"]


def test_a_text_stands_in_double_quotes_where_it_can() -> None:
    assert [quoted(text) for text in ("a.b", 'say "a"', "a\\b")] == ['"a.b"', repr('say "a"'), repr("a\\b")]
