"""Files of ours: whole or not at all, whatever fails on the way; and the diary, which is told when it cannot be kept."""

import errno
import os
from pathlib import Path

import pytest

import tfstep
from tfstep.errors import CommandError
from tfstep.files import typed_path, write_whole
from tfstep.session.change.crash_log import Diary, leftovers


def failing(file) -> None:
    file.write(b"half of i")
    raise OSError(errno.ENOSPC, "no space")


def test_a_write_that_fails_leaves_what_was_there(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_text("whole")
    with pytest.raises(OSError, match="no space"):
        write_whole(file, failing)
    assert file.read_text() == "whole"
    assert [each.name for each in tmp_path.iterdir()] == ["a.txt"]


def test_the_mode_of_what_is_replaced_stays_and_a_private_file_is_the_owners(tmp_path: Path) -> None:
    public, private = tmp_path / "a", tmp_path / "b"
    public.write_text("")
    public.chmod(0o644)
    write_whole(public, lambda out: out.write(b"x"), private=True)
    write_whole(private, lambda out: out.write(b"x"), private=True)
    assert public.stat().st_mode & 0o777 == 0o644
    assert private.stat().st_mode & 0o777 == 0o600


@pytest.mark.slow
def test_what_a_session_writes_is_its_owners(session: tfstep.Session, tmp_path: Path) -> None:
    (tmp_path / "old.json").touch(0o644)
    for line in ("export loss new.json", "save new.yaml", "export loss old.json overwrite"):
        session.run(line)
    modes = {file.name: file.stat().st_mode & 0o777 for file in tmp_path.iterdir()}
    assert (modes["new.json"], modes["new.yaml"], modes["old.json"]) == (0o600, 0o600, 0o644)


def test_a_link_is_followed_and_stays_a_link(tmp_path: Path) -> None:
    there, link = tmp_path / "there", tmp_path / "link"
    there.write_text("old")
    link.symlink_to(there)
    write_whole(link, lambda out: out.write(b"new"))
    assert link.is_symlink()
    assert there.read_text() == "new"


def test_a_user_that_nobody_knows_is_refused() -> None:
    with pytest.raises(CommandError, match="no such user"):
        typed_path("~nobody-of-this-name/x.yaml")


@pytest.fixture
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tfstep.Session:
    monkeypatch.chdir(tmp_path)
    return tfstep.Session(tfstep.load("steve-builds-a-house"))


@pytest.mark.slow
@pytest.mark.parametrize("after", range(2))
def test_a_save_that_fails_at_any_write_leaves_the_old_scenario_with_its_numbers(
    session: tfstep.Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    session.run("train 1")
    session.run("save mine.yaml")
    loss = float(tfstep.trace(tfstep.load("mine.yaml"))["loss"].value)
    session.run("train 3")
    kept = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    count, real = iter(range(9)), os.fsync

    def sync(handle: int) -> None:
        if next(count) >= 2 * after:  # the file, its folder; then the next file
            raise OSError(errno.ENOSPC, "no space")
        real(handle)

    monkeypatch.setattr(os, "fsync", sync)
    with pytest.raises(CommandError, match="cannot be written"):
        session.run("save mine.yaml overwrite")
    monkeypatch.undo()
    os.chdir(tmp_path)
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == kept
    assert float(tfstep.trace(tfstep.load("mine.yaml"))["loss"].value) == loss


def test_a_diary_that_cannot_be_written_is_told_once_and_catches_up(tmp_path: Path) -> None:
    scenario, place = tfstep.load("wo-ai-ni"), tmp_path / "sessions"
    place.write_text("a file where the folder should be")
    diary = Diary(place, scenario)
    assert "not kept" in str(diary.write("set enc0.attn.W_Q[0,0] = 1"))
    assert diary.write("set enc0.attn.W_Q[0,0] = 2") is None
    place.unlink()
    assert "kept again" in str(diary.write("set enc0.attn.W_Q[0,0] = 3"))
    assert diary.leave()
    (left,) = leftovers(place, scenario)
    assert [line[-1] for line in left.lines] == ["1", "2", "3"]
    assert left.path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("odd", ["\u2028", "\u2029", "\u0085", "\udcff", "\t"])
def test_a_line_of_any_characters_comes_back(tmp_path: Path, odd: str) -> None:
    scenario = tfstep.load("wo-ai-ni")
    diary = Diary(tmp_path, scenario)
    diary.write(f"print 1 # {odd}x")
    diary.leave()
    (left,) = leftovers(tmp_path, scenario)
    assert left.lines == (f"print 1 # {odd}x",)


@pytest.mark.parametrize(
    "head", ['{"scenario": KEY, "pid": null}', '{"scenario": KEY, "pid": 1e99}', "[" * 100_000, "7", ""]
)
def test_a_damaged_diary_stops_nothing(tmp_path: Path, head: str) -> None:
    scenario = tfstep.load("wo-ai-ni")
    assert scenario.path is not None
    (tmp_path / "1-1.jsonl").write_text(head.replace("KEY", f'"{scenario.path.resolve()}"') + "\n")
    os.mkfifo(tmp_path / "2-2.jsonl")
    assert all(not left.lines for left in leftovers(tmp_path, scenario))


@pytest.mark.parametrize(
    "line",
    [
        "save ~nobody-of-this-name/x.yaml",
        "source ~nobody-of-this-name",
        "undisplay " + "9" * 5000,
        "print $" + "9" * 5000,
        "source .",
        "export loss x.json/y.json",
    ],
)
def test_what_no_file_or_number_can_be_is_refused(session: tfstep.Session, line: str) -> None:
    Path("x.json").write_text("{}")
    with pytest.raises(tfstep.TfstepError):
        session.run(line)


def test_a_row_of_a_diary_is_not_written_twice_where_only_its_end_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import io

    class Failing(io.FileIO):
        fails = False

        def truncate(self, size: int | None = None) -> int:
            if Failing.fails:
                raise OSError(28, "no space")
            return super().truncate(size)

    scenario = tfstep.load("hill")
    monkeypatch.setattr(
        "tfstep.session.change.crash_log.os.fdopen", lambda handle, mode, buffering: Failing(handle, mode)
    )
    diary = Diary(tmp_path, scenario)
    for line in ("set x = 1", "train 2", "set y = 3"):
        Failing.fails = line == "train 2"
        diary.write(line)
    diary.leave()
    monkeypatch.undo()
    assert leftovers(tmp_path, scenario)[0].lines == ("set x = 1", "train 2", "set y = 3")
