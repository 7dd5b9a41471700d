"""What people, cats and attackers write: lines, expressions and files, made from a grammar by a seed, then broken."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from tfstep.commands.language.registry import all_commands
from tfstep.expr import functions

WORDS = ("我", "爱", "你", "a", "b", "<pad>", "'我'", "他#2", "x", "'<pad>'")
NUMBERS = ("0", "1", "-1", "2", "0.5", "-0.0", "1e308", "-1e309", "nan", "inf", "1e-320", "9" * 25, "１", "3")
EVIL = (
    *("__import__('os')", "().__class__", "x.__globals__", "9**9**9", "[" * 200, "(" * 300, "1" * 400, "-" * 500),
    *("zeros([9999,9999,99])", "[i for i in x]", "lambda: 1", "open('f')", "`", "'", '"', "\\", "#", ";", "\x00"),
    *("\u202e", "x₁", "ｗ", "--", "$", "$_", "$1", "it", "it.grad", "loss:loss", "`swapped:loss`", "`nope:loss`"),
    *("`enc0.attn.weights/exp`", "enc0.attn.weights/exp", "[1,2", "]", "*", "*.weights", "op softmax", "backward"),
    *("start", "end", "14.2", "9.1", "if", "=", "==", "→", "a→b", "overwrite", "now", "-o", "/etc/passwd", "\ud800"),
    *(
        "\x1b[31m",
        "\u2028",
        "{{ 1 }}",
        "[[[]]]",
        "[]",
        "~nouser",
        "…",
        "\t",
        "[nan, inf]",
        "[[1],[2,3]]",
        "zeros([0, 2])",
    ),
)
OPERATORS = (" + ", "-", "*", " / ", "@", "**", " < ", "==", " and ", ",", " != ", " or ", "%", "//", "|")
ENDS = (".T", ".grad", ".shape", "[0]", "[..., 1]", ".new", ".size", ".ndim", "[::-1]", "[None]", "[0,0,'我','爱']")
PIECES = (
    *"[]{}:'\"|,-#&*!%@`",
    "- ",
    "\n",
    "nan",
    ".inf",
    "-1",
    "9" * 30,
    "我",
    "\x1b",
    "{{",
    "}}",
    "```",
    "1e308",
    "  ",
    "\t",
)
KEYS = ("dtype", "mask.custom", "train.lr", "loss.kind", "scale", "heads")
GIVEN = ("float16", "bfloat16", "float32", "[[0, 1]]", "nan", "-1", "true")
SIDES = ("source", "target", "labels", "x")
FILES = ("save", "export", "source", "recover")
Make = Callable[[random.Random], str]


class Grammar:
    """Lines and expressions about the tensors of one scenario."""

    def __init__(self, paths: Sequence[str]) -> None:
        self.paths = list(paths)
        self.functions = sorted(functions())
        self.commands = [name for name in all_commands() if name not in FILES]

    def cell(self, draw: random.Random) -> str:
        """A tensor, or a part of one."""
        path = draw.choice(self.paths)
        if draw.random() < 0.4:
            return path
        at = (
            "0",
            "1",
            "-1",
            ":",
            "1:",
            "'我'",
            "9",
            "",
            "...",
            "0.5",
            "x",
            "::2",
            "None",
            "-9" * 9,
            "-:",
            ":-",
            "::",
            "-",
        )
        inside = ",".join(draw.choice((*at, self.index(draw))) for _ in range(draw.randint(0, 5)))
        if draw.random() < 0.1:
            path = f"{draw.choice(('pass1', 'pass2', 'pass9', 'pass', 'base', 'swapped', ''))}:{path}"
        return f"{path}{draw.choice(('[', '[', '[', '[', '[', ''))}{inside}{draw.choice((']', ']', ']', ']', ''))}"

    def index(self, draw: random.Random) -> str:
        """An index that may have a sign, a bound, a word or half of either at any place."""
        parts = ("", "-", "+", "--", ":", "0", "1", "-1", "'", '"', "我", "'我'", "#2", "他#", ".", " ", "9" * 20, "１")
        return "".join(draw.choice(parts) for _ in range(draw.randint(0, 4)))

    def expression(self, draw: random.Random, depth: int = 3) -> str:
        """An expression, mostly of the language."""
        kind = draw.random()
        if depth == 0 or kind < 0.3:
            return draw.choice((self.cell(draw), draw.choice(NUMBERS), draw.choice(EVIL), draw.choice(WORDS)))
        inner = self.expression(draw, depth - 1)
        if kind < 0.5:
            return inner + draw.choice(OPERATORS) + self.expression(draw, depth - 1)
        if kind < 0.7:
            more = "".join(f", {self.expression(draw, depth - 1)}" for _ in range(draw.choice((0, 0, 1, 1, 2))))
            return f"{draw.choice(self.functions)}({inner}{more})"
        if kind < 0.85:
            return inner + draw.choice(ENDS)
        return draw.choice((f"({inner})", f"[{inner}]", f"-{inner}", f"not {inner}", f"[{inner}, {inner}]"))

    def line(self, draw: random.Random) -> str:
        """A line of the debugger's."""
        name, kind = draw.choice(self.commands), draw.random()
        if draw.random() < 0.1:
            name = name[: draw.randint(1, len(name))]
        if kind < 0.25:
            words = (
                self.cell(draw),
                draw.choice(NUMBERS),
                draw.choice(EVIL),
                draw.choice(WORDS),
                self.expression(draw, 1),
            )
            return " ".join([name, *draw.sample(words, draw.randint(0, 4))])
        if kind < 0.4:
            return f"set {self.cell(draw)} = {self.expression(draw, 2)}"
        if kind < 0.5:
            stop = draw.choice(("break", "tbreak", "watch"))
            return f"{stop} {draw.choice((self.cell(draw), '*.weights', '*'))} if {self.expression(draw, 2)}"
        if kind < 0.7:
            what = draw.choice(("explain", "why", "show", "goto", "until", "names", "display", "plot", "release"))
            return f"{what} {self.cell(draw)}"
        if kind < 0.72:
            return self.later(draw)
        if kind < 0.8:
            moves = ("s", "n", "c", "rs", "rn", "rc", "fin", "rf", "list", "where", "undo", "redo", "reset", "rewind")
            return draw.choice((*moves, "train 2", "variant swapped", "variant base", "diff", "delete", "baseline", ""))
        if kind < 0.9:
            return f"print {self.expression(draw)}"
        return broken(draw, f"{name} {self.cell(draw)} {self.expression(draw, 1)}")

    def later(self, draw: random.Random) -> str:
        """A line about what other lines have left: passes that were generated, checkpoints, studies, a program's lines."""
        return draw.choice(
            (
                f"generate {draw.choice((*NUMBERS, 'beams 2', 'temperature 0', 'top_k 2', 'top-p 0.5', 'seed 1 2', 'x'))}",
                f"variant {draw.choice(('pass1', 'pass2', 'pass9', 'base', self.cell(draw)))}",
                f"{draw.choice(('goto', 'explain', 'show', 'diff', 'print', 'why'))} pass2:{self.cell(draw)}",
                f"code {self.cell(draw)}",
                f"nudge {self.cell(draw)} {draw.choice(NUMBERS)}",
                f"sweep {self.cell(draw)} {draw.choice(NUMBERS)} {draw.choice(NUMBERS)} {draw.choice(NUMBERS)}",
                f"landscape {self.cell(draw)} {self.cell(draw)}",
                f"checkpoint {draw.choice(WORDS)}",
                f"restore {draw.choice(WORDS)}",
                f"model {draw.choice(KEYS)} {draw.choice((*GIVEN, self.expression(draw, 1)))}",
                f"tokens {draw.choice(SIDES)} {' '.join(draw.choice((*WORDS, '|')) for _ in range(3))}",
                f"ignore {draw.choice(NUMBERS)} {draw.choice(NUMBERS)}",
                f"commands {draw.choice(('1', '', '9'))} {self.cell(draw)}; print loss",
                f"{draw.choice(('diagnose', 'baseline', 'diff'))} {draw.choice(('/dev/null', '.', 'none.npz', *EVIL))}",
            )
        )


def broken(draw: random.Random, whole: str) -> str:
    """A text with a few places cut, doubled, or filled with something else."""
    for _ in range(draw.randint(1, 4)):
        at, cut = draw.randrange(len(whole) + 1), draw.choice((0, 0, 1, 3, 20))
        put = draw.choice((*PIECES, whole[at : at + 12], ""))
        whole = whole[:at] + put + whole[at + cut :]
    return whole


def scenario(draw: random.Random) -> str:
    """A scenario file: keys with values that are right, nearly right, or wrong."""

    def pick(*choices: object) -> str:
        return str(draw.choice((*choices, *choices, *choices, draw.choice(NUMBERS), draw.choice(PIECES))))

    kind = draw.choice(("encoder", "decoder", "encoder-decoder", "attention", "mlp", "formula"))
    keys = {
        "kind": kind,
        "layers": pick(1, 2, "{encoder: 1, decoder: 2}"),
        "d_model": pick(4, 8, 6),
        "heads": pick(2, 1, 4),
        "kv_heads": pick(1, 2),
        "d_k": pick(2, 3),
        "d_ff": pick(8, 4),
        "activation": pick("relu", "gelu", "swiglu", "tanh"),
        "norm": pick("layer", "rms", "batch", "none"),
        "norm_position": pick("pre", "post"),
        "eps": pick("1e-5", 0.1),
        "residual": pick("true", "false"),
        "positional": pick("sinusoidal", "learned", "rope", "none", "alibi"),
        "scale": pick("true", "false", 0.5),
        "mask": pick(
            "{padding: true, causal: true}", "{causal: false}", "{custom: [[0, 1], [1, 0]]}", "{custom: m.npz}"
        ),
        "mask_value": pick("-.inf", "-1e9"),
        "tie": pick("[]", "[[tgt.E, out.W]]"),
        "dtype": pick("float64", "float32", "float16", "bfloat16"),
        "sizes": pick("[2, 3, 1]", "[2, 2]"),
        "experts": pick("{count: 2, top: 1}"),
        "head": pick("true", "false"),
    }
    chosen = ["kind", *draw.sample(sorted(keys), draw.randint(1, 8))]
    model = ", ".join(f"{key}: {keys[key]}" for key in dict.fromkeys(chosen))
    if kind == "formula":
        steps = ", ".join(
            f"a{k}: {draw.choice(('w*x', 'tanh(w)', 'x @ w', 'sum(x)', 'w', 'a0', '1/0', 'zeros([9,9])'))}"
            for k in range(3)
        )
        model += f", given: {{x: {pick('[1, 2]', 3)}}}, parameters: {{w: {pick(0.5, '[[1, 2], [3, 4]]')}}}, steps: {{{steps}}}"
    sentence = pick("我 爱 你", "[我, 爱]", "[[我], [爱, 你]]", "{ids: [[1, 2]]}")
    start = f"enc0.attn.W_Q: {pick('identity', 2)}"
    parts = [
        "tfstep: 1",
        f"title: {pick('x', '{en: a, zh: 甲}')}",
        f"model: {{{model}}}",
        f"vocab: {pick('[<pad>, 我, 爱, 你]', '{source: [我, 爱, 你], target: [<sos>, 你]}', 9)}",
        f"input: {{source: {sentence}, target: {sentence}, labels: {sentence}, x: {pick('[[1, 0], [0, 1]]', '[1]')}}}",
        f"loss: {{kind: {pick('cross_entropy', 'mse', 'sum', 'none')}, target: {pick('[[1]]', 0)}}}",
        f"weights: {{seed: {pick(0, 1)}, init: {pick('xavier', 'zeros', '{normal: 0.02}')}, set: {{{start}}}}}",
        f"train: {{optimizer: {pick('sgd', 'adam', 'adamw')}, lr: {pick(0.1, 1)}, steps: {pick(3)}}}",
        f"variants: {{swapped: {{input: {{source: {sentence}}}}}, other: {{model: {{{model}}}}}}}",
        f"pins: {{enc0.attn.weights: {pick('[[0.5]]', 1)}}}",
    ]
    kept = [parts[2], *draw.sample([*parts[:2], *parts[3:]], draw.randint(1, len(parts) - 1))]
    text = "\n".join(kept) + "\n"
    return broken(draw, text) if draw.random() < 0.4 else text


def keys_file(draw: random.Random) -> str:
    """A file of one's own keys."""
    names = ("n", "p", "ctrl+x", "f1", "shift+enter", "我", "", "quit", "space", "a" * 300, "escape")
    values = ('"n"', '"next"', "1", '"train 3"', "[1]", '""', '"no such action"', "{a = 1}", '"\\u0000"', "true")
    lines = [
        f"{draw.choice((repr(draw.choice(names)), draw.choice(names)))} = {draw.choice(values)}"
        for _ in range(draw.randint(0, 6))
    ]
    text = "\n".join(lines) + "\n"
    return broken(draw, text) if draw.random() < 0.5 else text


def progress_file(draw: random.Random) -> str:
    """A file of a reader's progress."""
    values = ("1", "-1", "null", "true", "[]", "9" * 30, '"a"', "1e400", "{}")
    entry = ", ".join(f'"{key}": {draw.choice(values)}' for key in draw.sample(("step", "of", "done", "x"), 3))
    text = f'{{"attention": {{{entry}}}, "{draw.choice(WORDS)}": {draw.choice(values)}}}'
    return broken(draw, text) if draw.random() < 0.5 else text


def journal(draw: random.Random, lines: Make) -> str:
    """A diary of the scenario ``hill``, in KEY's place the scenario's own."""
    pid = draw.choice(("1", "null", "-1", "9" * 30, '"a"'))
    rows = [f'{{"scenario": "KEY", "variant": "base", "pid": {pid}}}']
    for _ in range(draw.randint(0, 5)):
        text = lines(draw).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        rows.append(
            draw.choice((f'"{text}"', '{"instead": "train 2"}', '{"left": true}', "[" * 3000, "null", f'"{text[:5]}'))
        )
    text = "\n".join(rows) + "\n"
    return broken(draw, text) if draw.random() < 0.4 else text
