"""Moving: each move and its reverse, over the whole timeline and at every depth."""

import pytest

import tfstep
from tfstep.engine.trace import Trace
from tfstep.errors import PathError
from tfstep.session import moves
from tfstep.session.place import Position, find_place, scopes, steps_inside, tensor_at


@pytest.fixture(scope="module")
def trace() -> Trace:
    return tfstep.trace(tfstep.load("wo-ai-ni"))


def walk(trace: Trace, move: moves.Move, start: Position) -> list[Position]:
    found = [start]
    while (to := move(trace, found[-1])) is not None:
        found.append(to)
    return found


def test_into_walks_everything_once_and_back_into_is_its_inverse(trace: Trace) -> None:
    forwards = walk(trace, moves.into, (1,))
    assert len(set(forwards)) == len(forwards)
    assert forwards == sorted(forwards)
    assert max(map(len, forwards)) >= 3, "inside of inside is walked too"
    assert walk(trace, moves.back_into, forwards[-1]) == forwards[::-1]


def test_over_stays_on_the_timeline(trace: Trace) -> None:
    steps = [(node.number,) for node in trace.plan.steps]
    assert walk(trace, moves.over, (1,)) == steps
    assert walk(trace, moves.back_over, steps[-1]) == steps[::-1]


def test_over_leaves_an_inside_forwards_behind_the_step_and_backwards_to_it(trace: Trace) -> None:
    weights = trace["enc0.attn.weights"].step
    assert isinstance(weights, int)
    last = steps_inside(trace, (weights,))
    assert moves.over(trace, (weights, last)) == (weights + 1,)
    assert moves.over(trace, (weights, 1)) == (weights, 2)
    assert moves.back_over(trace, (weights, 1)) == (weights,)
    assert moves.back_over(trace, (weights, 2)) == (weights, 1)


def test_over_leaves_several_insides_at_once(trace: Trace) -> None:
    deepest = max(walk(trace, moves.into, (1,)), key=len)
    last = deepest[:1]
    while inside := steps_inside(trace, last):
        last = (*last, inside)
    assert moves.over(trace, last) == (deepest[0] + 1,)


def test_out_of_an_inside_is_the_step_itself_both_ways(trace: Trace) -> None:
    position, _ = find_place(trace, "enc0.attn.weights/exp")
    assert moves.out(trace, position) == position[:1] == moves.back_out(trace, position)


def test_out_leaves_sublayer_layer_and_phase(trace: Trace) -> None:
    def path(at: Position | None) -> str:
        assert at is not None
        return tensor_at(trace, at).path

    at, _ = find_place(trace, "enc0.attn.scores")
    found = []
    while (to := moves.out(trace, at)) is not None:
        at = to
        found.append(path(at))
    assert found[:4] == ["enc0.add1", "out.logits", "loss", "loss.grad"]
    assert at == (len(trace.plan.steps),)
    back, _ = find_place(trace, "enc0.attn.scores")
    assert path(moves.back_out(trace, back)) == "src.x"


def test_out_never_goes_backwards(trace: Trace) -> None:
    for node in trace.plan.steps[:-1]:
        to = moves.out(trace, (node.number,))
        assert to is not None
        assert to > (node.number,)
        before = moves.back_out(trace, (node.number + 1,))
        assert before is not None
        assert before < (node.number + 1,)


@pytest.mark.parametrize(
    ("place", "path"),
    [
        ("start", "src.embed"),
        ("loss", "loss"),
        ("enc0.attn.W_Q", "enc0.attn.q_proj"),
        ("enc0.attn.W_Q.grad", "enc0.attn.W_Q.grad"),
        ("enc0.attn.weights/exp", "enc0.attn.weights/exp"),
        ("1", "src.embed"),
        (" 2 ", "src.x"),
    ],
)
def test_a_place_is_a_path_a_number_or_a_word(trace: Trace, place: str, path: str) -> None:
    position, _ = find_place(trace, place)
    assert tensor_at(trace, position).path == path


def test_the_end_is_the_last_step(trace: Trace) -> None:
    assert find_place(trace, "end")[0] == (len(trace.plan.steps),)


def test_a_place_may_name_a_cell(trace: Trace) -> None:
    assert find_place(trace, "enc0.attn.weights[0,0,-1,2]")[1] == (0, 0, 2, 2)
    assert find_place(trace, "enc0.attn.W_Q[1,2]")[1] is None, "the cell is one of the parameter, not of its step"


@pytest.mark.parametrize("place", ["0", "9999", "1.99", "nowhere", "", "enc0.attn.weights[9,0,0,0]", "12."])
def test_a_place_that_is_not_there_is_refused(trace: Trace, place: str) -> None:
    with pytest.raises(PathError):
        find_place(trace, place)


def test_every_number_on_the_timeline_is_found_again(trace: Trace) -> None:
    for position in walk(trace, moves.into, (1,)):
        tensor = tensor_at(trace, position)
        assert find_place(trace, ".".join(map(str, position)))[0] == position
        assert find_place(trace, tensor.path)[0] == position


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("enc0.attn.scores", ("enc0", "attn")),
        ("enc0.norm1.gamma.grad", ("enc0", "norm1")),
        ("src.x.grad/enc0.add1", ("src",)),
        ("enc0.attn.W_Q.new", ("enc0", "attn")),
        ("loss", ()),
    ],
)
def test_scopes(trace: Trace, path: str, expected: tuple[str, ...]) -> None:
    assert scopes(trace.plan, trace.plan.paths[path]) == expected
