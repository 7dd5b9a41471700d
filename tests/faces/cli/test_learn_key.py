"""``tfstep learn``: the list, what a teacher sees with --key, and a lesson read line by line."""

import io


def test_every_question_has_its_answer_and_known_mistakes_are_named(tfstep) -> None:
    done = tfstep("learn", "neuron", "--key")
    assert done.status == 0
    assert done.out.count("  = ") == 6
    assert "The bias is missing." in done.out
    assert "σ(0) 是 ½" in tfstep("learn", "neuron", "--key", "--lang", "zh").out


def test_a_command_at_a_question_for_a_number_is_run(tfstep, monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setattr("sys.stdin", io.StringIO("show layer0.b\nnonsense of mine\n1.5\nq\n"))
    done = tfstep("learn", "neuron", "--plain", "--lang", "en")
    assert done.status == 0
    assert "parameter · out 1" in done.out.partition("< show layer0.b")[2].partition("< nonsense")[0]
    assert done.err.count("a number is asked for") == 1
    assert "Right: 1.5" in done.out


def test_the_lessons_are_listed_where_an_option_asks_for_it(tfstep) -> None:
    assert tfstep("learn", "--list") == tfstep("learn")
