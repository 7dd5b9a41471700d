"""A file that is right, and what comes of it: defaults, ids, arrays, and changes."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tfstep.errors import ScenarioError
from tfstep.scenario.file.mistakes import Mistakes
from tfstep.scenario.scenario import Scenario, load, load_text, validate
from tfstep.text import Bilingual

Make = Callable[..., Scenario]
LABELLED = "model: {kind: %s}\nvocab: [<pad>, a, b]\ninput: {%s}\n"


def test_defaults_follow_from_other_keys(scenario: Make) -> None:
    model = scenario().model
    assert (model.encoder_layers, model.decoder_layers) == (1, 0)
    assert (model.d_model, model.heads, model.kv_heads, model.d_k, model.d_v, model.d_ff) == (4, 1, 1, 4, 4, 16)
    assert not model.head
    assert scenario().loss.kind == "none"


def test_sizes_are_taken_as_given() -> None:
    text = (
        "model: {kind: encoder-decoder, layers: {encoder: 2, decoder: 1}, "
        "d_model: 6, heads: 4, kv_heads: 2, d_k: 5, d_v: 3}"
        "\nvocab: {source: [x], target: [a]}\ninput: {source: x, target: a}\n"
    )
    model = load_text(text).model
    assert (model.encoder_layers, model.decoder_layers) == (2, 1)
    assert (model.d_k, model.d_v, model.kv_heads, model.d_ff) == (5, 3, 2, 24)


@pytest.mark.parametrize(("kind", "stacks"), [("encoder", (3, 0)), ("decoder", (0, 3)), ("encoder-decoder", (3, 3))])
def test_a_number_of_layers_is_for_every_stack_there_is(kind: str, stacks: tuple[int, int]) -> None:
    sides = {"encoder": "source: a", "decoder": "target: a", "encoder-decoder": "source: a, target: a"}[kind]
    model = load_text(f"model: {{kind: {kind}, layers: 3}}\nvocab: [a]\ninput: {{{sides}}}\n").model
    assert (model.encoder_layers, model.decoder_layers) == stacks


def test_labels_bring_head_and_cross_entropy() -> None:
    scenario = load_text(LABELLED % ("encoder", "source: a b, labels: b <pad>"))
    assert scenario.model.head
    assert scenario.loss.kind == "cross_entropy"
    assert scenario.inputs.labels is not None
    assert scenario.inputs.labels.ids.tolist() == [[2, 0]]


def test_causal_concerns_decoders_and_attention_that_asks_for_it(scenario: Make) -> None:
    both = scenario().with_changes({"model": {"mask": {"causal": True}}})
    assert np.array_equal(
        both.program.trace()["enc0.attn.mask"].value, scenario().program.trace()["enc0.attn.mask"].value
    )
    assert load_text(LABELLED % ("decoder", "target: a")).model.mask.causal
    attention = "model: {kind: attention%s}\ninput: {x: [[1, 2]]}\n"
    assert not load_text(attention % "").model.mask.causal
    assert load_text(attention % ", mask: {causal: true}").model.mask.causal


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("a b", (("a", "b"),)),
        ("'  a   b '", (("a", "b"),)),
        ("[a, b]", (("a", "b"),)),
        ("[[a, b]]", (("a", "b"),)),
        ("[a b, b]", (("a", "b"), ("b", "<pad>"))),
        ("[[a], a b]", (("a", "<pad>"), ("a", "b"))),
        ("[[a], [b]]", (("a",), ("b",))),
        ("b", (("b",),)),
    ],
)
def test_sentences_in_every_way_of_writing_them(written: str, words: tuple[tuple[str, ...], ...]) -> None:
    source = load_text(LABELLED % ("encoder", f"source: {written}")).inputs.source
    assert source is not None
    assert source.words == words
    assert source.ids.tolist() == [[["<pad>", "a", "b"].index(word) for word in row] for row in words]
    assert source.pad == 0
    assert not source.ids.flags.writeable


def test_a_number_stands_for_that_many_words_and_words_may_look_like_values() -> None:
    numbered = load_text("model: {kind: encoder}\nvocab: 50257\ninput: {source: 0 50256 7}\n").inputs.source
    assert numbered is not None
    assert numbered.ids.tolist() == [[0, 50256, 7]]
    assert numbered.pad is None
    odd = load_text(
        "model: {kind: encoder}\nvocab: [1, true, no, null, 1.50]\ninput: {source: [1.50, null, 1, true]}\n"
    )
    assert odd.inputs.source is not None
    assert odd.inputs.source.ids.tolist() == [[4, 3, 0, 1]]


def test_an_encoder_may_answer_in_another_vocabulary() -> None:
    scenario = load_text(
        "model: {kind: encoder}\nvocab: {source: [x, y], target: [<pad>, a]}\ninput: {source: x y, labels: a <pad>}\n"
    )
    assert scenario.inputs.labels is not None
    assert scenario.inputs.labels.vocab == ("<pad>", "a")
    assert scenario.vocab["labels"].words == ("<pad>", "a")


def test_numbers_get_their_batch_axis_and_the_type_of_the_model() -> None:
    attention = load_text("model: {kind: attention, dtype: float32}\ninput: {x: [[1, 2]], memory: [[1, 2], [3, 4]]}\n")
    x, memory = attention.inputs.x, attention.inputs.memory
    assert x is not None
    assert memory is not None
    assert (x.shape, memory.shape, x.dtype) == ((1, 1, 2), (1, 2, 2), np.float32)
    assert attention.model.d_model == 2
    assert attention.model.positional == "none"
    mlp = load_text("model: {kind: mlp, sizes: [2, 1]}\ninput: {x: [1, 2]}\n").inputs.x
    assert mlp is not None
    assert mlp.shape == (1, 2)


def test_a_formula_has_values_in_the_order_of_the_file() -> None:
    scenario = load_text(
        "model:\n  kind: formula\n  given: {y: 0.01, 数: [1, 2]}\n  parameters: {w: 0.15}\n"
        "  steps: {b: w*y, a: sigmoid(b), c: 2}\ninput: {x: [[1, 2]]}\nloss: 0.5*(a - y)**2\n"
    )
    inputs = scenario.inputs
    assert list(inputs.given) == ["y", "数", "x", "c"]  # a step of numbers alone is a number that is given
    assert inputs.given["x"].tolist() == [[1, 2]]
    assert inputs.x is None
    assert inputs.parameters["w"].shape == ()
    assert list(inputs.steps.items()) == [("b", "w*y"), ("a", "sigmoid(b)")]
    assert (scenario.loss.kind, scenario.loss.expression) == ("expression", "0.5*(a - y)**2")


@pytest.mark.parametrize(
    ("line", "column", "given", "words"),
    [
        (3, 11, "1a: 1", "is no name"),
        (3, 11, "a b: 1", "is no name"),
        (3, 11, "for: 1", "is no name"),
        (3, 11, "ｗ1: 1", "write w1"),
        (3, 11, "x₁: 1", "is no name"),
        (3, 11, "loss: 1", "has a meaning in expressions"),
        (3, 14, "a: x", "there is no tensor 'x' before this step"),
        (5, 11, "s: 1", "the name s is given twice, first on line 3"),
    ],
)
def test_the_names_of_a_formula(line: int, column: int, given: str, words: str) -> None:
    text = f"model:\n  kind: formula\n  given: {{{given}}}\n  parameters: {{}}\n  steps: {{s: '1'}}\n"
    with pytest.raises(Mistakes) as caught:
        load_text(text)
    (mistake,) = caught.value.mistakes
    assert (mistake.place.line, mistake.place.column) == (line, column)
    assert words in str(mistake)


@pytest.mark.parametrize(
    "steps", ["", "  steps: {}\n", "  steps: [a]\n", "  steps: {a: [1]}\n", "  steps: {a: true}\n"]
)
def test_a_formula_needs_expressions(steps: str) -> None:
    with pytest.raises(Mistakes, match="expression"):
        load_text(f"model:\n  kind: formula\n{steps}")


def test_losses(scenario: Make) -> None:
    mse = scenario("loss: {kind: mse, of: enc0.norm2, target: [[1, 2], [3, 4]]}\n").loss
    assert (mse.kind, mse.of) == ("mse", "enc0.norm2")
    assert mse.target is not None
    assert mse.target.shape == (2, 2)
    assert scenario("loss: sum\n").loss.kind == "sum"
    assert scenario("loss: sum(enc0.norm2)\n").loss.expression == "sum(enc0.norm2)"


def test_training_settings_and_examples(scenario: Make) -> None:
    train = scenario(
        "train: {optimizer: adam, lr: -1, betas: [0.8, 0.9], data: [{source: 我}, {source: [爱 你, 你]}]}\n"
    ).train
    assert (train.optimizer, train.lr, train.betas, train.steps) == ("adam", -1.0, (0.8, 0.9), 100)
    sources = [example.source for example in train.data]
    assert [source.words if source else None for source in sources] == [(("我",),), (("爱", "你"), ("你", "<pad>"))]


def test_texts_are_in_both_languages(scenario: Make) -> None:
    made = scenario("title: {en: Order, zh: 语序}\nabout: 100% {plain}\n")
    assert (made.title.in_("en"), made.title.in_("zh")) == ("Order", "语序")
    assert made.about.in_("zh") == "100% {plain}"


def test_changes_are_merged_and_checked(scenario: Make) -> None:
    base = scenario("weights: {set: {src.E: {normal: 0.5}}}\n")
    changed = base.with_changes({"model": {"heads": 2}, "input": {"source": "你 爱"}})
    assert (changed.model.heads, changed.model.d_k) == (2, 2)
    assert changed.inputs.source is not None
    assert changed.inputs.source.words == (("你", "爱"),)
    assert base.model.heads == 1
    given = base.with_changes({"weights": {"set": {"src.E": np.ones((4, 4))}}})
    assert given.weights.set["src.E"].kind == "numbers"
    assert base.with_changes({"weights": {"set": None}}).weights.set == {}
    for change, words in (({"heads": 3}, "^3 heads do not divide"), ({"haeds": 2}, "^unknown key haeds")):
        with pytest.raises(ScenarioError, match=words):
            base.with_changes({"model": change})
    with pytest.raises(ScenarioError, match=r"^f\.yaml:4:19: the word '爱'"):
        base.with_changes({"vocab": ["<pad>", "我", "你"]})


def test_an_error_found_later_points_into_the_file(scenario: Make) -> None:
    made = scenario("weights:\n  set:\n    enc0.x: zeros\nloss: a + bb\n")
    message = Bilingual("no", "无")
    assert str(made.error_at(("weights", "set", "enc0.x"), message)) == "f.yaml:7:13: no"
    assert str(made.error_at(("weights", "set", "enc0.x"), message, key=True)) == "f.yaml:7:5: no"
    assert str(made.error_at(("loss",), message, offset=4)) == "f.yaml:8:11: no"
    assert str(made.error_at(("loss", "of"), message)) == "f.yaml:8:7: no"
    changed = made.with_changes({"loss": "c + 1"})
    assert str(changed.error_at(("loss",), message)) == "no"


def test_the_document_is_the_merged_file(scenario: Make) -> None:
    made = scenario("variants: {v: {model: {heads: 2}}}\n").with_variant("v")
    assert made.document() == {
        "tfstep": 1,
        "model": {"kind": "encoder", "heads": 2},
        "vocab": ["<pad>", "我", "爱", "你"],
        "input": {"source": "我 爱 你"},
    }
    assert made.source_text.startswith("tfstep: 1\n")


def test_a_file_is_loaded_and_validated_by_its_path(tmp_path: Path, head: str) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(head + "weights: {file: w.npz}\nvariants: {v: {model: {heads: 2}}}\n")
    made = load(path, "v")
    assert (made.name, made.path, made.variant, made.variants) == ("mine", path, "v", ("base", "v"))
    assert made.weights.file == tmp_path / "w.npz"
    assert validate(path) == []

    def refuse(scenario: Scenario) -> None:
        if scenario.variant == "v":
            raise scenario.error_at(("model", "heads"), Bilingual("late", "晚"))

    assert [str(m) for m in validate(path, refuse)] == [f"{path}:6:31: late"]
    path.write_text(head.replace("encoder", "encodr"))
    assert [m.place.line for m in validate(path)] == [2]
