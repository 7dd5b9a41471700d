"""The Python interface: what is mistaken there is a TfstepError too, never a traceback from inside."""

from collections.abc import Callable
from typing import Any

import pytest

import tfstep


@pytest.mark.parametrize("start", [tfstep.trace, tfstep.Session])
def test_a_name_where_a_scenario_is_needed_says_how_to_load_it(start: Callable[[Any], object]) -> None:
    with pytest.raises(tfstep.TfstepError, match=r"'wo-ai-ni' is no scenario; tfstep\.load"):
        start("wo-ai-ni")


@pytest.mark.parametrize("ask", [lambda t: t[3], lambda t: t.edit({3: 1}), lambda t: t["enc0.attn.weights[0,0,0,0]"]])
def test_what_is_no_path_is_no_tensor(ask: Callable[[tfstep.Trace], object]) -> None:
    with pytest.raises(tfstep.TfstepError, match="there is no tensor"):
        ask(tfstep.trace(tfstep.load("wo-ai-ni")))
