"""The feed-forward network: another activation, gate and up exchanged."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tfstep.compare.causes.projections import LINEARS
from tfstep.compare.causes.table import Made, Step, cause, equation
from tfstep.engine.op import Array
from tfstep.ops.activation import ACTIVATIONS, silu, swiglu
from tfstep.ops.primitive.choice import maximum
from tfstep.ops.primitive.elementwise import identity
from tfstep.ops.primitive.functions import exp, log, relu, tanh
from tfstep.text import Bilingual

One = Callable[[Array], Array]


def _softplus(x: Array) -> Array:
    return log(1.0 + exp(x))


KINDS: dict[str, One] = {
    **{name: act for name, act in ACTIVATIONS.items() if len(act.arguments) == 1},
    "leaky relu, slope 0.01": lambda x: maximum(x, x * 0.01),
    "leaky relu, slope 0.2": lambda x: maximum(x, x * 0.2),
    "elu": lambda x: relu(x) + (exp(-relu(-x)) - 1.0),
    "softplus": _softplus,
    "mish": lambda x: x * tanh(_softplus(x)),
    "abs": lambda x: relu(x) + relu(-x),
}
UNASKED = ("relu", "gelu", "gelu_tanh", "silu", "tanh", "sigmoid")


@cause("activation", "act", "y")
def activation(step: Step) -> Iterator[Made]:
    """Another activation, or the same twice; in a gate, another one of the gate."""
    op = step.node.op
    if op is None:
        return
    if op is swiglu:
        for name, function in KINDS.items():
            if function is not silu:
                yield (
                    Bilingual(
                        "{name}(gate) · hidden in place of silu(gate) · hidden",
                        "{name}(gate) · hidden，而不是 silu(gate) · hidden",
                        name=name,
                    ),
                    lambda at, f=function: f(at.args[0]) * at.args[1],
                )
        alone: tuple[tuple[str, One, int], ...] = (
            ("silu(hidden)", silu, 1),
            ("silu(gate)", silu, 0),
            ("hidden", identity, 1),
        )
        for own, function, k in alone:
            yield (
                Bilingual(
                    "{own} in place of silu(gate) · hidden: nothing is gated",
                    "{own}，而不是 silu(gate) · hidden：没有门控",
                    own=own,
                ),
                lambda at, f=function, k=k: f(at.args[k]),
            )
        return
    for name, function in KINDS.items():
        if function is not op and not (name == "identity" and op.name == "identity"):
            yield (
                Bilingual("{name} in place of {own}", "{name}，而不是 {own}", name=name, own=op.name),
                lambda at, f=function: f(at.args[0]),
            )
    yield Bilingual("{own} twice", "{own} 用了两次", own=op.name), lambda at: at.usual(at.usual())


@cause("activation", "q_proj", "k_proj", "v_proj", "out", "logits")
def unasked(step: Step) -> Iterator[Made]:
    """An activation behind a linear layer that has none."""
    if step.node.op is not None and step.node.op.name in LINEARS:
        for name in UNASKED:
            yield (
                Bilingual("{name}(x W + b) in place of x W + b", "{name}(x W + b)，而不是 x W + b", name=name),
                lambda at, f=KINDS[name]: f(at.usual()),
            )


@cause("gate-swapped", "act")
def gate(step: Step) -> Iterator[Made]:
    """silu(hidden) · gate."""
    if step.node.op is swiglu:
        yield (
            Bilingual(
                "silu(hidden) · gate in place of silu(gate) · hidden", "silu(hidden) · gate，而不是 silu(gate) · hidden"
            ),
            lambda at: swiglu(at.args[1], at.args[0]),
        )


@cause("gate-swapped", "gate", "hidden")
def weights_exchanged(step: Step) -> Iterator[Made]:
    """The weights of gate and up exchanged."""
    if step.has("gate") and step.node.path.endswith("gate"):
        other = {"gate": "W_1", "hidden": "W_gate"}
        yield (
            equation("gate = x W_1, hidden = x W_gate"),
            {
                step.at(name): (lambda at, w=weight: at.usual(at.args[0], at.earlier(at.scope + w), *at.args[2:]))
                for name, weight in other.items()
            },
        )
