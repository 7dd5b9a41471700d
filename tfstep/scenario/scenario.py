"""A scenario, loaded and checked: what every other room works from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from tfstep import reach
from tfstep.engine.less import ALL, KEEPS
from tfstep.engine.surface.above import Displayed
from tfstep.errors import ScenarioError, TfstepError
from tfstep.models.config import Inputs, LossConfig, ModelConfig, TrainConfig
from tfstep.models.keys.kinds import KINDS
from tfstep.models.keys.sections import OWN
from tfstep.scenario.file import catalog, variants
from tfstep.scenario.file.mistakes import Mistake, Mistakes, Place, Report, fault, in_order
from tfstep.scenario.file.nodes import Keys, Scalar, Section, at, found_text, from_python, place_of, to_python
from tfstep.scenario.file.reading import read_text
from tfstep.scenario.file.repeated import written_out
from tfstep.scenario.file.yaml import parse
from tfstep.scenario.keys.check import Checked, WeightsConfig, check
from tfstep.scenario.keys.pins import pins_file, pins_in
from tfstep.scenario.vocabulary import Vocabulary
from tfstep.scenario.weights.weight_file import BadWeightsError, alone, no_scenario
from tfstep.text import Bilingual

if TYPE_CHECKING:
    from tfstep.engine.plan import Plan
    from tfstep.scenario.opening.reading import Reading
    from tfstep.scenario.program import Program


class Scenario(Displayed, Struct, frozen=True, eq=False, dict=True):
    """One variant of a scenario file; everything in it is valid.

    ``vocab`` has the vocabulary of each side: ``source``, ``target`` and ``labels``, as far as the model has them.
    """

    name: str
    path: Path | None  # the file, or None for text
    variant: str
    variants: tuple[str, ...]  # "base" first
    title: Bilingual
    about: Bilingual
    model: ModelConfig
    inputs: Inputs
    loss: LossConfig
    train: TrainConfig
    weights: WeightsConfig
    pins: Mapping[str, np.ndarray]
    vocab: Mapping[str, Vocabulary]
    source_text: str  # empty where it was made from a dictionary
    file: Section  # the tree of the file
    tree: Section  # the same with the variant and the changes merged over it
    keep: str = ALL  # what its traces keep

    @property
    def heading(self) -> str:
        """Title, name and variant, in one line; a file may have no title."""
        return " · ".join(part for part in (str(self.title), self.name, self.variant) if part)

    @cached_property
    def program(self) -> Program:
        """The plan of this scenario with the numbers it starts from, made once. Raises `ScenarioError`."""
        from tfstep.scenario.program import compile_scenario

        return compile_scenario(self)

    @cached_property
    def plan(self) -> Plan:
        """The steps of this scenario, without numbers, recorded once. Raises `ScenarioError`."""
        from tfstep.scenario.program import plan_of

        return plan_of(self)

    @cached_property
    def data_plans(self) -> tuple[Plan, ...]:
        """The steps of an update over `train.data`, recorded once: over all examples, or one plan for each part."""
        from tfstep.scenario.program import plans_over_data

        return plans_over_data(self)

    @classmethod
    def from_dict(cls, document: Mapping[str, object], variant: str | None = None, name: str = "scenario") -> Scenario:
        """The scenario that a dictionary spells, with the keys of a scenario file: ``{"model": {"kind": "encoder"}, …}``.

        Values are dicts, lists, words, numbers and arrays. Raises `ScenarioError` with every mistake, by key.
        """
        report = Report()
        file = from_python(document, Place(name))
        if not isinstance(file, Section):
            raise fault(Place(name), Bilingual("{found} is no dictionary", "{found} 不是字典", found=found_text(file)))
        return _read(file, "", name, None, variant, report)

    def with_variant(self, name: str) -> Scenario:
        """Another variant of the file, without the changes made by `with_changes`. Raises `ScenarioError`."""
        report = Report()
        tree = variants.apply(self.file, name)
        made = _made(self.name, self.path, name, self.source_text, self.file, tree, check(tree, report), report)
        return made.keeping(self.keep)

    def in_float64(self) -> Scenario:
        """The same in double precision, without what half precision needs in training."""
        return self.with_changes({"model": {"dtype": "float64"}, "train": {"master": None, "loss_scale": None}})

    def with_changes(self, changes: Mapping[str, object]) -> Scenario:
        """This scenario with keys merged over it, as a variant merges them: ``{"model": {"heads": 2}}``.

        Values are dicts, lists, words, numbers and arrays; None takes a key away. Raises `ScenarioError`.
        """
        report = Report()
        tree = variants.merge(self.tree, from_python(changes, Place("")))
        assert isinstance(tree, Section)
        checked = check(tree, report)
        made = _made(self.name, self.path, self.variant, self.source_text, self.file, tree, checked, report)
        return made.keeping(self.keep)

    def keeping(self, keep: str) -> Scenario:
        """The same, with traces that keep ``all`` or ``less``: what was let go is computed again when it is read, with
        the same bits. Raises TfstepError for anything else.
        """
        if keep == self.keep:
            return self
        if keep not in KEEPS:
            raise TfstepError(
                Bilingual(
                    "keep is {allowed}, not {found!r}",
                    "keep 只能是 {allowed}，不能是 {found!r}",
                    allowed=Bilingual("all or less", "all 或 less"),
                    found=keep,
                )
            )
        if keep not in self._kept:
            self._kept[keep] = other = replace(self, keep=keep)
            if "program" in self.__dict__:  # the same plan and weights
                other.__dict__["program"] = self.program.keeping(keep)
                other.__dict__["plan"] = other.program.plan
        return self._kept[keep]

    @cached_property
    def _kept(self) -> dict[str, Scenario]:
        return {}

    def place(self, keys: Keys, *, key: bool = False, offset: int = 0) -> Place:
        """Where the value under ``keys`` stands in the file (``key``: where its key stands), or what is around it.

        ``offset`` counts characters into a value that is a text. A model's folder has no file with lines.
        """
        if self.path is not None and not self.path.exists():
            return Place(str(self.path.parent))
        tree = written_out(self.tree)
        node = at(tree, keys)
        if isinstance(node, Scalar) and not key:
            return node.place_at(offset) if offset else node.place
        return place_of(tree, keys, key)

    def mistake_at(self, keys: Keys, message: Bilingual, *, key: bool = False, offset: int = 0) -> Mistake:
        """A mistake that shows only when the model is built, with its place in the file; in the words of the
        config.json that the keys of a model on disk were made of.
        """
        if self._from_disk and keys[:1] != ("weights",) and _same(self.tree, self.file, "model"):
            from tfstep.scenario.opening.checkpoint import checkpoint
            from tfstep.scenario.opening.document import in_their_words

            assert self.path is not None
            message = in_their_words(checkpoint(self.path.parent).config, map(str, keys), message)
        return Mistake(self.place(keys, key=key, offset=offset), message)

    @property
    def _from_disk(self) -> bool:
        """Whether it is a model's folder, opened: its file is one that nobody has written."""
        file = self.weights.file
        return self.path is not None and not self.path.exists() and file is not None and file.suffix != ".gguf"

    def error_at(self, keys: Keys, message: Bilingual, *, key: bool = False, offset: int = 0) -> Mistakes:
        """The same as an error to raise."""
        return Mistakes([self.mistake_at(keys, message, key=key, offset=offset)])

    def document(self) -> dict[str, object]:
        """The merged file as plain values, without its variants, for writing it anew."""
        plain = to_python(self.tree)
        assert isinstance(plain, dict)
        return {key: value for key, value in plain.items() if key != "variants"}


def _same(one: Section, two: Section, key: str) -> bool:
    """Whether two trees say the same under a key."""
    said = (at(tree, (key,)) for tree in (one, two))
    first, second = (None if node is None else to_python(node) for node in said)
    return first == second


def as_scenario(given: object) -> Scenario:
    """What was given, if it is a scenario. Raises TfstepError for anything else, such as the name of one."""
    if isinstance(given, Scenario):
        return given
    raise TfstepError(
        Bilingual(
            "{found} is no scenario; tfstep.load(…) makes one of a name or a file",
            "{found} 不是场景；用 tfstep.load(…) 从名称或文件载入",
            found=repr(given).splitlines()[0][:60],
        )
    )


def load(
    name: str | Path,
    variant: str | None = None,
    *,
    text: str | list[str] | None = None,
    ids: list[int] | list[list[int]] | None = None,
    target: str | list[str] | None = None,
    target_ids: list[int] | list[list[int]] | None = None,
    labels: str | None = None,
    dtype: str | None = None,
) -> Scenario:
    """The scenario of a file, the one that ships under a bare name, or a model's folder or ``.gguf`` file.

    What a model reads is ``text`` (several: a batch) through its tokenizer, or ``ids`` as they are; ``target`` and
    ``target_ids`` are what the decoder of an encoder-decoder reads; ``labels`` is next or none. Raises
    `ScenarioError` with every mistake of the file, in all its variants.
    """
    from tfstep.scenario.opening.reading import reading

    return load_as_asked(name, variant, reading(text, ids, target, target_ids, labels, dtype))


def load_as_asked(name: str | Path, variant: str | None, asked: Reading) -> Scenario:
    """The same with what is asked for in one. Raises `ScenarioError` like `load`."""
    path = catalog.find(str(name))
    if catalog.is_model(path):
        return _opened(path, variant, asked)
    if no_scenario(path):
        raise fault(Place(str(path)), alone(path))
    scenario = _load(read_text(path), path.stem, path, variant)
    if not asked:
        return scenario
    kind, labelled = KINDS[scenario.model.kind], at(scenario.tree, ("input", "labels"))
    following = isinstance(labelled, Scalar) and labelled.value == "next"
    sides = kind.needs if "words" in kind.parts else ()
    return scenario.with_changes(asked.changes(scenario.model.kind, sides, following))


def _opened(path: Path, variant: str | None, asked: Reading) -> Scenario:
    """A model on disk, as the scenario that `tfstep new` writes of it. Raises `ScenarioError`."""
    from tfstep.scenario.opening.checkpoint import checkpoint
    from tfstep.scenario.opening.document import as_text, document, in_their_words

    try:
        found = checkpoint(path)
        reach.allow(found.folder)  # which a person has named
        text = as_text(document(found, asked))
    except TfstepError as error:
        raise fault(Place(""), error.message) from None
    try:
        return _load(text, found.title, found.folder / f"{found.title}.yaml", variant)
    except Mistakes as mistakes:  # of a file that nobody has written: its lines say nothing, and the rest follows
        first = mistakes.mistakes[0]
        line, why = first.place.line, first.message
        if line and path.is_dir():
            why = in_their_words(found.config, [text.splitlines()[line - 1].strip().partition(":")[0]], why)
        raise fault(Place(str(path)), why) from None


def load_text(text: str, name: str = "scenario", variant: str | None = None) -> Scenario:
    """The scenario that a text spells. Raises `ScenarioError` like `load`."""
    return _load(text, name, None, variant)


def validate(name: str | Path, also: Callable[[Scenario], object] | None = None) -> list[Mistake]:
    """Every mistake of a file, in all its variants, by position; an empty list if it is right.

    ``also`` is called with every variant and may raise `ScenarioError` for what only it can see.
    """
    try:
        scenario = load(name)
    except Mistakes as mistakes:
        return list(mistakes.mistakes)
    found: list[Mistake] = []
    for variant in scenario.variants if also else ():
        try:
            also(scenario.with_variant(variant)) if also else None
        except Mistakes as mistakes:
            found += mistakes.mistakes
        except ScenarioError as error:
            found.append(Mistake(Place(str(scenario.path)), error.message))
    return list(in_order(found))


def _load(text: str, name: str, path: Path | None, variant: str | None) -> Scenario:
    report = Report()
    try:
        file = parse(text, str(path or name), report)
    except Mistakes as mistakes:
        raise Mistakes([*report.mistakes, *mistakes.mistakes]) from None
    return _read(file, text, name, path, variant, report)


def _read(file: Section, text: str, name: str, path: Path | None, variant: str | None, report: Report) -> Scenario:
    readable = not report.mistakes
    variants.check_names(file, report)
    wanted, chosen = variant or variants.BASE, None
    for each in variants.names(file)[: variants.MOST + 1]:
        checked = _variant(file, each, report)
        chosen = checked if each == wanted else chosen
    tree = variants.apply(file, wanted) if not report.mistakes or chosen else file
    if report.mistakes and chosen and readable:
        # only values under `weights` or `pins` are wrong: the model tells which paths and shapes are
        try:
            _ = _made(name, path, wanted, text, file, tree, chosen, Report()).program
        except Mistakes as mistakes:
            report.mistakes += mistakes.mistakes
    return _made(name, path, wanted, text, file, tree, chosen, report)


def _variant(file: Section, name: str, report: Report) -> Checked | None:
    """One variant, checked; its mistakes go to ``report``."""
    own = Report()
    checked = check(variants.apply(file, name), own)
    known = {mistake.key for mistake in report.mistakes}
    report.mistakes += (
        variants.blame_variant(file, name, mistake) for mistake in own.mistakes if mistake.key not in known
    )
    return checked


def _made(
    name: str,
    path: Path | None,
    variant: str,
    text: str,
    file: Section,
    tree: Section,
    checked: Checked | None,
    report: Report,
) -> Scenario:
    report.raise_if_any()
    if checked is None:
        raise fault(tree.place, Bilingual("the scenario is not complete", "场景不完整"))
    return Scenario(
        name,
        path,
        variant,
        variants.names(file),
        checked.title,
        checked.about,
        _masks_beside(path, checked.model, tree),
        checked.inputs,
        checked.loss,
        checked.train,
        _beside(path, checked.weights, tree),
        {**_pins_beside(path, tree), **checked.pins},
        checked.vocab,
        text,
        file,
        tree,
    )


def _masks_beside(path: Path | None, model: ModelConfig, tree: Section) -> ModelConfig:
    """The model with the files of its masks found from the scenario's own folder. Raises `Mistakes` where it may not
    reach them."""
    own = {key: each for key in OWN if isinstance(each := getattr(model.mask, key), str)}
    if path is None or not own:
        return model
    for key, name in own.items():
        if not reach.may_read(path.parent / name, path):
            raise fault(place_of(tree, ("model", "mask", key)), reach.too_far(Path(name)))
    return replace(model, mask=replace(model.mask, **{key: str(path.parent / name) for key, name in own.items()}))


def _pins_beside(path: Path | None, tree: Section) -> dict[str, np.ndarray]:
    """The pins of a file, found from the scenario's own folder. Raises `Mistakes` where it cannot be read."""
    name = pins_file(tree)
    if name is None:
        return {}
    file = name if path is None else path.parent / name
    where = place_of(tree, ("pins", "file"))
    if path is not None and not reach.may_read(file, path):
        raise fault(where, reach.too_far(name))
    try:
        return pins_in(file)
    except BadWeightsError as error:
        raise fault(where, Bilingual("{file}: {why}", "{file}：{why}", file=str(name), why=error.why)) from None


def _beside(path: Path | None, weights: WeightsConfig, tree: Section) -> WeightsConfig:
    """The weights with their file found from the scenario's own folder. Raises `Mistakes` where it may not reach it."""
    if path is None or weights.file is None:
        return weights
    file = path.parent / weights.file
    if not reach.may_read(file, path):
        raise fault(place_of(tree, ("weights", "file")), reach.too_far(weights.file))
    return replace(weights, file=file)
