"""Variants: merged, composed, and wrong in every way they can be."""

from collections.abc import Callable

import pytest

from tfstep.errors import ScenarioError
from tfstep.scenario.file.mistakes import Mistake
from tfstep.scenario.scenario import Scenario, load_text

Make = Callable[..., Scenario]
Wrong = Callable[[str], list[Mistake]]
VARIANTS = """\
weights: {init: {normal: 0.5}, set: {a: {normal: 1}, b: zeros}}
variants:
  swapped: {input: {source: 你 爱 我}}
  no-position: {model: {positional: none}, weights: {init: {uniform: 1}, set: {a: {constant: 2}}}}
  both: [swapped, no-position]
  again: [both, last]
  last: {model: {positional: learned}, weights: null}
"""


def test_groups_merge_and_the_rest_is_replaced(scenario: Make) -> None:
    base = scenario(VARIANTS)
    assert base.variants == ("base", "swapped", "no-position", "both", "again", "last")
    variant = base.with_variant("no-position")
    assert (variant.model.kind, variant.model.positional) == ("encoder", "none")
    assert (variant.weights.init.kind, variant.weights.init.size) == ("uniform", 1.0)
    assert {path: fill.kind for path, fill in variant.weights.set.items()} == {"a": "constant", "b": "zeros"}
    assert base.weights.init.kind == "normal"


def test_a_list_of_names_applies_them_in_order(scenario: Make) -> None:
    base = scenario(VARIANTS)
    both = base.with_variant("both")
    assert both.inputs.source is not None
    assert both.inputs.source.words == (("你", "爱", "我"),)
    assert both.model.positional == "none"
    again = base.with_variant("again")
    assert again.model.positional == "learned"
    assert again.weights.set == {}


def test_base_is_the_file_and_variants_do_not_pile_up(scenario: Make) -> None:
    base = scenario(VARIANTS)
    swapped = base.with_variant("swapped").with_variant("no-position")
    assert swapped.inputs.source is not None
    assert swapped.inputs.source.words == (("我", "爱", "你"),)
    assert base.with_variant("both").with_variant("base").model == base.model
    assert load_text(base.source_text, "f", "swapped").variant == "swapped"


def test_an_unknown_variant_names_those_there_are(scenario: Make) -> None:
    base = scenario(VARIANTS)
    for ask in (lambda: base.with_variant("swaped"), lambda: load_text(base.source_text, "f.yaml", "swaped")):
        with pytest.raises(ScenarioError) as caught:
            ask()
        words = "no variant 'swaped' (did you mean swapped?); there are base, swapped, no-position, both, again, last"
        assert str(caught.value) == f"f.yaml: {words}"


@pytest.mark.parametrize(
    ("line", "column", "words", "variant"),
    [
        (6, 3, "base is the file itself", "base: {model: {heads: 2}}"),
        (6, 3, "a name has no spaces", "a b: {}"),
        (6, 3, "a name has no spaces", "'a:b': {}"),
        (6, 6, "v is 5; allowed: changes, or a list of variants", "v: 5"),
        (6, 7, "no variant 'w'; there are", "v: [w]"),
        (6, 7, "'v' contains itself through 'v'", "v: [v]"),
        (6, 7, "variants in a variant", "v: {variants: {}}"),
        (6, 7, "tfstep in a variant", "v: {tfstep: 1}"),
        (6, 15, "unknown key haeds in model", "v: {model: {haeds: 1}}"),
        (6, 7, "unknown key modle", "v: {modle: {heads: 1}}"),
        (6, 22, "3 heads do not divide d_model 4", "v: {model: {heads: 3}}"),
        (6, 24, "2 heads do not divide d_model 5", "v: {model: {d_model: 5}}"),
        (6, 22, "model.heads is a group of keys", "v: {model: {heads: {a: }}}"),
        (6, 23, "1 labels for the 3 words of source", "v: {input: {labels: 我}}"),
        (6, 23, "3 labels for the 2 words of source", "v: {input: {source: 我 爱}}"),
        (6, 25, "the word '他' is not in vocab", "v: {input: {source: 我 他}}"),
        (6, 16, "model is 5; allowed: a group of keys", "v:   {model: 5}"),
    ],
)
def test_a_mistake_points_at_the_variant_it_came_from(
    wrong: Wrong, head: str, line: int, column: int, words: str, variant: str
) -> None:
    if "d_model" in variant:
        head = head.replace("encoder}", "encoder, heads: 2}")
    if "爱}" in variant:
        head = head.replace("你}", "你, labels: 我 爱 你}")
    found = wrong(head + f"variants:\n  {variant}\n")
    assert any((f.place.line, f.place.column) == (line, column) and words in str(f.message) for f in found), found


def test_a_mistake_of_the_file_is_told_once_and_not_for_every_variant(wrong: Wrong, head: str) -> None:
    text = head.replace("encoder}", "encoder, heads: 3}") + "variants: {a: {input: {source: 我}}, b: {}, c: [a, b]}\n"
    assert [(m.place.line, m.place.column) for m in wrong(text)] == [(2, 31)]


def test_lists_that_multiply_are_refused(wrong: Wrong, head: str) -> None:
    lists = "".join(f"  v{i + 1}: [v{i}, v{i}, v{i}, v{i}]\n" for i in range(45))
    found = wrong(head + "variants:\n  v0: {model: {heads: 2}}\n" + lists)
    assert {str(m.message) for m in found} == {"more than 50 changes; at most 50"}
    many = "".join(f"  v{i}: {{}}\n" for i in range(51))
    assert any("51 variants; at most 50" in str(m.message) for m in wrong(head + "variants:\n" + many))


def test_lists_in_a_ring_are_refused(wrong: Wrong, head: str) -> None:
    found = wrong(head + "variants:\n  a: [b]\n  b: [c]\n  c: [a]\n")
    assert [str(m.message) for m in found] == [
        "'a' contains itself through 'b'; a list names other variants",
        "'b' contains itself through 'c'; a list names other variants",
        "'c' contains itself through 'a'; a list names other variants",
    ]
