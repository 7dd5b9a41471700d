"""From tokens to the tree, by precedence climbing (Pratt 1973); operators bind as in Python."""

from __future__ import annotations

import math
from collections.abc import Collection

from tfstep.errors import ExpressionError
from tfstep.expr.names import attributes_of, named, quoted
from tfstep.expr.syntax.nodes import (
    Call,
    Chain,
    Compare,
    Dots,
    Index,
    Label,
    Listed,
    Logic,
    New,
    Node,
    Number,
    Operand,
    Slice,
    Unary,
)
from tfstep.expr.syntax.tokens import Token, tokens
from tfstep.text import Bilingual

DEPTH = 40  # brackets and signs inside each other
NODES = 500  # values and operators of one expression
EXACT = 2**53  # whole numbers up to here are exact in float64
LEVELS = {"or": 1, "and": 2, "+": 5, "-": 5, "*": 6, "/": 6, "@": 6, "**": 8}
LEVELS |= dict.fromkeys(("==", "!=", "<", "<=", ">", ">="), 4)
NOT, UNARY = 3, 7
CHAINS: dict[int, type[Logic | Compare | Chain]] = {1: Logic, 2: Logic, 4: Compare, 5: Chain, 6: Chain, 8: Chain}
_INSTEAD = {
    "if": Bilingual("a choice is written where(condition, a, b)", "选择写作 where(条件, a, b)"),
    "else": Bilingual("a choice is written where(condition, a, b)", "选择写作 where(条件, a, b)"),
    "for": Bilingual("functions work on whole tensors: sum(x, axis=0)", "函数直接作用于整个张量：sum(x, axis=0)"),
    "lambda": Bilingual("there are no functions of one's own", "不能自定义函数"),
    "import": Bilingual("there is nothing to import", "没有可导入的东西"),
    "is": Bilingual("== compares", "比较写作 =="),
    "in": Bilingual("write any(x == value)", "请写 any(x == 值)"),
    "None": Bilingual("leave the argument out", "不写这个参数即可"),
}


class Parser:
    """One text being read; ``names`` mean tensors even where a constant is called so."""

    def __init__(self, text: str, names: Collection[str]) -> None:
        self.tokens, self.at, self.names = tokens(text), 0, names
        self.depth = self.count = 0

    @property
    def token(self) -> Token:
        """The next token."""
        return self.tokens[self.at]

    def take(self) -> Token:
        """The next token, taken."""
        token = self.token
        self.at += 1
        self.count += 1
        if self.count > NODES:
            raise ExpressionError(
                Bilingual("more than {most} parts; split it up", "超过 {most} 个部分；请拆开写", most=NODES),
                token.column,
            )
        return token

    def accept(self, symbol: str) -> bool:
        """Take this symbol if it is next."""
        if self.token.kind == "symbol" and self.token.text == symbol:
            self.take()
            return True
        return False

    def expect(self, symbol: str) -> None:
        """Take this symbol. Raises ExpressionError where another token stands."""
        if not self.accept(symbol):
            raise self.surprise(Bilingual("{symbol}, or an operator", "{symbol} 或运算符", symbol=symbol))

    def surprise(self, wanted: Bilingual) -> ExpressionError:
        """The error for the next token, where ``wanted`` should stand."""
        token = self.token
        there = (
            Bilingual("the end", "到了结尾")
            if token.kind == "end"
            else Bilingual("{it}", "是 {it}", it=token.text[:40])
        )
        hint = _INSTEAD.get(token.text) if token.kind == "word" else None
        if token.kind == "string":
            hint = Bilingual(
                "words in quotes stand only as indices: `PATH['我']`", "引号里的词只能用作下标：`PATH['我']`"
            )
        if token.text == "," and token.kind == "symbol":
            hint = Bilingual("a list of numbers is written [1, 2]", "一列数写作 [1, 2]")
        if token.text == "=" and token.kind == "symbol":
            hint = Bilingual("== compares", "比较写作 ==")
        return ExpressionError(
            Bilingual(
                "{there} stands where {wanted} is expected{hint}",
                "这里应为{wanted}，却{there}{hint}",
                there=there,
                wanted=wanted,
                hint=Bilingual("; {hint}", "；{hint}", hint=hint) if hint else Bilingual("", ""),
            ),
            token.column,
        )

    def too_deep(self) -> ExpressionError:
        """The error for brackets, signs or indices in each other beyond `DEPTH`."""
        return ExpressionError(
            Bilingual("nested more than {most} deep", "嵌套超过 {most} 层", most=DEPTH), self.token.column
        )

    def whole(self) -> Node:
        """The tree of the whole text."""
        node = self.expression()
        if self.token.kind != "end":
            raise self.surprise(Bilingual("an operator or the end", "运算符或结尾"))
        return node

    def expression(self, above: int = 0) -> Node:
        """An expression of operators that bind tighter than level ``above``."""
        self.depth += 1
        if self.depth > DEPTH:
            raise self.too_deep()
        left = self.prefix(above)
        while (level := self.level()) > above:
            rest: list[Operand] = []
            while self.level() == level and (not rest or level not in (1, 2) or self.token.text == rest[0].sign):
                sign = self.take()
                rest.append(Operand(sign.text, sign.column, self.expression(UNARY if level == 8 else level)))
            left = CHAINS[level](left.column, left, tuple(rest))
        self.depth -= 1
        return left

    def level(self) -> int:
        """How tight the next token binds as an operator; 0 where it is none."""
        return LEVELS.get(self.token.text, 0) if self.token.kind in ("symbol", "word") else 0

    def prefix(self, above: int) -> Node:
        """A value with the signs before it."""
        token = self.token
        if token.kind == "symbol" and token.text in ("-", "+"):
            self.take()
            return Unary(token.column, token.text, self.expression(UNARY))
        if token.kind == "word" and token.text == "not" and above <= NOT:
            self.take()
            return Unary(token.column, "not", self.expression(NOT))
        return self.postfix(self.primary())

    def primary(self) -> Node:
        """A number, a name, a call, a list, or an expression in parentheses."""
        token = self.token
        if token.kind == "number":
            self.take()
            return Number(token.column, self.number(token))
        if token.kind == "quoted":
            self.take()
            return quoted(token, self.names)
        if token.kind == "word" and token.text not in _INSTEAD and token.text not in ("and", "or", "not"):
            self.take()
            return self.call(token) if self.accept("(") else named(token, self.names)
        if self.accept("("):
            node = self.expression()
            items = [node]
            while (among := self.accept(",")) and not (self.token.kind == "symbol" and self.token.text == ")"):
                items.append(self.expression())
            self.expect(")")
            return Listed(token.column, tuple(items)) if among or len(items) > 1 else node
        if self.accept("["):
            items = []
            while not self.accept("]"):
                items.append(self.expression())
                if not self.accept(","):
                    self.expect("]")
                    break
            return Listed(token.column, tuple(items))
        raise self.surprise(Bilingual("a number, a path or a function", "数、路径或函数"))

    def number(self, token: Token) -> int | float:
        """The value of a number. Raises ExpressionError beyond float64, and for ``2x``."""
        following = self.token
        if following.kind == "word" and following.column == token.column + len(token.text):
            raise ExpressionError(
                Bilingual("a product is written {a}*{b}", "乘积写作 {a}*{b}", a=token.text, b=following.text[:40]),
                following.column,
            )
        value = float(token.text)
        if math.isinf(value):
            raise ExpressionError(
                Bilingual("{n} is beyond float64; write inf", "{n} 超出 float64 的范围；请写 inf", n=token.text),
                token.column,
            )
        return int(token.text) if token.text.isdigit() and value <= EXACT else value

    def postfix(self, node: Node) -> Node:
        """A value with the indices and attributes after it."""
        for _ in range(DEPTH):
            column = self.token.column
            if self.accept("["):
                items = [self.item()]
                while self.accept(",") and not (self.token.kind == "symbol" and self.token.text == "]"):
                    items.append(self.item())
                self.expect("]")
                node = Index(column, node, tuple(items))
            elif self.accept("."):
                if self.token.kind != "word":
                    raise self.surprise(Bilingual("one of T, shape, ndim, size", "T、shape、ndim、size 之一"))
                node = attributes_of(node, self.take())
            elif self.token.kind == "symbol" and self.token.text == "(":
                raise ExpressionError(
                    Bilingual(
                        "only functions are called, and by their names: sum(x, axis=-1)",
                        "只能按名称调用函数：sum(x, axis=-1)",
                    ),
                    column,
                )
            else:
                return node
        raise self.too_deep()

    def item(self) -> Node:
        """One index: a number, a word, a slice, ``...`` or ``None``."""
        token = self.token
        if token.kind == "string":
            self.take()
            return Label(token.column, token.text)
        if self.accept("..."):
            return Dots(token.column)
        if token.kind == "word" and token.text in ("None", "newaxis"):
            self.take()
            return New(token.column)
        parts: list[Node | None] = [None]
        while True:
            if self.accept(":"):
                parts.append(None)
            elif parts[-1] is None and not (self.token.kind == "symbol" and self.token.text in ("]", ",")):
                parts[-1] = self.expression()
            else:
                break
        if len(parts) > 3:
            raise ExpressionError(
                Bilingual("a slice is written start:stop:step", "切片写作 start:stop:step"), token.column
            )
        if len(parts) == 1:
            if parts[0] is None:
                raise self.surprise(Bilingual("an index", "下标"))
            return parts[0]
        return Slice(token.column, *parts, *[None] * (3 - len(parts)))

    def call(self, token: Token) -> Node:
        """``function(a, b, axis=-1)``; whether there is such a function is found out later."""
        args: list[Node] = []
        keywords: list[tuple[str, Node]] = []
        while not self.accept(")"):
            following = self.tokens[self.at + 1] if self.token.kind == "word" else self.token
            if following.kind == "symbol" and following.text == "=":
                keyword = self.take().text
                self.take()
                keywords.append((keyword, self.expression()))
            elif keywords:
                raise ExpressionError(
                    Bilingual("arguments with names come last", "带名称的参数放在最后"), self.token.column
                )
            else:
                args.append(self.expression())
            if not self.accept(","):
                self.expect(")")
                break
        return Call(token.column, token.text, tuple(args), tuple(keywords))
