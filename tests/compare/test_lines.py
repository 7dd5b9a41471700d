"""The line of source that computed an array is kept with it, and quoted."""

import runpy
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
from IPython.core.interactiveshell import InteractiveShell

import tfstep
from tfstep.compare.recorded.source import said


@pytest.mark.parametrize("suffix", [".npz", ".safetensors"])
def test_a_recording_by_hand_keeps_its_lines(tmp_path: Path, suffix: str) -> None:
    trace, path = tfstep.trace(tfstep.load("attention")), tmp_path / f"mine{suffix}"
    scores = trace["attn.scores"].value
    with tfstep.recording(path) as r:
        r.s = scores
        r["scaled"] = scores / 2
    found = tfstep.diagnose("attention", path)
    assert found.causes[0].line.startswith("test_lines.py:")
    assert found.causes[0].line.endswith(': r["scaled"] = scores / 2')
    assert f"theirs: scaled  {found.causes[0].line}" in str(found)
    assert r.recording.note("s").line.endswith(': scores = trace["attn.scores"].value')


COMPUTED = {
    "s = q @ k.T": "s = q @ k.T\nr.s = s",
    "s = q @ k.T  # all": "s = q @ k.T  # all\np = s + 1\nr.p, r.s = p, s",
    "s = q @ k.T\n": "q = q + 1\ns = q @ k.T\n\nq = s\nr['s'] = s",
    "out = q @ k.T": "out = q @ k.T\ns = out\nr.s = s.copy()",
    "s, p = both(q)": "def both(q): return q, q\ns, p = both(q)\nr.s = s",
    "s = q @ k.T; s /= 2": "s = q @ k.T\ns /= 2\nr.s = s",
    "s = q @ k.T; s[0] = 0": "s = q @ k.T\ns[0] = 0\nr.s = s",
    "s = q @ k.T; np.fill_diagonal(s, 0)": "s = q @ k.T\nnp.fill_diagonal(s, 0)\nprint(s.shape)\nr.s = s",
    "s = q @ k.T; np.exp(s, out=s)": "s = q @ k.T\nnp.exp(s, out=s)\nr.s = s",
    "s = np.einsum( 'ab,cb->ac', q, k, )": "s = np.einsum(\n    'ab,cb->ac',  # rows\n    q,\n    k,\n)\nr.s = s",
    "s = q @ k.T; s = np.where(s > 0, s, -1e9); s = s / 2": "s = 1\ns = q @ k.T  # all\n"
    "s = np.where(s > 0, s, -1e9)\ns = s / 2\nr.s = s",
    "s = (q @ k.T * 2) + t[0]": "t = [1]\ns = (q @\n  k.T * 2) + t[0]  # open [\nr.s = s",
    "s = q @ k.T; s = s * 2": "s = q @ k.T\nif len(q) > 5:\n    s = s * 2\nr.s = s",
    "s = np.zeros(2); s[i] = q[i] @ k[0]": "s = np.zeros(2)\nfor i in range(2):\n    s[i] = q[i] @ k[0]\nr.s = s",
    "s = q @ k.T; s = s - 1; s = s + 1": "s = q @ k.T\nif len(q):\n    s = s - 1\ns = s + 1\nr.s = s",
    "s = s + 1": "s = q\nfor _ in '12':\n    s = s + 1\n    r.s = s",
    "s: object = q @ k.T": "s: object = q @ k.T\nr.s = s",
    "if True: s = q @ k.T": "def f():\n    if True: s = q @ k.T\n    r.s = s\nf()",
    "s = q @ k.T #": "s = 1\nif True:\n    s = q @ k.T #\n    r.s = s",
    "s = q @ k.T ##": "for _ in '12':\n    s = q @ k.T ##\n    r.s = s\n    s = 1",
    "with open(__file__): s = q @ k.T": "with open(__file__): s = q @ k.T\nr.s = s",
    "self.s = q @ k.T": "class A:\n    def f(self):\n        self.s = q @ k.T\n        r.s = self.s\nA().f()",
    "s = q @ k.T ###": "class A:\n    @staticmethod\n    def f():\n        s = q @ k.T ###\n        r.s = s\nA.f()",
    "s = x = q @ k.T": "s = x = q @ k.T\nr.s = x",
    "s = q @ k.T ####": "s = q @ k.T ####\nt = [s for s in (1, 2)]\nr.s = s",
    "s = q - k": "s = q - k\nfor name, each in {'s': s}.items():\n    pass\nr[name] = s",
    "s = q @ k.T #5": "try:\n    s = q @ k.T #5\nfinally:\n    pass\nr.s = s",
    "s = q @ k.T #6": "def f(s):\n    s = q @ k.T #6\n    r.s = s\nf(1)",
    "s = q @ k.T #7": "def f(x):\n    if x is None:\n        return\n    s = q @ k.T #7\n    r.s = s\nf(1)",
    "s = q @ k.T #8": "while True:\n    s = q @ k.T #8\n    break\nr.s = s",
}


@pytest.mark.parametrize("quoted", COMPUTED)
def test_the_line_that_computed_an_array_is_quoted_and_not_the_one_that_records_it(tmp_path: Path, quoted: str) -> None:
    line = recorded(tmp_path, COMPUTED[quoted])
    assert line.partition(": ")[2] == quoted.strip()
    lines = (tmp_path / "mine.py").read_text().splitlines()
    for number, each in zip(line.split(":")[1].split(","), quoted.split("; "), strict=True):
        assert lines[int(number) - 1].strip().startswith(each.split("(")[0].strip())


UNKNOWN = [
    "r.s = q @ k.T",
    "s = q @ k.T\nr.s = s[0]",
    "s = q\nif len(q) > 1:\n    s = q @ k.T\nr.s = s",
    "s = q\nfor _ in '12':\n    r.s = s\n    s = s @ k.T @ k",
    "for s in (q, k):\n    r.s = s",
    "def keep(s):\n    r.s = s\nkeep(q @ k.T)",
    "s = q @ k.T\ndef keep():\n    r.s = s\nkeep()",
    "try:\n    s = q @ k.T\nexcept ValueError:\n    s = q\nr.s = s",
    "match len(q):\n    case 2:\n        s = q\n    case _:\n        s = k\nr.s = s",
    "s = q\nwhile True:\n    if len(q):\n        break\n    s = k\nr.s = s",
    "s = q @ k.T; r.s = s; r['s'] = s",
    "if (s := q @ k.T) is not None:\n    r.s = s",
    "s = q\ndef f():\n    global s\n    if len(q) < 1:\n        s = k\n    r.s = s\nf()",
    "a = b = q\nfor _ in '12':\n    a = b\n    r.s = a\n    b = a",
]


@pytest.mark.parametrize("text", UNKNOWN)
def test_where_the_source_does_not_tell_which_line_it_was_the_recording_line_is_quoted(
    tmp_path: Path, text: str
) -> None:
    line = recorded(tmp_path, text)
    assert "r.s = " in line or "r['s'] = " in line


def recorded(folder: Path, text: str) -> str:
    """The line that is kept with ``s`` (or ``p``) when a script of this text runs."""
    text = textwrap.dedent(text)
    script = folder / "mine.py"
    script.write_text(f"import numpy as np\nq, k = np.ones((2, 3)), np.ones((2, 3))\n{text}\n")
    with tfstep.recording() as r:
        runpy.run_path(str(script), {"r": r})
    kept = r.recording
    return kept.note("s").line


def test_a_cell_of_a_notebook_is_called_by_its_number() -> None:
    shell = InteractiveShell()
    try:
        done = shell.run_cell(
            "import numpy as np, tfstep\n%time pass\nq = np.ones((2, 3))\nwith tfstep.recording() as r:\n    r.q = q",
            True,
        )
        done.raise_error()
        assert shell.user_ns["r"].recording.note("q").line == "In[1]:3: q = np.ones((2, 3))"
    finally:
        InteractiveShell.clear_instance()


def test_a_product_the_wrong_way_round_is_named_where_it_is_computed() -> None:
    """K Qᵀ looks like Q Kᵀ, transposed, up to the softmax; the line is that of the product all the same."""
    rng = np.random.default_rng(0)
    x, (W_q, W_k, W_v) = rng.normal(size=(5, 8)), rng.normal(size=(3, 8, 8))
    with tfstep.recording() as r:
        r.x, r.W_q, r.W_k, r.W_v = x, W_q, W_k, W_v
        r.q, r.k, r.v = x @ W_q, x @ W_k, x @ W_v
        r.matmul = (x @ W_k) @ (x @ W_q).T
        r.scores = (x @ W_k) @ (x @ W_q).T / np.sqrt(8)
        p = np.exp(r.recording["scores"])
        p /= p.sum(-1, keepdims=True)
        r.p = p
        r.out = p @ (x @ W_v)
    (cause,) = tfstep.diagnose(r).causes
    assert (cause.kind, cause.path, cause.name) == ("swapped", "attn.scores", "matmul")
    assert cause.line.endswith(": r.matmul = (x @ W_k) @ (x @ W_q).T")


def test_an_expression_over_several_lines_is_quoted_whole(tmp_path: Path) -> None:
    """As `tfstep.torch` quotes it, at the call that is running."""
    script = tmp_path / "mine.py"
    script.write_text(
        "def f(x):\n    y = (\n        here(x)  # first\n        / here(\n            2)\n    )\n    return y\nf(1)\n"
    )
    found = []

    def here(x: int) -> int:
        found.append(said(sys._getframe(1)))
        return x

    runpy.run_path(str(script), {"here": here})
    assert found == [("mine.py:3: here(x)  # first", ""), ("mine.py:4: / here( 2)", "")]
