"""A run as a PyTorch module: a class for each part of the model, one for parts that are alike; then autograd.

Paths say what the parts are: `enc0.attn.W_Q` is the parameter `W_Q` of the module `attn` in `enc0`, as PyTorch names it. A
part whose steps stand together becomes a module with a `forward` that is told what it reads from outside; parts with
the same lines share a class. Where steps of a part stand apart (something else comes between), its parameters stay in a
module and its steps in the one around it.
"""

from __future__ import annotations

import keyword
from collections import Counter
from collections.abc import Iterator
from functools import cached_property
from itertools import pairwise

from msgspec import Struct, field

from tfstep.code.arrays import Library
from tfstep.code.fold import INDENT, Step, filled, lines, listed, quoted
from tfstep.code.lines import TAKEN, functions_of_programs, identifier
from tfstep.code.training import after_forward
from tfstep.code.writer import Writer, axes, given
from tfstep.engine.node import Node
from tfstep.engine.plan import Plan
from tfstep.engine.trace import Trace

CLASSES = {
    "src": "Embedding",
    "tgt": "Embedding",
    "enc": "EncoderLayer",
    "dec": "DecoderLayer",
    "attn": "Attention",
    "cross": "CrossAttention",
    "ffn": "FeedForward",
    "out": "Head",
}
"""What engineers call the parts; others are called as in the path."""

# What a module of PyTorch has under these names already; a tensor of that name gets a line below.
_OWN = """
T_destination add_module apply bfloat16 buffers call_super_init children compile cpu cuda double dump_patches eval
extra_repr float forward get_buffer get_extra_state get_parameter get_submodule half ipu load_state_dict modules mtia
named_buffers named_children named_modules named_parameters parameters register_backward_hook register_buffer
register_forward_hook register_forward_pre_hook register_full_backward_hook register_full_backward_pre_hook
register_load_state_dict_post_hook register_load_state_dict_pre_hook register_module register_parameter
register_state_dict_post_hook register_state_dict_pre_hook requires_grad_ seen set_extra_state set_submodule
share_memory state_dict to to_empty train training type xpu zero_grad
"""
OWN = frozenset(_OWN.split())
MOST_NAMED = 80  # columns of the modules of one class, where they are named each
RESERVED = TAKEN | {"self", "state", "model", "module", "optimizer", "name", "key", "tensor", "path", "p"}


OTHERS = frozenset({*keyword.kwlist, "Path", "T", "NUMBERS"})
"""What a class cannot be called, since something else is."""


class Part(Struct, eq=False, dict=True):
    """One module: its parameters and buffers, the modules in it, and what its forward pass does, in order; nothing,
    where its steps stand in the module around it."""

    path: str
    leaves: list[Node] = field(default_factory=list)
    parts: dict[str, Part] = field(default_factory=dict)
    body: list[Node | Part] = field(default_factory=list)
    name: str = ""  # of its class

    def inside(self) -> Iterator[Part]:
        """It and all modules in it."""
        yield self
        for part in self.parts.values():
            yield from part.inside()

    @cached_property
    def own(self) -> set[int]:
        """The slots of its parameters and steps, and of those of the modules in it."""
        found = {leaf.slot for part in self.inside() for leaf in part.leaves}
        return found | {item.slot for part in self.inside() for item in part.body if isinstance(item, Node)}

    @cached_property
    def reads(self) -> list[int]:
        """What it needs from outside, in the order of use."""
        used = [s for item in self.body for s in (item.slots if isinstance(item, Node) else item.reads)]
        return [slot for slot in dict.fromkeys(used) if slot not in self.own]


class _Module:
    """The parts of one run, and the text of each."""

    def __init__(self, writer: Writer) -> None:
        self.writer, self.plan = writer, writer.trace.plan
        self.steps = [n for n in self.plan.nodes if n.op is not None and n.phase in ("forward", "")]
        forward = {node.slot for node in self.steps}
        self.readers = {n.slot: [s for s in self.plan.consumers[n.slot] if s in forward] for n in self.steps}
        self.told: list[Node] = []  # what forward() is given
        self.kept: list[Node] = []  # the parameters and buffers
        for leaf in given(writer.trace, ("forward",)):
            if leaf.kind == "input" or (
                leaf.path.partition(".")[0] in ("loss", leaf.path) and leaf.kind != "parameter"
            ):
                self.told.append(leaf)
            elif leaf.kind == "parameter" or not forward.isdisjoint(self.plan.consumers[leaf.slot]):
                self.kept.append(leaf)
        self.root = Part("")
        self._divide()

    def _divide(self) -> None:
        """Each leaf and each step into its part."""
        owners = {leaf.slot: _owner(self.plan, leaf.path) for leaf in self.kept}
        folders = {path for owner in owners.values() for path in _upwards(owner)}
        here = {path: [n for n, s in enumerate(self.steps) if _within(s.path, path)] for path in folders}
        called = {path for path, places in here.items() if places and places[-1] - places[0] + 1 == len(places)}
        called -= {path for path in called if self._hands_on(path, called)}
        found = {"": self.root}
        for leaf in self.kept:
            for path in reversed([*_upwards(owners[leaf.slot])]):
                if path not in found:
                    above, _, last = path.rpartition(".")
                    found[path] = found[above].parts[last] = Part(path)
            found[owners[leaf.slot]].leaves.append(leaf)
        for step in self.steps:
            chain = ["", *(path for path in reversed([*_upwards(step.path)]) if path in called)]
            for above, below in pairwise(chain):
                if found[below] not in found[above].body:
                    found[above].body.append(found[below])
            found[chain[-1]].body.append(step)
        for part in self.root.inside():
            _leave_to_the_caller(part)

    def _hands_on(self, path: str, called: set[str]) -> bool:
        """Whether a part would do nothing but call one other."""
        inner = {each for each in called if each.startswith(f"{path}.")}
        steps = [step.path for step in self.steps if _within(step.path, path)]
        return any(all(_within(each, one) for each in steps) for one in inner)

    def gives(self, part: Part) -> list[int]:
        """What is read outside of it or by nothing at all, in order; of the whole the loss first."""
        found = [
            step
            for step in self.steps
            if step.slot in part.own and (step.path == part.path or self._leaves(step, part))
        ]
        return [step.slot for step in sorted(found, key=lambda step: part is self.root and step.path != "loss")]

    def _leaves(self, step: Node, part: Part) -> bool:
        readers = self.readers[step.slot]
        return not readers or any(s not in part.own for s in readers) or (part is self.root and step.path == "loss")

    def attribute(self, leaf: Node, part: Part) -> str:
        """How a parameter is called in a part, from ``self`` on."""
        owner = _owner(self.plan, leaf.path)
        way = [*owner.removeprefix(part.path).strip(".").split("."), leaf.path.removeprefix(owner).strip(".")]
        return ".".join(attribute(each) for each in way if each)

    def body_of(self, part: Part, arguments: list[str]) -> tuple[list[Step], list[str]]:
        """The lines of its forward pass, and what it keeps, as ``key: name``."""
        writer = self.writer
        names = dict(zip(part.reads, arguments, strict=True))
        for one in part.inside():
            names |= {leaf.slot: f"self.{self.attribute(leaf, part)}" for leaf in one.leaves}
        taken = {*arguments}
        for slot in _made(part, self):
            node = self.plan.nodes[slot]
            name = identifier(_inside(node.path, part.path)) if node.path != part.path else "y"
            while name in taken or name in RESERVED or name in functions_of_programs():
                name += "_"
            taken.add(name)
            names[slot] = name
        writer.names = names
        steps, keeps = [], []
        for item in part.body:
            if isinstance(item, Node):
                steps += writer.step(item)
                made = [item.slot]
                if item.slot in self.writer.trace.pins:
                    keeps.append(f"{quoted(_inside(item.path, part.path) + '.computed')}: {writer.computed[item.slot]}")
            else:
                made = self.gives(item)
                way = ".".join(attribute(each) for each in _inside(item.path, part.path).split("."))
                call = f"self.{way}({', '.join(names[s] for s in item.reads)})"
                remark = axes(self.plan.nodes[made[0]]) if len(made) == 1 else ""
                steps.append(Step(", ".join(names[s] for s in made), call, remark))
                made = [s for s in made if self.plan.nodes[s].path == item.path]
            paths = [(self.plan.nodes[s].path, names[s]) for s in made if self.plan.nodes[s].path != part.path]
            keeps += [f"{quoted(_inside(path, part.path))}: {name}" for path, name in paths]
        last = ", ".join(names[s] for s in self.gives(part))
        if steps and steps[-1].gives == last and isinstance(part.body[-1], Node) and part.body[-1].path == part.path:
            last = steps.pop().how
        return [*steps, Step("return", last)], keeps

    def arguments(self, part: Part) -> list[str]:
        """How forward() calls what it is told: a tensor that was computed `x`, what else there is as where it comes from."""
        own = {identifier(_inside(self.plan.nodes[s].path, part.path)) for s in _made(part, self)}
        names: list[str] = []
        above = part.path.rpartition(".")[0]
        nodes = [self.plan.nodes[slot] for slot in part.reads]
        shorts = [identifier(n.path.rpartition(".")[2] if n.op is None else _inside(n.path, above)) for n in nodes]
        for slot, node, short in zip(part.reads, nodes, shorts, strict=True):
            computed = [s for s in part.reads if self.plan.nodes[s].op is not None]
            wanted = ["x"] if computed[:1] == [slot] else [short] if shorts.count(short) == 1 else []
            name = next(
                (
                    each
                    for each in [*wanted, identifier(node.path)]
                    if each not in {*own, *names, *RESERVED, "y"} and each not in functions_of_programs()
                ),
                f"{identifier(node.path)}_",
            )
            names.append(name)
        return names

    def classes(self) -> list[str]:
        """The classes, those that stand in others first; parts with the same lines have one."""
        found: dict[tuple[object, ...], list[Part]] = {}
        counts: Counter[str] = Counter()
        for part in _from_below(self.root):
            if not part.body and part is not self.root:
                continue
            made = self.made_in(part, "self")
            steps, keeps = self.body_of(part, [f"({n})" for n in range(len(part.reads))])
            key = (*made, *steps, *keeps)
            if key not in found:
                wanted = self.class_name(part)
                counts[wanted] += 1
                part.name = wanted if counts[wanted] == 1 else f"{wanted}{counts[wanted]}"
            found.setdefault(key, []).append(part)
            part.name = found[key][0].name
        return [line for alike in found.values() for line in ["", "", *self.written(alike)]][2:]

    def class_name(self, part: Part) -> str:
        """What the class is called: the whole by the scenario, its parts as engineers call them."""
        if part is self.root:
            name = _camel(getattr(self.plan.origin, "name", "").rpartition("/")[2].replace("-", "_"))
            return name if name.isidentifier() and name not in {*CLASSES.values(), *OTHERS} else "Model"
        stem = identifier(part.path.rpartition(".")[2].rstrip("0123456789"))
        name = CLASSES.get(stem) or _camel(stem)
        return name if name.isidentifier() and name not in OTHERS else "Part"

    def made_in(self, part: Part, way: str) -> Iterator[Step]:
        """What makes its parameters, its buffers and the modules in it; of a part without a class here as well."""
        for leaf in part.leaves:
            yield _empty(f"{way}.{self.attribute(leaf, part)}", leaf, self.writer.floats)
        for last, inner in part.parts.items():
            yield Step(f"{way}.{attribute(last)}", f"{inner.name}()" if inner.body else "torch.nn.Module()")
            if not inner.body:
                yield from self.made_in(inner, f"{way}.{attribute(last)}")

    @cached_property
    def renamed(self) -> dict[str, str]:
        """The paths that PyTorch's modules have otherwise, since a module has something of that name; by their names there."""
        found = {self.in_torch(leaf): leaf.path for leaf in self.kept}
        for part in self.root.inside():
            slots = [item.slot for item in part.body if isinstance(item, Node)]
            here = [self.plan.nodes[s].path for s in slots if self.plan.nodes[s].path != part.path]
            way = ".".join(attribute(each) for each in part.path.split(".") if each)
            found |= {_join(way, _inside(path, part.path)): path for path in here}
        return {name: path for name, path in found.items() if name != path}

    def variable(self, node: Node) -> str:
        """How a tensor is called beside the module."""
        name = identifier(node.path)
        return f"{name}_" if name in RESERVED or name in functions_of_programs() else name

    def in_torch(self, leaf: Node) -> str:
        """How PyTorch calls a parameter or a buffer."""
        return self.attribute(leaf, self.root)

    def written(self, alike: list[Part]) -> list[str]:
        """A class as text."""
        part = alike[0]
        arguments = self.arguments(part)
        steps, keeps = self.body_of(part, arguments)
        made = [line for step in self.made_in(part, "self") for line in lines(step, 2)]
        first = [f"{INDENT}def __init__(self):", f"{INDENT * 2}super().__init__()", *made, ""] if made else []
        seen = filled("self.seen = {", keeps, "}", 2) if keeps else []
        return [
            f"class {part.name}(torch.nn.Module):",
            *([f'{INDENT}"""{_named([each.path for each in alike])}"""', ""] if part is not self.root else []),
            *first,
            *listed("def forward(", ["self", *arguments], "):", 1),
            *(line for step in steps[:-1] for line in lines(step, 2)),
            *seen,
            *lines(steps[-1], 2),
        ]


def as_module(trace: Trace, phases: tuple[str, ...]) -> tuple[Writer, list[str]]:
    """The program of a run for PyTorch, from its classes on, and what wrote it."""
    floats = Counter(node.dtype.name for node in trace.plan.nodes if node.dtype.kind == "f")
    writer = Writer(trace, Library.TORCH, len(phases) > 1, floats.most_common(1)[0][0])
    module = _Module(writer)
    body = module.classes()
    writer.names = {leaf.slot: f"state[{quoted(module.in_torch(leaf))}]" for leaf in module.kept}
    state = [line for leaf in module.kept for line in writer.leaf(leaf, learned=False)]
    told = dict(zip(module.root.reads, module.arguments(module.root), strict=True))
    writer.names = {leaf.slot: told.get(leaf.slot) or module.variable(leaf) for leaf in module.told}
    inputs = [line for leaf in module.told for line in writer.leaf(leaf)]
    table = [f"{quoted(leaf.path)}: {writer.names[leaf.slot]}" for leaf in module.told]
    gives = [module.variable(trace.plan.nodes[s]) for s in module.gives(module.root)]
    call = lines(Step(", ".join(gives), f"model({', '.join(told.values())})"), 0 if len(phases) > 1 else 1)
    return writer, [
        *body,
        "",
        "",
        f"torch.set_default_dtype(torch.{writer.floats})",
        *(["", "# parameters and buffers", "state = {}", *state] if state else []),
        *(["", "# given", *inputs] if inputs else []),
        "",
        f"model = {module.root.name}()",
        *(["model.load_state_dict(state)"] if state else []),
        "",
        "# forward",
        *(call if len(phases) > 1 else ["with torch.no_grad():", *call]),
        "",
        "# every tensor by its path",
        *listed("T = {", table, "}"),
        "T |= dict(model.named_parameters()) | dict(model.named_buffers())",
        "for name, module in model.named_modules():",
        '    for key, tensor in getattr(module, "seen", {}).items():',
        '        T[f"{name}.{key}".strip(".")] = tensor',
        *(f"T[{quoted(path)}] = T.pop({quoted(name)})" for name, path in module.renamed.items()),
        *after_forward(writer, phases, bool(module.renamed)),
    ]


def _camel(name: str) -> str:
    return "".join(each[:1].upper() + each[1:] for each in name.split("_"))


def attribute(name: str) -> str:
    """A part of a path as the name of an attribute."""
    found = identifier(name)
    return f"{found}_" if found in OWN or keyword.iskeyword(found) else found


def _empty(name: str, leaf: Node, floats: str) -> Step:
    """A parameter or a buffer of this shape, before its numbers are loaded."""
    kind = "bool" if leaf.dtype.kind == "b" else leaf.dtype.name
    shape = ", ".join(map(str, leaf.shape)) if leaf.shape else "()"
    made = f"torch.empty({shape}{'' if kind == floats else f', dtype=torch.{kind}'})"
    if leaf.kind == "parameter":
        return Step(name, f"torch.nn.Parameter({made})", axes(leaf))
    return Step(name, f"torch.nn.Buffer({made})", axes(leaf))


def _named(paths: list[str]) -> str:
    """Where the modules of one class are."""
    whole = ", ".join(paths)
    return whole if len(whole) <= MOST_NAMED else f"{paths[0]}, {paths[1]} … {paths[-1]}"


def _owner(plan: Plan, path: str) -> str:
    """The part that has a leaf: the path before its last dot that is no tensor with numbers of its own."""
    above = path.rpartition(".")[0]
    while above and above in plan.paths and plan.paths[above].op is None:
        above = above.rpartition(".")[0]
    return above


def _upwards(path: str) -> Iterator[str]:
    while path:
        yield path
        path = path.rpartition(".")[0]


def _within(path: str, part: str) -> bool:
    return path == part or path.startswith(f"{part}.")


def _inside(path: str, part: str) -> str:
    """A path from a part on; whole, where it is not in that part."""
    return path.removeprefix(f"{part}.") if part else path


def _join(part: str, name: str) -> str:
    return f"{part}.{name}" if part else name


def _leave_to_the_caller(part: Part) -> None:
    """Take the last steps of the parts that are called here which read more from outside than these parts begin with, and
    none of their parameters: the share of an expert, by the router's weights, is worked out by who asks them."""
    for inner in [item for item in part.body if isinstance(item, Part)]:
        leaves = {leaf.slot for one in inner.inside() for leaf in one.leaves}
        first, place = inner.reads[:1], part.body.index(inner) + 1
        while len(inner.body) > 1 and isinstance(last := inner.body[-1], Node):
            more = [s for s in last.slots if s not in inner.own and s not in first]
            if not more or not leaves.isdisjoint(last.slots) or last.path == inner.path:
                break
            part.body.insert(place, inner.body.pop())
            inner.own.discard(last.slot)
            inner.__dict__.pop("reads", None)


def _made(part: Part, module: _Module) -> list[int]:
    """The slots that have a name in its forward pass: of its steps, and what the modules that it calls give."""
    return [s for item in part.body for s in ([item.slot] if isinstance(item, Node) else module.gives(item))]


def _from_below(part: Part) -> Iterator[Part]:
    """All parts, those that stand in others first."""
    for inner in part.parts.values():
        yield from _from_below(inner)
    yield part
