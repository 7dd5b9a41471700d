"""How their tensors hold ours: taken as a view, and put back where they were."""

from dataclasses import dataclass

import numpy as np
import pytest

from tfstep.families.relation import (
    FIRST_HALF,
    IN_TURN,
    PER_HEAD,
    SECOND_HALF,
    THIRDS,
    TRANSPOSED,
    Part,
    Relation,
    alternating,
)


@dataclass
class Model:
    heads: int = 4
    kv_heads: int = 2


D, WIDE = 3, 5  # features of a head, of the model


def rows(parts: dict[str, Part], which: str, per_head: bool) -> list[int]:
    """The rows of q, k or v by plain counting."""
    heads = {"Q": 4, "K": 2, "V": 2}
    if per_head:
        order = [("Q", 2 * g + j) for g in range(2) for j in (0, 1)]
        blocks = [b for g in range(2) for b in (*order[2 * g : 2 * g + 2], ("K", g), ("V", g))]
    else:
        blocks = [(name, h) for name in "QKV" for h in range(heads[name])]
    found: dict[int, list[int]] = {}
    for place, (name, head) in enumerate(blocks):
        if name == which:
            found[head] = list(range(place * D, place * D + D))
    return [row for head in sorted(found) for row in found[head]]


@pytest.mark.parametrize("which", ["Q", "K", "V"])
@pytest.mark.parametrize(("parts", "per_head"), [(IN_TURN, False), (PER_HEAD, True)])
def test_fused_queries_keys_and_values(parts: dict[str, Part], per_head: bool, which: str) -> None:
    theirs = np.random.default_rng(0).normal(size=(8 * D, WIDE))
    relation = Relation(part=parts[which], transposed=True)
    ours = theirs[rows(parts, which, per_head)].T
    assert relation.shape(theirs.shape, Model()) == ours.shape
    assert (relation.take(theirs, ours.shape, Model()) == ours).all()
    bias = Relation(part=parts[which])
    assert (bias.take(theirs[:, 0].copy(), ours.shape[1:], Model()) == ours[0]).all()


def test_thirds_of_columns_and_halves_and_every_second() -> None:
    theirs = np.arange(4.0 * 6).reshape(4, 6)
    assert (Relation(part=THIRDS["K"], last=True).take(theirs, (4, 2), Model()) == theirs[:, 2:4]).all()
    assert (Relation(part=FIRST_HALF, transposed=True).take(theirs, (6, 2), Model()) == theirs[:2].T).all()
    assert (Relation(part=SECOND_HALF, transposed=True).take(theirs, (6, 2), Model()) == theirs[2:].T).all()
    both = np.arange(2.0 * 4 * 6).reshape(2, 4, 6)
    odd = Relation(index=1, part=alternating(1, 2), last=True)
    assert odd.shape(both.shape, Model()) == (4, 3)
    assert (odd.take(both, (4, 3), Model()) == both[1][:, 1::2]).all()


@pytest.mark.parametrize(
    ("relation", "theirs", "ours"),
    [
        (TRANSPOSED, (6, 5), (5, 6)),
        (Relation(), (6, 5), (6, 5)),
        (Relation(plus=1.0, times=2.0), (6,), (6,)),
        (Relation(part=THIRDS["V"], last=True), (5, 9), (5, 3)),
        (Relation(part=PER_HEAD["Q"], transposed=True), (24, 5), (5, 12)),
        (Relation(index=1, part=alternating(0, 2), last=True), (2, 5, 6), (5, 3)),
        (Relation(flat=True), (1, 7), (7,)),
        (Relation(part=IN_TURN["K"]), (24,), (6,)),
    ],
)
def test_what_is_put_is_taken_again(relation: Relation, theirs: tuple[int, ...], ours: tuple[int, ...]) -> None:
    numbers = np.random.default_rng(1).normal(size=ours)
    room = np.zeros(theirs)
    relation.put(numbers, room, Model())
    assert relation.shape(theirs, Model()) == ours
    np.testing.assert_allclose(relation.take(room, ours, Model()), numbers, rtol=1e-15, atol=1e-15)
    assert (room != 0).sum() >= numbers.size - 1
