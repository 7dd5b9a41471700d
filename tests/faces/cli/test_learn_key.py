"""``tfstep learn LESSON --key``: what a teacher sees."""


def test_every_question_has_its_answer_and_known_mistakes_are_named(tfstep) -> None:
    done = tfstep("learn", "neuron", "--key")
    assert done.status == 0
    assert done.out.count("  = ") == 6
    assert "The bias is missing." in done.out
    assert "σ(0) 是 ½" in tfstep("learn", "neuron", "--key", "--lang", "zh").out
