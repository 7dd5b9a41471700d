"""The rows of a decoder: by the word that each has read, and the one that it has to say."""

import tfstep
from tfstep.view.export.tables import tables
from tfstep.view.text.spans import plain


def shown(tensor):
    return "\n".join(plain(line) for line in tables([tensor], False))


def test_a_row_of_a_decoder_names_the_word_that_it_has_to_say():
    trace = tfstep.trace(tfstep.load("steve-builds-a-house"))
    weights = trace["dec0.cross.weights"]
    assert "Steve⇒builds" in shown(weights)
    assert "house⇒<eos>" in shown(weights)
    assert weights.labels["query"][0][1] == "Steve"  # an index is the word alone
    assert "⇒" not in shown(trace["dec0.attn.K"])  # a key has been read, and says nothing
    assert "⇒" not in shown(trace["enc0.attn.weights"])


def test_a_label_that_does_not_count_is_not_named():
    session = tfstep.Session(tfstep.load("steve-builds-a-house"))
    session.run("tokens labels Steve <pad> a house <eos>")
    rows = [line.split()[0] for line in shown(session.trace["out.probs"]).splitlines()]
    assert "Steve" in rows
    assert "builds⇒a" in rows
