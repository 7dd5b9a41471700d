"""``diff``: what is said to differ differs, by as much as is said."""

import numpy as np
import pytest

import tfstep as package


def traced(name, variant=None):
    return package.trace(package.load(name, variant=variant))


def test_word_order_without_positions_is_equal_by_word(tfstep):
    variants = ("--variant", "no-position", "--variant", "swapped-no-position")
    assert tfstep("diff", "wo-ai-ni", *variants, "--align", "token").status == 0
    assert tfstep("diff", "wo-ai-ni", *variants).status == 1
    said = tfstep("diff", "wo-ai-ni", *variants, "--align", "token", "--json").json
    assert said["first"] is None
    assert all(step["equal"] for step in said["steps"])


def test_figures_follow_from_the_two_runs(tfstep):
    done = tfstep("diff", "wo-ai-ni", "--variant", "swapped", "--json")
    one, other = traced("wo-ai-ni"), traced("wo-ai-ni", "swapped")
    assert done.status == 1
    assert [step["path"] for step in done.json["steps"]] == [node.path for node in one.plan.steps]
    differing = []
    for step in done.json["steps"]:
        assert list(step) == ["path", "max_abs", "cosine", "equal"]
        a, b = one[step["path"]].value.ravel(), other[step["path"]].value.ravel()
        assert step["max_abs"] == np.abs(a - b).max()
        if a.any() and b.any():
            assert step["cosine"] == pytest.approx(a @ b / np.linalg.norm(a) / np.linalg.norm(b), abs=1e-12)
        if not step["equal"]:
            differing.append(step["path"])
    assert done.json["first"] == differing[0]
    assert differing[0] in tfstep("diff", "wo-ai-ni", "--variant", "swapped").out


def test_one_variant_is_compared_with_base_and_two_with_each_other(tfstep):
    one = tfstep("diff", "wo-ai-ni", "--variant", "swapped", "--json").json
    assert tfstep("diff", "wo-ai-ni", "--variant", "base", "--variant", "swapped", "--json").json == one
    assert tfstep("diff", "wo-ai-ni", "wo-ai-ni", "--variant", "base", "--variant", "swapped", "--json").json == one


def test_the_first_variant_is_the_first_scenarios(tfstep):
    said = tfstep("diff", "wo-ai-ni", "padding", "--variant", "no-position", "--variant", "mask-off", "--json").json
    assert "enc0.attn.masked" in said["only_first"]
    assert tfstep("diff", "wo-ai-ni", "padding", "--variant", "mask-off").status == 2, "it is not wo-ai-ni's"


def test_the_same_is_equal_to_the_bit(tfstep):
    done = tfstep("diff", "wo-ai-ni", "wo-ai-ni", "--tol", "0")
    assert done.status == 0
    assert "no step differs" in done.out


def test_the_tolerance_is_of_the_largest_number(tfstep):
    for tolerance, status in (("2.5", 0), ("0.001", 1)):
        assert tfstep("diff", "wo-ai-ni", "--variant", "swapped", "--tol", tolerance).status == status


def test_shapes_that_differ_have_no_figures(tfstep):
    done = tfstep("diff", "wo-ai-ni", "padding", "--json")
    assert done.status == 1
    scores = next(step for step in done.json["steps"] if step["path"] == "enc0.attn.scores")
    assert (scores["max_abs"], scores["cosine"], scores["equal"]) == (None, None, False)
    assert "shapes differ: 1×1×3×3 and 2×1×8×8" in tfstep("diff", "wo-ai-ni", "padding").out


def test_paths_of_one_run_alone_are_named(tfstep):
    said = tfstep("diff", "padding", "--variant", "mask-off", "--json").json
    assert {"enc0.attn.masked", "enc0.attn.mask"} <= set(said["only_first"])
    assert said["only_second"] == []
    assert "only in base" in tfstep("diff", "padding", "--variant", "mask-off").out


@pytest.mark.parametrize(
    "arguments",
    [
        ("wo-ai-ni",),
        ("wo-ai-ni", "--variant", "a", "--variant", "b", "--variant", "c"),
        ("wo-ai-ni", "--variant", "swapped", "--tol", "-1"),
        ("wo-ai-ni", "--variant", "swapped", "--tol", "nan"),
        ("wo-ai-ni", "--variant", "swapped", "--align", "word"),
    ],
)
def test_what_cannot_be_compared(tfstep, arguments):
    done = tfstep("diff", *arguments)
    assert (done.status, done.out) == (2, "")
    assert done.err


def test_what_dump_wrote_is_compared_by_path(tfstep, tmp_path):
    file = tmp_path / "run.npz"
    assert tfstep("dump", "wo-ai-ni", "--variant", "swapped", "--grad", "--format", "npz", "-o", str(file)).status == 0
    assert tfstep("diff", "wo-ai-ni", str(file), "--variant", "swapped").status == 0
    done = tfstep("diff", "wo-ai-ni", str(file), "--json")
    assert done.status == 1
    assert done.json["first"] == "src.embed"
    assert any(step["path"] == "enc0.attn.W_Q.grad" for step in done.json["steps"])


def test_arrays_of_other_names_are_found_by_their_numbers(tfstep, tmp_path):
    trace, file = traced("wo-ai-ni"), tmp_path / "mine.npz"
    kept = {"qq": trace["enc0.attn.q_proj"].value[0], "a_scores": trace["enc0.attn.scores"].value[0]}
    np.savez(file, **kept)
    done = tfstep("diff", "wo-ai-ni", str(file))
    assert done.status == 0
    assert "a_scores" in done.out
    assert "→ enc0.attn.scores" in done.out
    wrong = np.exp(2 * trace["enc0.attn.scaled"].value[0])
    np.savez(file, **kept, p=wrong / wrong.sum(-1, keepdims=True), extra=np.arange(7.0))
    done = tfstep("diff", "wo-ai-ni", str(file), "--json")
    assert done.status == 1
    assert done.json["first"] == "enc0.attn.weights"
    assert ("p", "enc0.attn.weights") in [(each["name"], each["path"]) for each in done.json["matched"]]
    assert all(each["relation"] for each in done.json["matched"])
    assert done.json["only_second"] == ["extra"]
    step = next(step for step in done.json["steps"] if step["path"] == "enc0.attn.weights")
    assert step["max_abs"] == np.abs(wrong / wrong.sum(-1, keepdims=True) - trace["enc0.attn.weights"].value[0]).max()


def test_float32_of_other_names_is_judged_as_float32(tfstep, tmp_path):
    trace, file = traced("wo-ai-ni"), tmp_path / "mine.npz"
    np.savez(
        file,
        qq=trace["enc0.attn.q_proj"].value[0].astype("f4"),
        ss=trace["enc0.attn.scores"].value[0].astype("f4"),
        ww=trace["enc0.attn.weights"].value[0].astype("f4"),
    )
    done = tfstep("diff", "wo-ai-ni", str(file), "--json")
    assert done.status == 0
    assert any(step["max_abs"] > 0 for step in done.json["steps"])


def test_arrays_that_are_none_of_ours_are_refused(tfstep, tmp_path):
    file = tmp_path / "run.npz"
    np.savez(file, mine=np.eye(3))
    done = tfstep("diff", "wo-ai-ni", str(file))
    assert (done.status, done.out) == (2, "")
    assert "nothing to compare" in done.err


def test_a_folder_of_npy_is_a_recording(tfstep, tmp_path):
    trace, folder = traced("wo-ai-ni"), tmp_path / "run"
    folder.mkdir()
    for k, (name, path) in enumerate({"qq": "q_proj", "kk": "k_proj", "s": "scores", "p": "weights"}.items()):
        np.save(folder / f"{k:02d}_{name}.npy", trace[f"enc0.attn.{path}"].value[0])
    done = tfstep("diff", "wo-ai-ni", str(folder))
    assert done.status == 0
    assert "02_s" in done.out
    assert "→ enc0.attn.scores" in done.out
    np.save(folder / "03_p.npy", trace["enc0.attn.weights"].value[0] ** 2)
    done = tfstep("diff", "wo-ai-ni", str(folder), "--json")
    assert (done.status, done.json["first"]) == (1, "enc0.attn.weights")


def test_a_folder_of_paths_is_compared_by_path(tfstep, tmp_path):
    trace, folder = traced("wo-ai-ni"), tmp_path / "run"
    folder.mkdir()
    for path in ("enc0.attn.scores", "enc0.attn.weights"):
        np.save(folder / f"{path}.npy", trace[path].value)
    assert tfstep("diff", "wo-ai-ni", str(folder)).status == 0
