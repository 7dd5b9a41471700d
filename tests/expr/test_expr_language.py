"""What can be written, what it reads, and what is said where it is wrong."""

import pytest
from expr_values import TABLE, finder, value

from tfstep.errors import ExpressionError, PathError
from tfstep.expr import Operand, caret, functions, parse
from tfstep.text import set_language


def names(text: str, **options: object) -> list[tuple[str, str | None, int]]:
    return [(n.path, n.variant, n.column) for n in parse(text, **options).names]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 + pi", []),
        ("b - a + b", [("b", None, 0), ("a", None, 4)]),
        ("enc0.norm1.gamma.grad.T.shape[0]", [("enc0.norm1.gamma.grad", None, 0)]),
        ("(enc0.norm1)", [("enc0.norm1", None, 1)]),
        ("it.grad + it.new", [("it.grad", None, 0), ("it.new", None, 10)]),
        ("a[b, c:d]", [("a", None, 0), ("b", None, 2), ("c", None, 5), ("d", None, 7)]),
        ("sum(x, axis=n)", [("x", None, 4), ("n", None, 12)]),
        ("$_ + $1 + $a_b", [("$_", None, 0), ("$1", None, 5), ("$a_b", None, 10)]),
        ("`a.b/c.d`", [("a.b/c.d", None, 0)]),
        ("`v-1: a.b`.grad.T", [("a.b.grad", "v-1", 0)]),
        ("`a.T`[0]", [("a", None, 0)]),
        ("a . grad", [("a.grad", None, 0)]),
        ("h.0.attn.c_attn.weight", [("h.0.attn.c_attn.weight", None, 0)]),
        ("1 < a < 2 and not b or c", [("a", None, 4), ("b", None, 18), ("c", None, 23)]),
        ("变量 * 2", [("变量", None, 0)]),
    ],
)
def test_the_names_that_an_expression_reads(text: str, expected: list[tuple[str, str | None, int]]) -> None:
    assert names(text) == expected


def test_a_tensor_may_be_called_like_a_constant() -> None:
    assert names("e + pi") == []
    assert names("e + pi", names={"e"}) == [("e", None, 0)]


def test_only_what_is_needed_is_computed() -> None:
    pulled = []

    def find(path: str, variant: str | None) -> Operand:
        operand = TABLE[path, variant]

        def pull() -> object:
            pulled.append(path)
            return operand.pull()

        return Operand(operand.spec, pull)

    parse("A.shape[0] + sum(B)").evaluate(find)
    assert pulled == ["B"]
    for wrong in ("A + B", "A @ zeros(10**9)", "A + nowhere", "A[7]", "argmax(A, axis=2)"):
        with pytest.raises((ExpressionError, KeyError)):
            parse(wrong).evaluate(find)
    assert pulled == ["B"]


WRONG = [
    ("", 0, "no expression"),
    ("1 +", 3, "the end stands where"),
    ("1 2", 2, "2 stands where an operator or the end"),
    ("2x", 1, "2*x"),
    ("(1", 2, "the end stands where )"),
    ("A[", 2, "the end"),
    ("A[]", 2, "an index"),
    ("A[1:2:3:4]", 2, "start:stop:step"),
    ("A = 2", 2, "== compares"),
    ("A := 2", 2, "== compares"),
    ("A // 2", 2, "floor"),
    ("A ^ 2", 2, "a**b"),
    ("A && B", 2, "`and`"),
    ("!A", 0, "`not`"),
    ("{1: 2}", 0, "no meaning"),
    ("'我'", 0, "only as indices"),
    ("A['我", 2, "quote is missing"),
    ("`A", 0, "backquote is missing"),
    ("`A[0]`", 0, "indices after them"),
    ("``", 0, "PATH or VARIANT:PATH"),
    ("$", 0, "$name"),
    ("sum（A）", 3, "write ("),
    ("1，2", 1, "write ,"),
    ("ｗ1 + 1", 0, "write w1"),
    ("x₁", 0, "write x1"),
    ("A × B", 2, "a*b"),
    ("A if B else C", 2, "where(condition, a, b)"),
    ("1 is 2", 2, "== compares"),
    ("A.foo", 0, "no tensor A.foo"),
    ("(A).foo", 4, ".foo"),
    ("A.T.grad", 0, ".grad and .new stand right after a path"),
    ("A.sum()", 0, "write sum(A)"),
    ("smu(A)", 0, "did you mean sum?"),
    ("A(1)", 0, "no function A"),
    ("(A)(1)", 3, "only functions are called"),
    ("sum()", 0, "x is missing"),
    ("sum(A, axs=1)", 0, "it takes no axs"),
    ("sum(A, 1, True, 2)", 0, "1 arguments too many"),
    ("sum(A, axis=1, axis=2)", 0, "given twice"),
    ("sum(axis=1, A)", 12, "come last"),
    ("1 + sum(A, axis=3)", 4, "no axis 3"),
    ("sum(A, axis=0.5)", 0, "axis is a whole number"),
    ("sum(A, keepdims=2)", 0, "True or False"),
    ("A + B", 2, "(3, 4) , (4, 3)"),
    ("1 * A @ A", 6, ".T on the right"),
    ("A @ 2", 2, "write *"),
    ("A[3]", 1, "index 3 is outside"),
    ("A[0, 0, 0]", 1, "3 indices for 2 axes"),
    ("A[0.5]", 1, "an index is"),
    ("A[A > 0]", 1, "where()"),
    ("A['我']", 1, "no words"),
    ("w[0, 0, '你']", 1, "axis query has no word 你"),
    ("w[0, 0, '他#3']", 1, "no word 他#3"),
    ("A[..., ...]", 1, "once in brackets"),
    ("A[::0]", 1, "cannot be 0"),
    ("[1, [2]]", 0, "differ in length"),
    ("[A]", 1, "concat(a, b)"),
    ("reshape(A, 5)", 0, "cannot be reshaped"),
    ("max(A[3:])", 0, "no number to choose from"),
    ("topk(A, 9)", 0, "from 1 to 4"),
    ("zeros(A)", 0, "known before anything is computed"),
    ("nowhere + 1", 0, "no tensor nowhere"),
    ("1 + enc0.norm1.gama", 4, "did you mean enc0.norm1.gamma?"),
    ("`swapped:A`", 0, "no tensor A"),
]


@pytest.mark.parametrize(("text", "column", "message"), WRONG, ids=[text for text, _, _ in WRONG])
def test_a_mistake_is_said_with_its_place(text: str, column: int, message: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        value(text)
    assert message in str(caught.value)
    assert caught.value.column == column
    set_language("zh")
    assert any("\u4e00" <= c <= "\u9fff" for c in str(caught.value))


def test_an_unknown_name_is_an_error_of_both_kinds() -> None:
    with pytest.raises(PathError) as caught:
        parse("2 * nowhere").evaluate(finder())
    assert isinstance(caught.value, ExpressionError)
    assert caught.value.column == 4


def test_the_index_of_a_computed_place_is_checked() -> None:
    with pytest.raises(ExpressionError, match="outside of an axis of 3"):
        value("A[argmax(v) + 10]")


def test_the_caret_stands_under_the_character() -> None:
    assert caret("1 + x", 4) == "1 + x\n    ^"
    assert caret("w['我'] + y", 9) == "w['我'] + y\n          ^"
    assert caret("a\nb", 2) == "a b\n  ^"
    assert caret("", 0) == "\n^"


def test_every_function_has_a_line_of_help_and_a_signature() -> None:
    table = functions()
    assert {"softmax", "entropy", "topk", "where", "has_nan", "saturated"} <= set(table)
    for name, function in table.items():
        assert function.signature.startswith(f"{name}(")
        assert function.help.in_("en")
        assert function.help.in_("zh")
    assert table["softmax"].signature == "softmax(x, axis=-1)"
    assert table["concat"].signature == "concat(xs…, axis=0)"
