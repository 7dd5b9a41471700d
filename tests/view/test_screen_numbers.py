"""Numbers as the matrices write them: one width a matrix, always a sign, never a lie about the size."""

import numpy as np
import pytest

from tfstep.view.text.number import brief, loss_moved, plain, stats, style_for


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (-0.82716, "-0.8272"),
        (4.0, "+4"),
        (0.0, "0"),
        (0.00312345, "+0.003123"),
        (1.5e-7, "+1.5e-7"),
        (-1e9, "-1e+9"),
        (float("inf"), "+inf"),
        (float("nan"), "nan"),
    ],
)
def test_plain(value: float, text: str) -> None:
    assert plain(value) == text


@pytest.mark.parametrize("scale", [1e-8, 1e-3, 0.05, 1.0, 30.0, 1234.5, 1e7])
@pytest.mark.parametrize("digits", [2, 3])
def test_every_number_of_a_matrix_is_as_wide_as_its_style(scale: float, digits: int) -> None:
    values = np.array([[1.0, -1.0, 0.37], [0.0, -0.031, 0.999]]) * scale
    style = style_for(stats(values), digits)
    texts = [style.text(v) for v in values.ravel().tolist()]
    assert {len(text) for text in texts} == {style.cells}
    largest = float(texts[0])
    assert largest == pytest.approx(scale, rel=0.05)


def test_signs_are_always_written() -> None:
    style = style_for(stats(np.array([[0.5, -0.5]])))
    assert style.text(0.5).strip() == "+0.500"
    assert style.text(-0.5).strip() == "-0.500"


def test_what_a_mask_put_there_takes_no_part_in_the_scale() -> None:
    found = stats(np.array([1.0, -3.0, -1e9, np.nan, -np.inf]))
    assert (found.least, found.most, found.odd) == (-3.0, 1.0, 3)
    style = style_for(found)
    assert len(style.text(-1e9)) == style.cells


@pytest.mark.parametrize(("value", "text"), [(3.7e-5, "+4e-5"), (-2e-9, "-2e-9"), (0.0004, "+4e-4"), (0.0, "0")])
def test_what_is_not_0_does_not_read_0(value: float, text: str) -> None:
    style = style_for(stats(np.array([0.5, value])))
    assert style.text(value).strip() == text
    assert len(style.text(value)) == style.cells


def test_a_small_share_does_not_read_0() -> None:
    style = style_for(stats(np.array([0.5, 2e-6])), probability=True)
    assert style.text(2e-6).strip() == "2e-6"


def test_brief() -> None:
    assert [brief(v, 3, sign=True) for v in (0.0, -0.98, 1.85e-17)] == ["0", "-0.98", "+1.85e-17"]


@pytest.mark.parametrize(
    ("was", "now", "text"),
    [
        (1.5, 1.5, "loss stays 1.5000"),
        (1.4385125297687711, 1.4385125297687704, "loss stays 1.4385 but for rounding"),
        (1.4385125297687711, 1.43851252976, "loss 1.4385125297688 → 1.4385125297600"),
        (1.4385, 1.3442, "loss 1.4385 → 1.3442"),
        (0.0, 1e-18, "loss 0 → 1e-18"),
        (1.0, float("nan"), "loss 1 → nan"),
    ],
)
def test_how_a_loss_moved(was: float, now: float, text: str) -> None:
    assert str(loss_moved(was, now)) == text
