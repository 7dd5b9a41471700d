"""Whatever is typed, the answer is a result or an error of ours, and no file is touched."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from fuzz_lines import SCENARIOS, long_by_nature, play, sessions
from hypothesis import given, settings

from tfstep.commands.language.session import Session

WRITING = ("w", "a", "x", "+")
touched: list[str] = []
watching = False


def _watch(event: str, arguments: tuple[object, ...]) -> None:
    if not watching:
        return
    if event == "open" and isinstance(arguments[1], str) and any(mark in arguments[1] for mark in WRITING):
        touched.append(str(arguments[0]))
    elif event in ("os.remove", "os.rename", "os.mkdir", "os.rmdir", "subprocess.Popen", "os.system", "socket.connect"):
        touched.append(f"{event} {arguments}")


sys.addaudithook(_watch)


@contextmanager
def watched() -> Iterator[None]:
    """While this runs, whatever opens a file for writing, or worse, is noted."""
    global watching
    watching = True
    try:
        yield
    finally:
        watching = False


@settings(max_examples=300)
@given(sessions)
def test_any_line_is_answered_or_refused_and_touches_nothing(case: tuple[int, list[str]]) -> None:
    session = Session(SCENARIOS[case[0]])
    for line in case[1]:
        if not long_by_nature(line):
            with watched():
                play(session, line)
            assert touched == []
    assert session.run("where") is not None, "the session goes on"
