"""``tfstep exam`` on the command line."""

from pathlib import Path

from tfstep.lessons.exam.paper import paper


def test_a_paper_is_printed_graded_and_kept(tfstep, tmp_path: Path) -> None:
    printed = tfstep("exam", "--seed", "2", "--half", "first")
    assert printed.status == 0
    assert printed.out.count("**") == 50
    file = tmp_path / "ann.txt"
    file.write_text("\n".join(each.right.accepted for each in paper(2).questions), "utf-8")
    assert tfstep("exam", "--seed", "2", "--answers", str(file)).out.count("25 of 25") == 2
    assert tfstep("exam", "--answers", str(tmp_path / "none")).status == 2
    page = tmp_path / "class.html"
    assert tfstep("exam", "--key", "--format", "html", "--lang", "zh", "-o", str(page)).status == 0
    assert "答案" in page.read_text("utf-8")


def test_it_can_be_sat_with_the_debugger_at_hand() -> None:
    from tfstep.faces.exam import sit
    from tfstep.view.text.spans import plain

    made = paper(4, ("first",))
    typed: list[str] = []
    for each in made.questions[:5]:
        typed += ["：print loss", "no answer at all", each.right.accepted]
    shown: list[str] = []
    said: list[object] = []
    status = sit(made, lambda lines: shown.extend(map(plain, lines)), said.append, iter([*typed, "q"]))
    assert status == 0
    assert "First half: one idea each: 5 of 5" in shown
    assert len(said) == 6, "how to, and five refusals"
