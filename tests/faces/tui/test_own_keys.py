"""Keys of the user's own: moved, made to run commands, taken away; a mistake has its place and is never fatal."""

from pathlib import Path

import pytest

import tfstep
from tfstep.faces.tui.app import Debugger
from tfstep.faces.tui.keys.own import keys_file, with_own_keys
from tfstep.faces.tui.keys.rebinding import key_name, rebound
from tfstep.faces.tui.keys.table import KEYS
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
    screen, mistakes = with_own_keys(Debugger)
    assert mistakes == ()
    app = screen(tfstep.Session(tfstep.load("wo-ai-ni")))
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
        shown = plain(footer(118, app.keys))
        assert shown.startswith("x next  p back")
        text = "\n".join(plain(each) for each in help_lines(100, app.keys))
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
    with_own_keys(Debugger)[0](session)
    assert told(session, "next") == ["x"]
    assert told(session, "diff") == ["d"], "a key that does more than run a line"
    assert told(session, "quit") == [None], "one that was taken away"


def test_mistakes_have_their_place_and_the_rest_holds(file: Path) -> None:
    file.write_text('x = "n"\n  y = 3\n"hyper+k" = "n"\nz = "no such command"\n', "utf-8")
    found = rebound(KEYS, file)
    assert [each.removeprefix(f"{file}:").split(": ")[0] for each in found.mistakes] == ["2:3", "3:1", "4:1"]
    assert any(key.names == "x" and key.line == "next" for key in found.keys)


@pytest.mark.parametrize(
    ("text", "place"), [('x = "n"\ny = \n', ":2:5: "), ('x = "n', ":1:"), ("\x00", ":1:"), ("a = 1\na = 2\n", ":2:")]
)
def test_what_is_no_toml_is_said_with_its_place(file: Path, text: str, place: str) -> None:
    file.write_text(text, "utf-8")
    found = rebound(KEYS, file)
    assert found.keys == KEYS
    assert len(found.mistakes) == 1
    assert place in found.mistakes[0]
    assert str(file) in found.mistakes[0]


def test_without_a_file_nothing_changes(file: Path) -> None:
    assert with_own_keys(Debugger) == (Debugger, ())
    file.write_bytes(b"\xff\xfe")
    assert len(rebound(KEYS, file).mistakes) == 1
    file.write_text("# nothing\n", "utf-8")
    assert rebound(KEYS, file).keys == KEYS


@pytest.mark.parametrize(
    ("written", "name"),
    [("x", "x"), ("X", "X"), ("+", "plus"), ("/", "slash"), ("Ctrl+G", "ctrl+g"), ("PgDn", "pagedown"), ("F5", "f5")],
)
def test_names_of_keys(written: str, name: str) -> None:
    assert key_name(written) == name


def test_a_key_of_several_keeps_the_others(file: Path) -> None:
    file.write_text('h = "help"\n', "utf-8")
    found = rebound(KEYS, file).keys
    left = next(key for key in found if key.action == "cursor(0, -1)")
    assert left.names == "left"
    assert any(key.names == "h" and key.line == "help" for key in found)
