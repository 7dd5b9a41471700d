"""Lines as strangers, cats and attackers type them; ``python fuzz_lines.py 30000`` runs so many sessions of them."""

import io
import sys
import time
from collections import Counter
from contextlib import suppress

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import tfstep
from tfstep.commands.language.registry import all_commands
from tfstep.commands.language.session import Session
from tfstep.errors import TfstepError
from tfstep.expr import functions
from tfstep.scenario.scenario import load_text
from tfstep.view.result.lines import text

SCENARIOS = [tfstep.load("wo-ai-ni"), tfstep.load("hill")]
SCENARIOS.append(
    load_text(
        "tfstep: 1\nmodel: {kind: encoder-decoder, layers: 1, d_model: 4, heads: 2, d_ff: 4, norm_position: pre}\n"
        "vocab: {source: [<pad>, a, b], target: [<pad>, <sos>, x, y]}\n"
        "input: {source: [[a, b], [b]], target: [[<sos>, x], [<sos>]], labels: [[x, y], [y]]}\n"
        "train: {optimizer: adam, lr: 0.01}\n"
    )
)
FILES = ("save", "export", "source")  # what is meant to touch files
LONG = ("check",)  # what takes its time by its nature
PATHS = sorted({path for each in SCENARIOS for path in list(each.program.plan.paths)[::3]})
WORDS = ["我", "爱", "你", "a", "b", "<pad>", "'我'", "他#2", "x"]
EVIL = [
    *("__import__('os')", "().__class__", "x.__globals__", "9**9**9", "[" * 200, "(" * 300, "1" * 400),
    *("zeros([9999,9999,99])", "[i for i in x]", "lambda: 1", "open('f')", "`", "'", '"', "\\", "#", ";", "\x00"),
    *("\u202e", "１", "x₁", "ｗ", "--", "$", "$_", "$1", "it", "it.grad", "loss:loss", "`swapped:loss`", "`nope:loss`"),
    *("`enc0.attn.weights/exp`", "enc0.attn.weights/exp", "nan", "inf", "-0.0", "1e309", "-1", "0", "1", "2", "3.5"),
    *("[1,2", "]", "*", "*.weights", "op softmax", "phase", "backward", "start", "end", "14.2", "9.1", "9.99"),
    *("999999999", "if", "=", "==", "→", "a→b", "overwrite", "now", "-o", "/etc/passwd"),
]
index = st.lists(st.sampled_from(["0", "1", "-1", ":", "1:", "'我'", "9", "", "...", "0.5", "x"]), max_size=5).map(
    ",".join
)
names = st.sampled_from(PATHS)
cells = st.one_of(names, st.tuples(names, index).map(lambda pair: f"{pair[0]}[{pair[1]}]"))
atoms = st.one_of(
    cells, st.sampled_from(EVIL), st.integers(-5, 50).map(str), st.sampled_from(WORDS), st.text(max_size=6)
)
calls = st.sampled_from(sorted(functions()))
expressions = st.recursive(
    atoms,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from([" + ", "-", "*", " / ", "@", "**", " < ", "==", " and ", ","]), inner).map(
            "".join
        ),
        st.tuples(calls, inner).map(lambda pair: f"{pair[0]}({pair[1]})"),
        st.tuples(calls, inner, inner).map(lambda each: f"{each[0]}({each[1]}, {each[2]})"),
        st.tuples(inner, st.sampled_from([".T", ".grad", ".shape", "[0]", "[..., 1]", ".new", ".size"])).map("".join),
        inner.map(lambda each: f"({each})"),
        inner.map(lambda each: f"[{each}]"),
    ),
    max_leaves=8,
)
arguments = st.lists(st.one_of(atoms, expressions, st.sampled_from(["if", "=", "source", "target"])), max_size=5)
known = [name for name in all_commands() if name not in (*FILES, *LONG)]
stops = st.sampled_from(["break", "tbreak", "watch"])
moves = ["s", "n", "c", "rs", "rn", "rc", "fin", "rf", "list", "where"]
changes = ["undo", "redo", "reset", "rewind", "train 2", "variant swapped", "variant base"]
looks = ["why", "explain", "show", "names", "plot", "diff", "display", "undisplay", ""]
commands = st.one_of(
    st.tuples(st.sampled_from(known), arguments.map(" ".join)).map(" ".join),
    expressions.map(lambda each: f"print {each}"),
    cells.map(lambda each: f"print {each}"),
    st.tuples(st.sampled_from(["explain", "why", "show", "goto", "until", "sweep"]), cells).map(" ".join),
    st.tuples(cells, expressions).map(lambda pair: f"set {pair[0]} = {pair[1]}"),
    st.tuples(names, st.sampled_from(["0", "1", "nan", "inf", "-1e308"])).map(
        lambda pair: f"set {pair[0]} = {pair[1]}"
    ),
    st.tuples(stops, cells, expressions).map(lambda each: f"{each[0]} {each[1]} if {each[2]}"),
    st.sampled_from([*moves, *changes, *looks]),
    st.text(max_size=40),
)
sessions = st.tuples(st.sampled_from(range(len(SCENARIOS))), st.lists(commands, min_size=1, max_size=6))


def long_by_nature(line: str) -> bool:
    """Whether a line asks for much work, or for files, and gets it: many updates, a large model."""
    word = line.split(maxsplit=1)[0] if line.split() else ""
    numbers = [int(each) for each in line.replace("/", " ").split() if each.isdecimal()]
    whole = {name for name in all_commands() if name.startswith(word)} if word else set()
    large = bool(whole & {"train", "goto", "model", "sweep", "generate"}) and any(n > 60 for n in numbers)
    return large or bool(whole & {*FILES, *LONG})


def play(session: Session, line: str) -> str | None:
    """What a line is answered with, None where it is refused."""
    with suppress(TfstepError):
        return text(session.run(line), session.trace)
    return None


def main(count: int) -> None:
    """Run so many lines, and tell what came of them."""
    outcomes: Counter[str] = Counter()
    slowest: list[tuple[float, str]] = []

    @settings(max_examples=count, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(sessions)
    def run(case: tuple[int, list[str]]) -> None:
        session = Session(SCENARIOS[case[0]])
        for line in case[1]:
            if long_by_nature(line):
                continue
            start = time.process_time()
            answer = play(session, line)
            took = time.process_time() - start
            outcomes["refused" if answer is None else "answered"] += 1
            slowest.append((took, line))
            slowest.sort(reverse=True)
            del slowest[8:]

    run()
    sys.stdout.write(f"{sum(outcomes.values())} lines: {dict(outcomes)}\n")
    for took, line in slowest:
        sys.stdout.write(f"{took:.3f} s  {line[:150]!r}\n")


if __name__ == "__main__":
    sys.stdin = io.StringIO()
    main(int(sys.argv[1]))
