"""The rates that a diagnosis is held to, on the models that take seconds; `rates.py` tries all of them."""

import pytest
import rates


@pytest.mark.slow
@pytest.mark.parametrize("name", ["attention", "crossing"])
def test_mistakes_in_numpy_are_named(name: str) -> None:
    rates.test_mistakes_in_numpy_are_named(name)


def test_mistakes_are_named_where_little_is_written_down() -> None:
    rates.test_mistakes_are_named_where_little_is_written_down("attention")


@pytest.mark.slow
def test_two_mistakes_are_named() -> None:
    rates.test_two_mistakes_are_named("attention")


def test_nothing_right_is_accused() -> None:
    rates.test_nothing_right_is_accused("attention")


@pytest.mark.slow
def test_mistakes_in_pytorch_are_named() -> None:
    rates.test_mistakes_in_pytorch_are_named("pre-norm")


def test_the_set_is_large_enough() -> None:
    rates.test_the_set_is_large_enough()


@pytest.mark.slow
def test_gradients_and_updates_are_named() -> None:
    rates.test_gradients_and_updates_in_numpy_are_named("attention")
    rates.test_gradients_and_updates_in_pytorch_are_named("small encoder")
