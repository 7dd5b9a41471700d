"""A family of checkpoints as a table: what its config.json says in our keys, and what its tensors are of ours."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from tfstep.families.config import NUMBER, Config, Reader, WantedError, missing, one_of
from tfstep.families.relation import SAME, TRANSPOSED, Part, Relation
from tfstep.text import Bilingual


class Name(Struct, frozen=True):
    """One tensor: our path and their name, ``{i}`` standing for the layer and ``{e}`` for the expert, or the head, in both.

    Where a tensor has several names, ``when`` says of which models the library writes this one.
    """

    ours: str
    theirs: str
    relation: Relation = SAME
    when: Callable[[Any], bool] | None = None


class Family(Struct, frozen=True):
    """One family. ``keys`` reads each key of config.json; ``always`` are keys of ours whatever it says.

    ``anchors`` are names that every checkpoint of it has, by which a prefix (``model.``, ``transformer.``) is found;
    ``spare`` are patterns of tensors that hold nothing a model computes with.
    """

    name: str
    kind: str
    types: tuple[str, ...]  # `model_type` in config.json
    keys: Mapping[str, Reader]
    names: tuple[Name, ...]
    always: Mapping[str, Any] = field(default_factory=dict)
    defaults: Mapping[str, Any] = field(default_factory=dict)
    anchors: tuple[str, ...] = ()
    spare: tuple[str, ...] = ()
    fixed: tuple[str, ...] = ()  # our paths that its checkpoints do not have, and that stay at their start
    prefix: str = ""  # before the names of a checkpoint with its output layer, whose own names have none
    architecture: str = ""  # of the class that has the output layer
    system: str = ""  # how people call it

    def but(self, name: str, *types: str, keys: Mapping[str, Reader] | None = None, **changes: Any) -> Family:
        """Another family that is like this one but for some of it; keys, defaults and always are merged over."""
        merged = {key: {**getattr(self, key), **changes.pop(key, {})} for key in ("defaults", "always")}
        return replace(self, name=name, types=types or (name,), keys={**self.keys, **(keys or {})}, **merged, **changes)

    def model(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """`model:` and `vocab` (a number) of a config.json. Raises FamilyError for what is not computed."""
        config = Config(given, self.defaults, self.name)
        found: dict[str, Any] = {"kind": self.kind, **self.always}
        for _, said in self._said(config):
            found |= said
        if "architectures" not in self.keys:
            found |= self._head(config, found)
        config.unread()
        return nested({key: value for key, value in found.items() if value is not None})

    def origins(self, given: Mapping[str, Any]) -> dict[str, str]:
        """Which of their keys says each key of `model:`; ours that no key of theirs says are not there."""
        config = Config(given, self.defaults, self.name)
        found: dict[str, str] = {}
        for theirs, said in self._said(config):
            found |= {key.partition(".")[0]: theirs for key in said}
        return found

    def _said(self, config: Config) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Each of their keys, and what it says in ours. Raises FamilyError."""
        for key, reader in self.keys.items():
            if key not in config and not isinstance(reader, str):
                config.read.add(key)
            value = config[key]
            if isinstance(self.defaults.get(key), bool) and not isinstance(value, bool | int | None):
                raise config.fault(key, one_of(["true", "false"]))
            if isinstance(reader, str):
                if value is None:
                    raise missing(key, self.name)
                if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
                    raise config.fault(key, NUMBER)
                if value <= 0 and reader != "eps":
                    config.whole(key)
                yield key, {reader: value}
                continue
            try:
                yield key, reader(value, config)
            except WantedError as error:
                raise config.fault(key, error.needed) from None
            except (
                ValueError,
                TypeError,
                LookupError,
                ArithmeticError,
                AttributeError,
            ):  # a value of another type than any reader expects
                raise config.fault(key) from None

    def _head(self, config: Config, found: Mapping[str, Any]) -> dict[str, Any]:
        """Whether the model has its output layer, by the class that it was saved from. Raises FamilyError for a
        class with another head.
        """
        said = config["architectures"] or [self.architecture]
        named = said[0] if isinstance(said, list) else said
        if named == self.architecture:
            return {}
        if named != re.sub(r"(ForCausalLM|ForConditionalGeneration|LMHeadModel|MTModel)$", "Model", self.architecture):
            raise config.fault("architectures", Bilingual("{it}", "{it}", it=self.architecture))
        tie = [
            group for group in ([p for p in group if p != "out.W"] for group in found.get("tie", [])) if len(group) > 1
        ]
        return {"head": False, "tie": tie or None, **dict.fromkeys(("bias.head", "logit_scale", "logit_softcap"))}


def nested(flat: Mapping[str, Any]) -> dict[str, Any]:
    """``{"rope.base": 1}`` as ``{"rope": {"base": 1}}``."""
    tree: dict[str, Any] = {}
    for key, value in flat.items():
        *ways, last = key.split(".")
        here = tree
        for way in ways:
            here = here.setdefault(way, {})
        here[last] = value
    return tree


# -- writing the names of a table --------------------------------------------------------------------


def linear(
    ours: str, theirs: str, relation: Relation = TRANSPOSED, weight: str = "weight", bias: str = "bias"
) -> tuple[Name, ...]:
    """A linear layer: ``dec{i}.attn.W_Q`` and the bias beside it, ``dec{i}.attn.b_Q``."""
    head, _, last = ours.rpartition(".")
    return (
        Name(ours, f"{theirs}.weight", relation),
        Name(f"{head}.{last.replace('W', 'b', 1)}", f"{theirs}.bias", replace(relation, transposed=False)),
    )


def fused(attn: str, theirs: str, parts: Mapping[str, Part], relation: Relation = TRANSPOSED) -> tuple[Name, ...]:
    """Queries, keys and values in one layer."""
    found: tuple[Name, ...] = ()
    for which, part in parts.items():
        found += linear(f"{attn}.W_{which}", theirs, replace(relation, part=part))
    return found


def norm(ours: str, theirs: str, relation: Relation = SAME) -> tuple[Name, ...]:
    """A norm: gamma and beta."""
    return (Name(f"{ours}.gamma", f"{theirs}.weight", relation), Name(f"{ours}.beta", f"{theirs}.bias"))


# -- matching ----------------------------------------------------------------------------------------

_LAYER, _EXPERT = re.compile(r"(enc|dec)(\d+)\."), re.compile(r"\.(expert|head)(\d+)\.")


def layer_pattern(path: str) -> tuple[str, dict[str, int]]:
    """``dec3.ffn.expert2.W_1`` as ``dec{i}.ffn.expert{e}.W_1`` with i = 3, e = 2; likewise ``.head2.``."""
    layer, expert = _LAYER.match(path), _EXPERT.search(path)
    numbers = ({"i": int(layer[2])} if layer else {}) | ({"e": int(expert[2])} if expert else {})
    pattern = _EXPERT.sub(r".\1{e}.", path)
    return (_LAYER.sub(r"\1{i}.", pattern, count=1) if layer else pattern), numbers


class Theirs(Struct, frozen=True):
    """What holds one of our tensors: the name in a checkpoint, without its prefix, and how."""

    name: str
    relation: Relation


def only_when(when: Callable[[Any], bool], names: Iterable[Name]) -> tuple[Name, ...]:
    """The same names, written for these models alone."""
    return tuple(replace(name, when=when) for name in names)


def theirs(family: Family, path: str, model: Any = None) -> Iterable[Theirs]:
    """Under which names a checkpoint of the family, or one of just this model, may hold a parameter of ours, the
    likeliest first.
    """
    pattern, numbers = layer_pattern(path)
    for name in table(family).get(pattern, ()):
        if model is not None and name.when is not None and not name.when(model):
            continue
        relation = name.relation
        if relation.index is not None and "e" in numbers:
            relation = replace(relation, index=numbers["e"])
        yield Theirs(name.theirs.format(**numbers), relation)


_TABLES: dict[str, dict[str, tuple[Name, ...]]] = {}


def table(family: Family) -> dict[str, tuple[Name, ...]]:
    """The names of a family by our path, made once."""
    if family.name not in _TABLES:
        found: dict[str, tuple[Name, ...]] = {}
        for name in family.names:
            found[name.ours] = (*found.get(name.ours, ()), name)
        _TABLES[family.name] = found
    return _TABLES[family.name]
