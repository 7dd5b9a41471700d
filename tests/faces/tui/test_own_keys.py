"""Keys of the user's own: moved, made to run commands, taken away; a mistake has its place and is never fatal."""

from pathlib import Path

import pytest
from screens import shown

import tfstep
from tfstep.faces.tui.actions.table import ACTIONS
from tfstep.faces.tui.app import Debugger
from tfstep.faces.tui.keys.own import keys_file, with_own_keys
from tfstep.faces.tui.keys.rebinding import key_name, rebound
from tfstep.faces.tui.widgets.footer import footer
from tfstep.faces.tui.widgets.help import help_lines
from tfstep.session.results import Help
from tfstep.view.text.spans import plain


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    found = keys_file()
    found.parent.mkdir(parents=True)
    return found


async def test_keys_are_moved_made_and_taken_away(file: Path) -> None:
    file.write_text('x = "n"\n"ctrl+g" = "goto loss"\nn = ""\nF5 = ":print loss"\n', "utf-8")
    actions, mistakes = with_own_keys(ACTIONS)
    assert mistakes == ()
    app = Debugger(tfstep.Session(tfstep.load("wo-ai-ni")), actions=actions)
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.pause()
        await pilot.press("x")
        assert app.session.position == (2,)
        await pilot.press("n")
        assert app.session.position == (2,)
        await pilot.press("ctrl+g")
        assert app.session.current.path == "loss"
        await pilot.press("f5", "p")
        assert app.session.history[-2:] == ["print loss", "reverse-next"]
        shown = plain(footer(118, app.state.actions, app.state))
        assert shown.startswith("x p s o step")
        text = "\n".join(plain(each) for each in help_lines(100, app.state.actions))
        assert "goto loss" in text
        assert "keys.toml" in text


def told(session: tfstep.Session, command: str) -> list[str | None]:
    """The key that the help tells of a command."""
    result = session.run(f"help {command}")
    assert isinstance(result, Help)
    return [each.key for each in result.entries if each.name == command]


def test_the_help_of_a_command_tells_the_key_in_force(file: Path) -> None:
    file.write_text('x = "n"\nn = ""\nq = ""\n', "utf-8")
    session = tfstep.Session(tfstep.load("wo-ai-ni"))
    assert told(session, "next") == [None], "without a screen there are no keys"
    Debugger(session)
    assert told(session, "next") == ["n"]
    Debugger(session, actions=with_own_keys(ACTIONS)[0])
    assert told(session, "next") == ["x"]
    assert told(session, "diff") == ["d"], "a key that does more than run a line"
    assert told(session, "quit") == [None], "one that was taken away"


def test_mistakes_have_their_place_and_the_rest_holds(file: Path) -> None:
    file.write_text('x = "n"\n  y = 3\n"hyper+k" = "n"\nz = "no such command"\n', "utf-8")
    found = rebound(ACTIONS, file)
    assert [each.removeprefix(f"{file}:").split(": ")[0] for each in found.mistakes] == ["2:3", "3:1", "4:1"]
    assert any(key.added == "x" and key.line == "next" for key in found.actions)


@pytest.mark.parametrize(
    ("text", "place"), [('x = "n"\ny = \n', ":2:5: "), ('x = "n', ":1:"), ("\x00", ":1:"), ("a = 1\na = 2\n", ":2:")]
)
def test_what_is_no_toml_is_said_with_its_place(file: Path, text: str, place: str) -> None:
    file.write_text(text, "utf-8")
    found = rebound(ACTIONS, file)
    assert found.actions == ACTIONS
    assert len(found.mistakes) == 1
    assert place in found.mistakes[0]
    assert str(file) in found.mistakes[0]


def test_without_a_file_nothing_changes(file: Path) -> None:
    assert with_own_keys(ACTIONS) == (ACTIONS, ())
    file.write_bytes(b"\xff\xfe")
    assert len(rebound(ACTIONS, file).mistakes) == 1
    file.write_text("# nothing\n", "utf-8")
    assert rebound(ACTIONS, file).actions == ACTIONS


@pytest.mark.parametrize(
    ("written", "name"),
    [("x", "x"), ("X", "X"), ("+", "plus"), ("/", "slash"), ("Ctrl+G", "ctrl+g"), ("PgDn", "pagedown"), ("F5", "f5")],
)
def test_names_of_keys(written: str, name: str) -> None:
    assert key_name(written) == name


def test_a_key_of_several_keeps_the_others(file: Path) -> None:
    file.write_text('h = "help"\n', "utf-8")
    found = {action.name: action.all_keys for action in rebound(ACTIONS, file).actions}
    assert found["left"] == ("left",)
    assert found["previous-head"] == ("left_square_bracket",)
    assert any("h" in keys and name == ": help" for name, keys in found.items())


async def test_enter_still_answers_where_what_it_did_has_another_key(file: Path) -> None:
    file.write_text('F = "enter"\nenter = ""\nz = "escape"\n', "utf-8")
    app = Debugger(tfstep.Session(tfstep.load("wo-ai-ni")), actions=with_own_keys(ACTIONS)[0])
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.press("colon", *"goto loss", "enter")
        assert app.session.current.path == "loss"
        await pilot.press("colon", "n", "escape")
        assert not app.query_one("#prompt").display
        await pilot.press("F")
        assert app.state.trail


async def test_two_keys_change_places(file: Path) -> None:
    file.write_text('n = "p"\np = "n"\n', "utf-8")
    app = Debugger(tfstep.Session(tfstep.load("wo-ai-ni")), actions=with_own_keys(ACTIONS)[0])
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.press("p", "p")
        assert app.session.position == (3,)
        await pilot.press("n")
        assert app.session.position == (2,)
        assert plain(footer(118, app.state.actions, app.state)).startswith("p n s o step")


async def test_what_is_told_names_the_key_in_force(file: Path) -> None:
    file.write_text('E = "e"\ne = ""\nF4 = "enter"\nenter = ""\n', "utf-8")
    app = Debugger(tfstep.Session(tfstep.load("wo-ai-ni")), actions=with_own_keys(ACTIONS)[0])
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.press("space")
        assert "`E` edits" in shown(app, "status")
        await pilot.press("backspace")
        assert "F4 follows a number" in shown(app, "status")
        await pilot.press("f2", "f2", "f2")
        assert "F4 goes to where" in " ".join(shown(app, "card").split())
