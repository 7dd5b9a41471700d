"""What the command line offers behind `model`."""

import tfstep
from tfstep.commands.language.completion import complete
from tfstep.text import set_language


def offered(line: str, name: str = "wo-ai-ni") -> dict[str, str]:
    return {each.text: each.about for each in complete(tfstep.Session(tfstep.load(name)), line)}


def test_the_keys_of_this_kind_with_what_they_are_now() -> None:
    keys = offered("model ")
    assert keys["norm"].startswith("layer  ")
    assert keys["mask.padding"].startswith("true  ")
    assert "sizes" not in keys
    assert "sizes" in offered("model ", "neuron")
    set_language("zh")
    assert "头" in offered("model h")["heads"]


def test_the_values_of_a_key() -> None:
    assert offered("model norm ") == {"layer": "as it is now", "rms": "", "batch": "", "none": ""}
    assert list(offered("model bias f")) == ["false"]
    assert offered("model heads ") == {}
    assert offered("model nonsense ") == {}


def test_what_is_offered_is_taken() -> None:
    session = tfstep.Session(tfstep.load("wo-ai-ni"))
    for key, value in (("norm", "rms"), ("mask.padding", "false"), ("bias", "false")):
        assert value in offered(f"model {key} ")
        session.run(f"model {key} {value}")
    assert session.scenario.model.norm == "rms"
    assert not session.scenario.model.mask.padding
