"""When a line of the line debugger is whole, and when it goes on."""

import pytest
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document

import tfstep
from tfstep.commands.language.script import join_lines
from tfstep.faces.completion import Completion
from tfstep.faces.repl import goes_on, one_line


@pytest.mark.parametrize(
    "text",
    [
        "print sum([1,2,",
        "print max(",
        "set x = [[1,2],",
        "print 1 + \\",
        "print sum([1,\n2,",
        "commands 1",
        "comm\nprint loss",
    ],
)
def test_an_open_bracket_or_a_backslash_goes_on(text: str) -> None:
    assert goes_on(text)


@pytest.mark.parametrize(
    "text",
    [
        *("", "print loss", "print sum([1,\n2])", "print w['(']", "print 1 +", "print max(\n", "x)"),
        *("commands 1\nprint loss\nend", "commands 1 where"),
    ],
)
def test_what_is_whole_or_ended_by_an_empty_line_runs(text: str) -> None:
    assert not goes_on(text)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("commands 1\nprint loss  # now\n\n  where\nend", "commands 1 print loss; where"),
        ("commands\nprint loss\n", "commands print loss"),
        ("commands 2\n", "commands 2"),
        ("print sum([1,\n2])", "print sum([1, 2])"),
    ],
)
def test_what_was_typed_in_several_lines_is_one(text: str, line: str) -> None:
    assert one_line(text) == line


def test_a_script_holds_commands_up_to_end_and_without_one_they_are_lines() -> None:
    lines = ["commands 1", "print loss", "end", "where", "commands 1", "print 2"]
    assert list(join_lines(enumerate(lines, 1))) == [
        (1, "commands 1 print loss"),
        (4, "where"),
        (5, "commands 1"),
        (6, "print 2"),
    ]


@pytest.mark.parametrize(
    ("before", "put"),
    [
        ("goto wei", ["enc0.attn.weights"]),  # and not a list of it and its gradient
        ("goto enc0.attn.wei", ["enc0.attn.weights"]),
        ("goto sco", ["enc0.attn.scores"]),
        ("goto enc0.attn.W", ["enc0.attn.W_"]),
        ("goto W", None),
        ("goto ", None),
    ],
)
def test_tab_puts_what_all_candidates_begin_with(before: str, put: list[str] | None) -> None:
    asked = CompleteEvent(completion_requested=True)
    found = [*Completion(tfstep.Session(tfstep.load("wo-ai-ni"))).get_completions(Document(before), asked)]
    if put is not None:
        assert [each.text for each in found] == put
        assert before[: len(before) + found[0].start_position] == "goto "
    else:
        assert len(found) > 1
