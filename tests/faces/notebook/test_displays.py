"""What a notebook shows: HTML of its own, whole and escaped, that loads nothing; and text where there is none."""

import re
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest

import tfstep
from tfstep.text import set_language

EMPTY = {"polyline", "path", "meta", "br"}


class Reader(HTMLParser):
    """Reads HTML and keeps its words, its titles, and what is not closed or nested right."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.wrong: list[str] = []
        self.words: list[str] = []
        self.titles: list[str] = []
        self.attributes: set[str] = set()
        self.feed(text)
        self.wrong += self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes |= {name for name, _ in attrs}
        self.titles += [value or "" for name, value in attrs if name == "title"]
        if tag not in EMPTY:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self.open and self.open[-1] == tag:
            self.open.pop()
        elif tag not in EMPTY:
            self.wrong.append(tag)

    def handle_data(self, data: str) -> None:
        self.words.append(data)


@pytest.fixture(scope="module")
def trace() -> tfstep.Trace:
    return tfstep.trace(tfstep.load("wo-ai-ni"))


def shown(trace: tfstep.Trace) -> list[Any]:
    return [
        trace.plan.origin,
        trace,
        trace["enc0.attn.weights"],
        trace["src.tokens"],
        trace["loss"],
        trace["enc0.attn.b_Q.grad"],
        trace["enc0.attn.weights/exp"],
        trace.explain("enc0.attn.scores[0,0,1,2]", depth=3),
        trace.explain("enc0.attn.W_Q[0,0]"),
        trace.diff(trace.edit({"enc0.attn.W_Q": 0.5})),
        trace.diff(trace),
        trace.check(),
        trace.train(3),
        trace.edit({"enc0.attn.W_Q[0,0]": np.nan}),
        trace.edit({"enc0.attn.W_Q[0,0]": np.nan}).train(2),
    ]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_output_is_whole_and_needs_nothing_else(trace: tfstep.Trace, language: str) -> None:
    set_language(language)
    try:
        for each in shown(trace):
            html = each._repr_html_()
            read = Reader(html)
            assert read.wrong == [], repr(each)
            assert html.startswith(f'<div class="tfstep" lang="{language}">')
            assert not re.search(r"https?:|url\(|@import|<script|<link|\bsrc=", html)
            assert not {name for name in read.attributes if name.startswith("on")}
            assert "prefers-color-scheme:dark" in html
            assert len(html) < 100_000
    finally:
        set_language("en")


def test_a_heatmap_has_words_numbers_and_sums(trace: tfstep.Trace) -> None:
    scores = trace["enc0.attn.scores"]
    read = Reader(scores._repr_html_())
    assert {"我", "爱", "你", "query \\ key"} <= set(read.words)
    assert f"{scores.value[0, 0, 1, 2]:.3f}" in read.words
    found = trace.explain("enc0.attn.scores[0,0,1,2]")
    told = next(title for title in read.titles if "scores[爱,你]" in title)
    assert f"{found.value:.4g}" in told
    for term in found.terms:
        assert f"{abs(term.value):.5g}" in told


def test_markup_in_a_word_is_no_markup() -> None:
    evil = '<script>alert("x")</script>'
    given = {"vocab": {"source": ["<pad>", evil, "b"]}, "input": {"source": [evil, "b"], "labels": ["I", "you"]}}
    scenario = tfstep.load("wo-ai-ni").with_changes({**given, "weights": {"set": {"src.E": None}}, "title": evil})
    trace = tfstep.trace(scenario)
    shown = (
        scenario,
        trace,
        trace["enc0.attn.weights"],
        trace.explain("enc0.attn.scores[0,0,0,1]", depth=2),
        trace.diff(trace),
    )
    for each in shown:
        html = each._repr_html_()
        assert "<script" not in html
        assert "alert" not in "".join(Reader(html).attributes)
    assert "&lt;script&gt;" in trace["enc0.attn.weights"]._repr_html_()


def test_a_large_tensor_is_folded() -> None:
    changes = {"model": {"kind": "mlp", "sizes": [300, 200]}, "input": {"x": np.zeros((50, 300))}}
    trace = tfstep.trace(tfstep.Scenario.from_dict(changes))
    html = trace["layer0.W"]._repr_html_()
    assert "⋮" in html
    assert len(html) < 60_000
    assert "299" in Reader(html).words
    many = tfstep.Scenario.from_dict(
        {"model": {"kind": "attention", "d_model": 40, "heads": 20}, "input": {"x": np.eye(4, 40)}}
    )
    html = tfstep.trace(many)["attn.weights"]._repr_html_()
    assert html.count("<figure>") == 8
    assert "6 more of 20" in html


def test_a_waiting_step_is_not_computed_to_be_shown(trace: tfstep.Trace) -> None:
    edited = trace.edit({"enc0.attn.W_Q": 0.5})
    edited._repr_html_()
    repr(edited)
    assert edited.runs == 0


def test_the_terms_of_an_explanation_stand_in_its_table(trace: tfstep.Trace) -> None:
    found = trace.explain("enc0.norm1[0,0,1]", depth=2)
    read = Reader(found._repr_html_())
    text = "".join(read.words)
    assert repr(found.total) in text
    assert "xhat[我,1] · gamma[1]" in text
    assert "<details>" in found._repr_html_()


def test_text_where_there_is_no_html(trace: tfstep.Trace) -> None:
    class Printer:
        said = ""

        def text(self, text: str) -> None:
            self.said += text

    for each in shown(trace):
        printer = Printer()
        each._repr_pretty_(printer, False)
        assert printer.said == str(each) != ""


def test_masked_cells_are_hatched_and_rounding_is_0() -> None:
    trace = tfstep.trace(tfstep.load("causal-mask"))
    path = next(each for each in trace if each.endswith("attn.weights"))
    banned = int((trace[path.replace("weights", "mask")].value != 0).sum()) * trace[path].shape[1]
    assert trace[path]._repr_html_().count("<td class=hidden") == banned > 0
    assert trace[f"{path}.grad"]._repr_html_().count("<td class=hidden") == 0
    noise = tfstep.trace(tfstep.load("wo-ai-ni"))["enc0.attn.b_K.grad"]
    assert 0 < np.abs(noise.value).max() < 1e-12
    html = noise._repr_html_()
    assert set(re.findall(r"<td[^>]*>([^<]*)</td>", html)) == {"0"}
    assert "rgba" not in html.split("</style>")[1]
