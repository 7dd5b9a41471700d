"""Every kind of wrong file: where the mistake stands, what it says."""

from collections.abc import Callable

import pytest

from tfstep.scenario.file.mistakes import Mistake, Mistakes, Place
from tfstep.scenario.scenario import load_text
from tfstep.text import Bilingual, set_language

Wrong = Callable[[str], list[Mistake]]
MLP = "model: {kind: mlp, sizes: [2, 1]}\n"
ATTENTION = "model: {kind: attention}\ninput: {x: [[1, 0], [0, 1]]}\n"
DECODER = "model: {kind: decoder}\nvocab: [<s>, a, b]\n"
BOTH = "model: {kind: encoder-decoder}\nvocab: {source: [x, y], target: [<s>, a]}\n"


def only(found: list[Mistake]) -> Mistake:
    assert len(found) == 1, found
    return found[0]


@pytest.mark.parametrize(
    ("model", "column", "words"),
    [
        ("kind: encodr", 15, "'encodr' (did you mean encoder?); allowed: encoder, decoder"),
        ("kind: encodr", 15, "did you mean encoder?"),
        ("kind: encoder, heds: 2", 24, "unknown key heds in model"),
        ("kind: encoder, heds: 2", 24, "did you mean heads?"),
        ("kind: encoder, heads: two", 31, "model.heads is 'two'; allowed: a whole number, 1 or more"),
        ("kind: encoder, heads: true", 31, "model.heads is true; allowed: a whole number"),
        ("kind: encoder, heads: 2.0", 31, "model.heads is 2.0; allowed: a whole number"),
        ("kind: encoder, heads: 0", 31, "model.heads is 0; allowed: a whole number, 1 or more"),
        ("kind: encoder, d_model: -4", 33, "model.d_model is -4; allowed: a whole number, 1 or more"),
        ("kind: encoder, bias: 1", 30, "model.bias is 1; allowed: true or false"),
        ("kind: encoder, bias: yes", 30, "model.bias is 'yes'; allowed: true or false"),
        ("kind: encoder, heads: 3", 31, "3 heads do not divide d_model 4; allowed: 1, 2, 4"),
        ("kind: encoder, heads: 4, kv_heads: 3", 44, "3 kv_heads do not divide 4 heads; allowed: 1, 2, 4"),
        ("kind: encoder, positional: rope, d_k: 3", 47, "d_k is 3; rope turns pairs"),
        ("kind: encoder, positional: rope, heads: 4", 36, "d_k is 1; rope turns pairs"),
        ("kind: encoder, projections: false, d_k: 3", 49, "d_k is 3 and projections is false"),
        ("kind: encoder, projections: false, heads: 2, kv_heads: 1", 64, "kv_heads is 1 and projections is false"),
        ("kind: encoder, output: false, d_v: 3", 32, "heads × d_v is 3"),
        ("kind: encoder, activation: rleu", 36, "did you mean relu?"),
        ("kind: encoder, norm: Layer", 30, "did you mean layer?"),
        ("kind: encoder, eps: .nan", 29, "model.eps is .nan; allowed: a finite number"),
        ("kind: encoder, eps: -1", 29, "model.eps is -1; allowed: a number, 0 or more"),
        ("kind: encoder, mask_value: .inf", 36, "model.mask_value is .inf; allowed: a negative number or -.inf"),
        ("kind: encoder, mask_value: .nan", 36, "model.mask_value is .nan; allowed: a negative number or -.inf"),
        ("kind: encoder, mask_value: 0", 36, "model.mask_value is 0; allowed: a negative number or -.inf"),
        ("kind: encoder, dtype: float8", 31, "allowed: float64, float32, float16, bfloat16"),
        ("kind: encoder, layers: 1.5", 32, "a whole number, 1 to 256, or {encoder: 2, decoder: 1}"),
        ("kind: encoder, layers: [1]", 32, "a whole number, 1 to 256, or {encoder: 2, decoder: 1}"),
        ("kind: encoder, layers: 257", 32, "a whole number, 1 to 256, or"),
        ("kind: encoder, layers: {decoder: 1}", 33, "layers.decoder in a model of kind encoder"),
        ("kind: encoder, layers: {encoder: 0}", 32, "an encoder of 0 layers in kind encoder; 1 or more are allowed"),
        ("kind: encoder, layers: {encoder: -1}", 42, "model.layers.encoder is -1; allowed: a whole number, 0 to 256"),
        ("kind: encoder, layers: {encoders: 1}", 33, "unknown key encoders in model.layers"),
        ("kind: encoder, rope: {pairs: whole}", 38, "allowed: interleaved, half"),
        ("kind: encoder, mask: {pading: true}", 31, "did you mean padding?"),
        ("kind: encoder, mask: true", 30, "model.mask is true; allowed: a group of keys"),
        ("kind: encoder, sizes: [1, 2]", 24, "sizes does not belong to kind encoder; it belongs to mlp"),
        ("kind: encoder, given: {a: 1}", 24, "given does not belong to kind encoder; it belongs to formula"),
        ("kind: encoder, tie: [[a.b]]", 30, "a tie of 1"),
        ("kind: encoder, tie: [[a, b], [c, a]]", 42, "a is tied twice"),
        ("kind: encoder, tie: [a]", 30, "allowed: a list"),
        ("kind: encoder, heads: ", 24, "heads has no value"),
        ("kind: encoder, seed: 1", 24, "it belongs under weights:"),
        ("layers: 1", 1, "no kind; allowed: encoder, decoder"),
        ("kind: encoder, d_model: 100000", 33, "about 960,063 MB for parameters"),
    ],
)
def test_model(wrong: Wrong, model: str, column: int, words: str) -> None:
    text = f"tfstep: 1\nmodel: {{{model}}}\nvocab: [<pad>, 我, 爱, 你]\ninput: {{source: 我 爱 你}}\n"
    found = only(wrong(text))
    assert (found.place.line, found.place.column) == (2, column), found
    assert words in str(found.message)


@pytest.mark.parametrize(
    ("text", "line", "column", "words"),
    [
        ("model: 5\n", 1, 8, "model is 5; allowed: a group of keys"),
        ("tfstep: 2\nmodel: {kind: encoder}\n", 1, 9, "tfstep is 2; allowed: 1, the version"),
        ("tfstep: 1\n", 1, 1, "no model: {kind: …}"),
        ("modle: {kind: encoder}\n", 1, 1, "did you mean model?"),
        ("model: {kind: encoder}\nd_model: 3\n", 2, 1, "it belongs under model:"),
        ("model: {kind: encoder}\ntitle: {en: a, fr: b}\n", 2, 16, "title in the language fr; allowed: en, zh"),
        ("model: {kind: encoder}\ntitle: [a]\n", 2, 8, "title is a list; allowed: a text"),
        ("model: {kind: encoder}\nabout:\n", 2, 1, "about has no value"),
        ("model: {kind: encoder}\nvocab: [a]\n", 1, 1, "no input.source; kind encoder needs it"),
        ("model: {kind: encoder}\ninput: {source: a}\n", 1, 1, "no vocab: […]; kind encoder needs it"),
        ("model: {kind: encoder}\nvocab: {target: [a]}\ninput: {source: a}\n", 2, 8, "no vocab.source"),
        (BOTH + "input: {source: x}\n", 3, 1, "no input.target; kind encoder-decoder needs it"),
        (DECODER + "input: {source: a, target: b}\n", 3, 9, "source does not belong to kind decoder"),
        (BOTH + "input: {source: [[x], [y]], target: a}\n", 3, 37, "target has 1 sentences, source has 2"),
        (BOTH + "input: {source: x, target: <s> y}\n", 3, 32, "the word 'y' is not in vocab; allowed: <s>, a"),
        (DECODER + "input: {target: a b, labels: b}\n", 3, 30, "1 labels for the 2 words of target"),
        (DECODER + "input: {target: ''}\n", 3, 17, "an empty sentence"),
        (DECODER + "input: {target: [[a], [a, b]]}\n", 3, 18, "sentences of 1 / 2 words and no <pad>"),
        (MLP, 1, 1, "no input.x; kind mlp needs it"),
        ("model: {kind: mlp}\ninput: {x: [1]}\n", 1, 1, "no sizes: [2, 2, 1]; kind mlp needs it"),
        (MLP + "input: {x: [[1, 2, 3]]}\n", 2, 12, "rows of 3 numbers; sizes begins with 2"),
        (MLP + "input: {x: 1}\n", 2, 12, "numbers with 0 axes; allowed: 1 / 2"),
        (MLP + "input: {x: [[1, 2], [3]]}\n", 2, 21, "a row of shape (1,) under one of shape (2,)"),
        (MLP + "input: {x: [[1, two]]}\n", 2, 17, "'two'; a number is needed"),
        (MLP + "input: {x: [[1, true]]}\n", 2, 17, "true; a number is needed"),
        (MLP + "input: {x: [[1, .nan]]}\n", 2, 17, ".nan; a finite number is needed"),
        (MLP + "input: {x: [[1, 1e999]]}\n", 2, 17, "1e999; a finite number is needed"),
        (MLP + "input: {x: []}\n", 2, 12, "an empty list"),
        (MLP + "input: {x: [[[[[[[[[[1]]]]]]]]]]}\n", 2, 20, "more than 8 axes"),
        (MLP + "input: {x: [1, 2], offset: 1}\n", 2, 20, "offset does not belong to kind mlp"),
        (MLP + "input: {x: [1, 2]}\nloss: {kind: cross_entropy}\n", 3, 14, "cross_entropy in kind mlp"),
        (MLP + "input: {x: [1, 2]}\ntrain: {data: [{source: a}]}\n", 3, 9, "train.data in kind mlp"),
        ("model: {kind: mlp, sizes: [2, 1], activation: swiglu}\ninput: {x: [1, 2]}\n", 1, 47, "swiglu"),
        (
            "model: {kind: mlp, sizes: [2]}\ninput: {x: [1, 2]}\n",
            1,
            27,
            "sizes is a list of 1; allowed: a list of at least 2",
        ),
        (
            "model: {kind: mlp, sizes: [2, 0]}\ninput: {x: [1, 2]}\n",
            1,
            31,
            "model.sizes is 0; allowed: a whole number, 1 or more",
        ),
        ("model: {kind: attention, d_model: 3}\ninput: {x: [[1, 2]]}\n", 2, 12, "rows of 2 numbers; d_model is 3"),
        ("model: {kind: attention, positional: learned}\ninput: {x: [[1, 2]]}\n", 1, 38, "allowed: rope, alibi, none"),
        ("model: {kind: attention}\ninput: {x: [[1, 2]], memory: [[1]]}\n", 2, 30, "memory of shape (1, 1, 1)"),
        (
            "model: {kind: attention, mask: {causal: true}}\ninput: {x: [[1, 2]], memory: [[1, 2]]}\n",
            1,
            41,
            "a causal mask",
        ),
        (ATTENTION + "loss: {kind: mse}\n", 3, 14, "mse without target"),
        (ATTENTION + "loss: {kind: mse, target: [[1], [2, 3]]}\n", 3, 33, "a row of shape"),
        (ATTENTION + "loss: {kind: msee}\n", 3, 14, "did you mean mse?"),
        (ATTENTION + "loss: 5\n", 3, 7, "loss is 5; allowed: an expression, or"),
        (ATTENTION + "loss: cross_entropy\n", 3, 7, "cross_entropy in kind attention"),
        (
            ATTENTION + "weights: {seed: -1}\n",
            3,
            17,
            "weights.seed is -1; allowed: a whole number, 0 to 9223372036854775807",
        ),
        (ATTENTION + "weights: {seed: 1.5}\n", 3, 17, "weights.seed is 1.5; allowed: a whole number"),
        (ATTENTION + "weights: {init: xavir}\n", 3, 17, "did you mean xavier?"),
        (ATTENTION + "weights: {init: identity}\n", 3, 17, "'identity'; allowed: xavier, normal, uniform, zeros"),
        (ATTENTION + "weights: {init: {normal: -1}}\n", 3, 26, "normal is -1; allowed: a finite number, 0 or more"),
        (ATTENTION + "weights: {init: {normal: true}}\n", 3, 26, "normal is true; allowed: a finite number"),
        (ATTENTION + "weights: {set: {W: idntity}}\n", 3, 20, "did you mean identity?"),
        (ATTENTION + "weights: {set: {W: {norml: 1}}}\n", 3, 20, "did you mean normal?"),
        (ATTENTION + "weights: {set: {W: [[1], [x]]}}\n", 3, 27, "'x'; a number is needed"),
        (ATTENTION + "weights: {set: {W: .inf}}\n", 3, 20, ".inf; a finite number is needed"),
        (ATTENTION + "weights: {set: {W: }}\n", 3, 17, "W has no value"),
        (ATTENTION + "weights: {file: ''}\n", 3, 17, "a text that is not empty"),
        (ATTENTION + "train: {lr: fast}\n", 3, 13, "train.lr is 'fast'; allowed: a number"),
        (ATTENTION + "train: {lr: .inf}\n", 3, 13, "train.lr is .inf; allowed: a finite number"),
        (ATTENTION + "train: {steps: -1}\n", 3, 16, "train.steps is -1; allowed: a whole number, 0 to 1000000"),
        (
            ATTENTION + "train: {momentum: 1}\n",
            3,
            19,
            "train.momentum is 1; allowed: a number, 0 or more and less than 1",
        ),
        (ATTENTION + "train: {betas: [0.9]}\n", 3, 16, "train.betas is a list of 1; allowed: a list of 2"),
        (
            ATTENTION + "train: {betas: [0.9, 1.5]}\n",
            3,
            22,
            "train.betas is 1.5; allowed: a number, 0 or more and less than 1",
        ),
        (ATTENTION + "train: {betas: 0.9}\n", 3, 16, "train.betas is 0.9; allowed: a list of 2"),
        (ATTENTION + "train: {eps: 0}\n", 3, 14, "train.eps is 0; allowed: a number, more than 0"),
        (ATTENTION + "train: {eps: .inf}\n", 3, 14, "train.eps is .inf; allowed: a finite number, more than 0"),
        (ATTENTION + "train: {eps: .nan}\n", 3, 14, "train.eps is .nan; allowed: a finite number, more than 0"),
        (ATTENTION + "train: {lr: true}\n", 3, 13, "train.lr is true; allowed: a number"),
        (ATTENTION + "train: {teacher_forcing: 1}\n", 3, 26, "is 1; allowed: true or false"),
        (ATTENTION + "tfstep: true\n", 3, 9, "tfstep is true; allowed: 1, the version of the format"),
        (ATTENTION + "train: {optimizer: adm}\n", 3, 20, "did you mean adam?"),
    ],
)
def test_the_rest_of_the_file(wrong: Wrong, text: str, line: int, column: int, words: str) -> None:
    found = wrong(text)
    assert any((f.place.line, f.place.column) == (line, column) and words in str(f.message) for f in found), found
    if "kind: encoder}" not in text:
        only(found)


@pytest.mark.parametrize(
    ("lines", "line", "column", "words"),
    [
        ("loss: {kind: cross_entropy}", 5, 14, "cross_entropy without labels; give input.labels"),
        ("weight: {}", 5, 1, "did you mean weights?"),
        ("variants: [a]", 5, 11, "variants is a list; allowed: `name: changes`"),
        ("train: {data: [{labels: 我}]}", 5, 16, "no train.data.0.source"),
        ("train: {data: [{source: 我}, {source: 他}]}", 5, 38, "the word '他' is not in vocab"),
        ("train: {data: [{source: 我, target: 我}]}", 5, 28, "target does not belong to kind encoder"),
        ("train: {data: [{sources: 我, source: 我}]}", 5, 17, "did you mean source?"),
        ("train: {data: 5}", 5, 15, "train.data is 5; allowed: a list"),
    ],
)
def test_of_a_model_that_is_right(wrong: Wrong, head: str, lines: str, line: int, column: int, words: str) -> None:
    found = only(wrong(head + lines + "\n"))
    assert (found.place.line, found.place.column) == (line, column)
    assert words in str(found.message)


def test_labels_say_how_many(wrong: Wrong, head: str) -> None:
    short = only(wrong(head.replace("你}", "你, labels: 我 爱}")))
    assert (short.place.line, short.place.column) == (4, 32)
    assert "2 labels for the 3 words of source" in str(short.message)
    off = only(wrong(head.replace("你}", "你, labels: 我 爱 你}").replace("encoder}", "encoder, head: false}")))
    assert (off.place.line, off.place.column) == (2, 30)
    assert "cross_entropy reads out.logits" in str(off.message)


def test_every_mistake_of_a_file_is_told_at_once_in_its_order(wrong: Wrong) -> None:
    text = (
        "tfstep: 1\nmodel:\n  kind: encoder\n  heads: 3\n  d_k: true\n  norm: laier\n  eps: !!float 1\n  eps: 2\n"
        "vocab: [a, b, a]\ninput:\n  source: a c b d\n  labels: a\nlos: 1\nweights: {seed: x, init: y}\n"
        "variants:\n  base: {}\n  v: {model: {d_ff: -1}}\n  w: [v, u]\n"
    )
    assert [(f.place.line, f.place.column) for f in wrong(text)] == [
        (5, 8), (6, 9), (7, 8), (8, 3), (9, 15), (11, 13), (11, 17), (12, 11), (13, 1), (14, 17), (14, 26),
        (16, 3), (17, 21), (18, 10),
    ]  # fmt: skip


def test_every_item_of_a_list_that_is_wrong_is_told(wrong: Wrong) -> None:
    text = "model: {kind: mlp, sizes: [0, 2, x], tie: [[W, 1], b]}\ntrain: {betas: [2, -1], data: [{sorce: a}, 3]}\n"
    found = [(f.place.line, f.place.column) for f in wrong(text + "input: {x: [1]}\n")]
    assert {(1, 28), (1, 34), (1, 48), (1, 52), (2, 17), (2, 20), (2, 33), (2, 44)} <= set(found)


def test_many_mistakes_are_counted_and_not_all_printed() -> None:
    text = "model: {kind: encoder}\nvocab: [a]\ninput: {source: " + "b " * 80 + "}\n"
    with pytest.raises(Mistakes) as caught:
        load_text(text, "f.yaml")
    lines = str(caught.value).splitlines()
    assert len(lines) == 51
    assert lines[0] == "f.yaml:3:17: the word 'b' is not in vocab; allowed: a"
    assert lines[-1] == "… and 30 more mistakes"


def test_mistakes_are_told_in_chinese() -> None:
    set_language("zh")
    with pytest.raises(Mistakes) as caught:
        load_text("model: {kind: encoder, heads: 3}\nvocab: [我]\ninput: {source: 我}\n", "f.yaml")
    assert str(caught.value) == "f.yaml:1:31: 3 个头不能整除 d_model 4；可用：1, 2, 4，或写明 d_k 与 d_v"


def test_every_expression_that_is_wrong_is_told_at_once(wrong: Wrong) -> None:
    text = (
        "model:\n  kind: formula\n  given: {x: 1}\n  steps:\n    a: x +\n    b: zz + a\n    c: b * (a\nloss: c ** (2\n"
    )
    found = [(f.place.line, f.place.column) for f in wrong(text)]
    assert found == [(5, 11), (6, 8), (7, 14), (8, 14)]


@pytest.mark.parametrize(
    ("model", "column"),
    [('activation: "\\ud800"', 36), ('"\\ud800": 3', 24), ('mask: {"\\udc00": 3}', 31)],
)
def test_half_a_character_is_no_text(wrong: Wrong, model: str, column: int) -> None:
    found = only(wrong(f"model: {{kind: encoder, {model}}}\nvocab: [a]\ninput: {{source: a}}\n"))
    assert (found.place.line, found.place.column) == (1, column)
    assert "plain text in UTF-8" in str(found.message)


def test_half_a_character_from_a_program_is_refused() -> None:
    scenario = load_text("model: {kind: encoder}\nvocab: [a]\ninput: {source: a}\n", "f.yaml")
    for changes in ({"activation": "\ud800"}, {"\ud800": 3}, {"mask": {"\ud800": 1}}):
        with pytest.raises(Mistakes):
            scenario.with_changes({"model": changes})


def test_the_length_of_a_list_is_told_beside_its_items(wrong: Wrong) -> None:
    found = wrong(ATTENTION + "train: {betas: [0.9, 0.99, 1]}\n")
    assert [(f.place.column, str(f.message).partition("allowed: ")[2]) for f in found] == [
        (16, "a list of 2"),
        (28, "a number, 0 or more and less than 1"),
    ]


def test_a_mistake_that_a_variant_makes_is_told_at_the_variant(wrong: Wrong) -> None:
    right = "model: {kind: encoder}\nvocab: [a]\ninput: {source: a}\n"
    found = wrong(right + "variants:\n  gone: {model: null}\n  fine: {input: {source: a a}}\n")
    assert str(only(found).message).startswith("variant gone: no model: {kind: …}")
    assert (found[0].place.line, found[0].place.column) == (5, 3)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("vocab:\ninput: {source: a}\n", "no vocab"),
        ("vocab: !!str 1\ninput: {source: a}\n", "a tag"),
        ("vocab: [a]\ninput: &a 1\n", "an anchor"),
    ],
)
def test_what_is_unreadable_is_told_and_not_run(wrong: Wrong, text: str, words: str) -> None:
    assert words in str(only(wrong("model: {kind: encoder}\n" + text)).message)


def test_a_key_with_nothing_behind_it_is_told_once(wrong: Wrong) -> None:
    found = wrong("model:\n  kind: formula\n  parameters: {w: }\n  steps:\n    a:\n    b: 1\nloss: b\n")
    assert [(f.place.line, f.place.column) for f in found] == [(3, 16), (5, 5)]


def test_a_place_without_a_line_has_the_colon_of_its_language() -> None:
    message = Bilingual("no variant", "没有变体")
    assert Mistake(Place("a.yaml"), message).in_("zh") == "a.yaml：没有变体"
    assert Mistake(Place("a.yaml"), message).in_("en") == "a.yaml: no variant"
    assert Mistake(Place("a.yaml", 2, 1), message).in_("zh") == "a.yaml:2:1: 没有变体"
