"""In Chinese a session says nothing in English: what is not Chinese is a name, of a tensor, an axis, a command."""

import re
import shutil
from collections.abc import Iterable
from pathlib import Path

import pytest

import tfstep
from tfstep.commands.info import TOPICS
from tfstep.commands.language.registry import all_commands
from tfstep.commands.language.session import Session
from tfstep.engine.op import CATALOGUE
from tfstep.expr import ATTRIBUTES, CONSTANTS, functions
from tfstep.faces.repl import repl
from tfstep.models.keys.key import fields
from tfstep.scenario.keys.schema import PARTS
from tfstep.session.results import GROUPS
from tfstep.text import set_language
from tfstep.view.text.spans import Line, plain

SCRIPTS = Path(__file__).parent / "scripts"
WORD = re.compile(r"(?<![A-Za-z])[A-Za-z]*[a-z][A-Za-z]*(?![A-Za-z])")  # a word in capitals stands for an argument
NAMES = {  # of programs, papers, files, keys, and of what a scenario chooses
    "PyTorch", "TransformerLens", "RoPE", "Ctrl", "npz", "safetensors", "txt", "json", "csv", "blocks", "self", "sinusoidal",
    "clear", "watchpoints", "table", "vjp", "eos", "now", "overwrite", "keepdims", "beams", "length", "penalty",
}  # fmt: skip


def words(text: str) -> set[str]:
    return {word for word in WORD.findall(text) if len(word) > 2}


def names(scenario: tfstep.Scenario) -> set[str]:
    """Everything that has a name: steps and inner steps, axes, words, variants, ops, functions, commands, keys."""
    trace = tfstep.trace(scenario)
    found = [
        str(scenario.path),
        *ATTRIBUTES,
        *CONSTANTS,
        *all_commands(),
        *(alias for each in all_commands().values() for alias in each.aliases),
        *GROUPS,
        *TOPICS,
        *CATALOGUE.ops,
        *functions(),
        *scenario.variants,
        *(key for part in PARTS.values() for key in fields(part)),
    ]
    for node in trace.plan.nodes:
        inner = trace.substeps(node.slot)
        found += [node.path, *(each.path for each in inner.plan.nodes)] if inner else [node.path]
        for axis in node.spec.axes:
            found += [axis.name, *(word for sentence in axis.labels or () for word in sentence)]
    return NAMES.union(*map(words, found))


def said(scenario: tfstep.Scenario, script: Path) -> list[str]:
    """What a script of every command shows and says."""
    lines: list[str] = []

    def show(found: Iterable[Line]) -> None:
        lines.extend(plain(line) for line in found)

    repl(Session(scenario), show, lambda text: lines.append(str(text)), [str(script)], [], batch=True)
    return lines


@pytest.mark.slow
@pytest.mark.parametrize("name", ["wo-ai-ni", "steve-builds-a-house"])
def test_no_english_in_a_chinese_session(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    shutil.copy(SCRIPTS / "more.tfs", tmp_path)
    script = SCRIPTS / f"{name}.tfs"
    scenario = tfstep.load(name)
    known = names(scenario) | words(script.read_text("utf-8"))
    set_language("zh")
    lines = said(scenario, script)
    assert len(lines) > 90
    unquoted = re.sub(r"`[^`]*`", "", "\n".join(lines))  # what is quoted may go on in the next line
    found = {line: left for line in unquoted.splitlines() if (left := words(line) - known)}
    assert found == {}


WRONG = """nonsense; step x; goto nowhere; set enc0 = 3; set enc0.attn.W_Q = [1,2; print foo(3); print loss +;
break foo; tokens source 猫; tokens foo; model foo 3; model heads 3; model heads x; variant nope;
restore x; watch nope; delete 9; landscape a b; save /nowhere/x.yaml; export loss x.foo; source
nofile; expect loss < 1; rewind 3; train -1; plot nope; names nope; show enc0.attn.weights[9];
explain enc0; release nope; help nope; print "a"; print softmax; print enc0.attn.W_Q @ src.tokens;
print max(1,2,3,4); print x.__class__; until start; finish x; generate; undo"""


@pytest.mark.slow
@pytest.mark.parametrize("line", [each.strip() for each in WRONG.split(";")])
def test_no_english_in_a_chinese_error(line: str) -> None:
    scenario = tfstep.load("wo-ai-ni")
    session = Session(scenario)
    set_language("zh")
    with pytest.raises(tfstep.TfstepError) as raised:
        session.run(line)
    known = names(scenario) | words(line)
    assert words(re.sub(r"`[^`]*`", "", str(raised.value))) - known == set()
