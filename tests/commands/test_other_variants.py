"""A tensor of another variant, bare where a command takes a PATH."""

import pytest

import tfstep
from tfstep.errors import TfstepError
from tfstep.session.results import Value


@pytest.fixture
def session() -> tfstep.Session:
    return tfstep.Session(tfstep.load("wo-ai-ni"))


@pytest.mark.parametrize("written", ["swapped:enc0.attn.weights", "`swapped:enc0.attn.weights`"])
def test_show_takes_a_tensor_of_another_variant_and_knows_its_words(session: tfstep.Session, written: str) -> None:
    shown = session.run(f"show {written}[0,0,'你']")
    other = tfstep.trace(tfstep.load("wo-ai-ni", variant="swapped"))["enc0.attn.weights"]
    assert isinstance(shown, Value)
    assert shown.values.tobytes() == other.value[0, 0, 0].tobytes()
    assert shown.part is not None
    assert list(shown.part[0].labels["key"][0]) == ["你", "爱", "我"]


@pytest.mark.parametrize("line", ["set swapped:loss = 1", "explain swapped:loss"])
def test_what_only_goes_on_here_says_how_to_go_there(session: tfstep.Session, line: str) -> None:
    with pytest.raises(TfstepError, match="`variant swapped`"):
        session.run(line)


def test_a_variant_that_is_not_there_is_named(session: tfstep.Session) -> None:
    with pytest.raises(TfstepError, match="no variant 'nope'"):
        session.run("show nope:loss")
