"""Tensors as CSV, Markdown, LaTeX, SVG and HTML: the numbers are there, and words cannot break out of their place."""

import csv
import io
import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser

import numpy as np
import pytest

import tfstep
from tfstep.engine.trace import Trace
from tfstep.scenario.scenario import load_text
from tfstep.view.export import csv as csv_format
from tfstep.view.export import html, latex, markdown, svg
from tfstep.view.export.select import select
from tfstep.view.export.shade import shade
from tfstep.view.export.slices import slices
from tfstep.view.export.tables import tables
from tfstep.view.matrix.plane import masked_cells
from tfstep.view.result.lines import lines
from tfstep.view.text.spans import plain

EVIL = """
tfstep: 1
model: {kind: encoder, d_model: 2, d_ff: 2}
vocab: [<pad>, '<b>|x', 'a_&"\\$%^#{}~']
input: {source: ['<b>|x', 'a_&"\\$%^#{}~']}
"""


@pytest.fixture(scope="module")
def trace() -> Trace:
    return tfstep.trace(tfstep.load("padding"))


@pytest.fixture(scope="module")
def evil() -> Trace:
    return tfstep.trace(load_text(EVIL))


def test_csv_is_read_back_to_the_bit(trace):
    tensors = select(trace, ["*"])
    rows = list(csv.DictReader(io.StringIO("".join(csv_format.lines(tensors, True)))))
    assert len(rows) == sum(t.value.size for t in tensors)
    for row in rows:
        tensor = trace[row["path"]]
        cell = tuple(map(int, row["index"].split()))
        assert float(row["value"]) == tensor.value[cell]
        assert (row["grad"] == "") == (tensor.grad is None)
        if tensor.grad is not None:
            assert float(row["grad"]) == tensor.grad[cell]
    weights = next(r for r in rows if r["path"] == "enc0.attn.weights" and r["index"] == "1 0 0 7")
    assert weights["words"] == "1 0 我 散步"


def numbers_of(part):
    return [text for row in part.texts for text in row]


def test_markdown_has_a_row_a_row(trace):
    (tensor,) = select(trace, ["*.scores"])
    text = "".join(markdown.document([tensor], False, 4))
    tables = re.findall(r"(?:^\|.*\|\n)+", text, re.M)
    assert len(tables) == 2
    for table, (part,) in zip(tables, slices(tensor, False, 4), strict=True):
        head, rule, *rows = table.splitlines()
        assert head.count("|") == rule.count("|") == len(part.columns) + 2
        found = [[cell.strip() for cell in row.split("|")[2:-1]] for row in rows]
        assert found == part.texts


def test_html_is_whole_and_has_every_number_in_full(trace):
    class Reader(HTMLParser):
        def __init__(self):
            super().__init__()
            self.open, self.titles = [], {}

        def handle_starttag(self, tag, attrs):
            if tag != "meta":
                self.open.append(tag)
            if tag == "td":
                cell, _, value = dict(attrs)["title"].partition(" = ")
                self.titles[cell] = float(value)

        def handle_endtag(self, tag):
            assert self.open.pop() == tag

    reader = Reader()
    reader.feed("".join(html.page("<title>", select(trace, ["*.weights", "loss"]), True, 4)))
    assert reader.open == []
    weights = trace["enc0.attn.weights"]
    for cell in np.ndindex(*weights.shape):
        name = ",".join(map(str, cell))
        assert reader.titles[f"enc0.attn.weights[{name}]"] == weights.value[cell]
        assert reader.titles[f"enc0.attn.weights.grad[{name}]"] == weights.grad[cell]
    assert reader.titles["loss"] == trace["loss"].value


def test_svg_is_xml_with_the_numbers_and_words(trace):
    (tensor,) = select(trace, ["*.weights"])
    root = ET.fromstring(svg.picture("title", [tensor], True, 4))
    texts = [each.text for each in root.iter("{http://www.w3.org/2000/svg}text")]
    for parts in slices(tensor, True, 4):
        for part in parts:
            for label in (*part.rows, *part.columns, *numbers_of(part)):
                assert label in texts
    wide, high = float(root.get("width")), float(root.get("height"))
    for each in root.iter("{http://www.w3.org/2000/svg}text"):
        assert 0 <= float(each.get("x")) <= wide
        assert 0 <= float(each.get("y")) <= high


def test_a_wide_matrix_is_a_heatmap_without_numbers():
    wide = load_text("tfstep: 1\nmodel: {kind: mlp, sizes: [40, 40]}\ninput: {x: [" + ", ".join(["1"] * 40) + "]}\n")
    picture = svg.picture("t", select(tfstep.trace(wide), ["*.W"]), False, 4)
    assert picture.count("<rect") == 1 + 40 * 40
    assert picture.count("<text") < 60


def test_colour_shows_sign_and_size(trace):
    ((part,),) = list(slices(trace["enc0.ffn.W_1"], False, 4))
    numbers = trace["enc0.ffn.W_1"].value
    (down, least), (up, most) = (
        (np.unravel_index(found(numbers), numbers.shape), pick(numbers))
        for found, pick in ((np.argmin, np.min), (np.argmax, np.max))
    )
    assert max(map(abs, (part.shares[down[0]][down[1]], part.shares[up[0]][up[1]]))) == 1
    assert least < 0 < most
    red, _, blue = (int(shade(part, *up)[k : k + 2], 16) for k in (1, 3, 5))
    assert red > blue, "orange for positive"
    red, _, blue = (int(shade(part, *down)[k : k + 2], 16) for k in (1, 3, 5))
    assert blue > red, "blue for negative"
    odd = trace.edit({"enc0.ffn.W_1[0]": [0, np.nan, -1e9, np.inf, *numbers[0, 4:]]})
    ((part,),) = list(slices(odd["enc0.ffn.W_1"], False, 4))
    assert {shade(part, 0, k) for k in range(4)} == {"#ffffff"}


def test_latex_is_balanced_and_escaped(evil):
    text = "".join(latex.document(select(evil, ["*.weights", "src.tokens"]), False, 4))
    assert text.count(r"\begin{array}") == text.count(r"\end{array}") == 2
    assert text.count("\\[\n") == text.count("\\]\n")
    bare = re.sub(r"\\[_#$%&{}]|\\text[a-z]+\{\}", "", text)
    assert bare.count("{") == bare.count("}")
    assert not set("#$%~") & set(bare)


def test_words_stay_in_their_place(evil):
    tensors = select(evil, ["*.weights"])
    page = "".join(html.page("<x>", tensors, False, 4))
    assert "<b>" not in page
    assert "<x>" not in page
    texts = [each.text for each in ET.fromstring(svg.picture("<x>", tensors, False, 4)).iter() if each.text]
    assert "<b>|x" in texts
    table = "".join(markdown.document(tensors, False, 4))
    assert "\\<b\\>\\|x" in table


def test_a_scalar_is_one_cell(trace):
    ((part,),) = list(slices(trace["loss"], False, 3))
    assert part.numbers == [[float(trace["loss"].value)]]
    assert part.cell(0, 0) == "loss"
    assert "2.16" in "".join(latex.document([trace["loss"]], False, 3))


def test_a_page_of_many_tensors_has_contents_that_lead_to_each():
    made = trace_of_all()
    text = "".join(html.page("t", made, True, 4, paths=[each.path for each in made]))
    nav = text[text.index("<nav>") : text.index("</nav>")]
    led = re.findall(r'href="#([^"]+)"', nav)
    assert sorted(led) == sorted(each.path for each in made)
    assert all(f'id="{path}"' in text for path in led)
    few = made[:3]
    assert "<nav>" not in "".join(html.page("t", few, True, 4, paths=[each.path for each in few]))


def test_a_masked_cell_of_a_page_is_no_plain_0(trace):
    text = "".join(html.page("t", [trace["enc0.attn.weights"]], False, 4))
    assert text.count(">▒ 0</td>") == int((trace["enc0.attn.mask"].value != 0).sum())
    assert "grey and ▒: masked" in text, "the legend says so"


def trace_of_all():
    trace = tfstep.trace(tfstep.load("wo-ai-ni"))
    return [trace[path] for path in trace]


def test_masked_cells_have_their_sign_in_every_format_for_people_and_a_legend(trace):
    tensors = select(trace, ["enc0.attn.weights", "enc0.attn.masked", "enc0.attn.scores.grad"])
    found = [masked_cells(t) for t in tensors]
    hidden = sum(int(cells.sum()) for cells in found if cells is not None)
    assert hidden == 3 * 32
    for text, sign in (
        ("\n".join(map(plain, tables(tensors, False))), "▒ "),
        ("".join(markdown.document(tensors, False, 4)), "▒ "),
        ("".join(latex.document(tensors, False, 4)), "}^{\\dagger}"),
        (svg.picture("", tensors, False, 4), "▒ "),
    ):
        assert text.count(sign) == hidden, text[:2000]
        assert "masked" in re.sub(r"softmax\(masked\)|attn[.]masked|masked = |where masked", "", text)
    assert not re.search(r"\^\{\d+\}\^", "".join(latex.document(tensors, False, 4))), "a double superscript"


@pytest.mark.parametrize(
    ("line", "signs"), [("show weights[0,0]", 32), ("print weights[0,0,0,:]", 4), ("show scores", 0)]
)
def test_the_line_debugger_shows_masked_cells_with_their_sign(line: str, signs: int) -> None:
    session = tfstep.Session(tfstep.load("padding"))
    text = "\n".join(map(plain, lines(session.run(line), session.trace)))
    assert text.count("▒ ") == signs
    assert text.count("▒: masked") == bool(signs)


def test_the_line_debugger_shows_rounding_as_0_and_says_so() -> None:
    session = tfstep.Session(tfstep.load("attention"))
    assert session.trace["attn.b_K"].grad.any()
    text = "\n".join(map(plain, lines(session.run("show attn.b_K.grad"), session.trace)))
    assert "shown as 0: 2 (0 but for rounding)" in text
    assert "from 0 to 0" in text
    assert "e-1" not in text
