"""The test of the pages would notice: a faulty page is refused, a stale output is replaced."""

from types import ModuleType

import pytest

SESSION = "<!-- session: wo-ai-ni -->\n"


def block(info: str, body: str) -> str:
    return f"```{info}\n{body}\n```\n"


@pytest.mark.parametrize(
    "page",
    [
        block("sh", "tfstep nonsense"),
        block("sh", "tfstep run nowhere"),
        block("sh", "tfstep run wo-ai-ni --at"),
        block("sh", "tfstep run wo-ai-ni --variant nowhere"),
        block("sh", "tfstep list | sort"),
        block("sh", "rm -rf /"),
        block("sh exit=1", "tfstep list"),
        block("tfstep", "next"),
        SESSION + block("tfstep", "nonsense"),
        SESSION + block("tfstep refused", "next"),
        SESSION + block("tfstep refused", "nonsense\nnext"),
    ],
)
def test_a_faulty_page_is_refused(page: str, make: ModuleType) -> None:
    with pytest.raises(Exception, match=r"page:|nowhere|needs|requires"):
        make.filled(page, "en", "page")


@pytest.mark.parametrize(
    ("page", "shown"),
    [
        (block("sh", "tfstep --version | head -n 1"), "tfstep "),
        (block("sh exit=2", "tfstep nonsense"), "there is no command 'nonsense'"),
        (block("sh", "tfstep new mlp -o a.yaml\ntfstep validate a.yaml"), "a.yaml is written"),
        (SESSION + block("tfstep", "next\nprint 1 + 1"), "$1 = 2"),
        (SESSION + block("tfstep", "set $x = 4") + block("tfstep", "print $x"), "= 4"),
        (block("yaml a.yaml", "model: {}") + block("sh exit=2", "tfstep validate a.yaml"), "a.yaml:1:1"),
        (block("python", "print(2 * 3)"), "6"),
    ],
)
def test_output_is_filled_in(page: str, shown: str, make: ModuleType) -> None:
    before = page + block("text", "stale")
    after = make.filled(before, "en", "page")
    assert shown in after
    assert "stale" not in after
    assert make.filled(after, "en", "page") == after


def test_only_the_first_lines_are_shown(make: ModuleType) -> None:
    page = block("sh", "tfstep list") + block("text 2", "")
    assert make.filled(page, "en", "page").count("\n") == 3 + 3 + 2


def test_the_language_is_that_of_the_page(make: ModuleType) -> None:
    page = block("sh exit=2", "tfstep nonsense") + block("text", "")
    assert "没有命令" in make.filled(page, "zh", "page")


@pytest.mark.parametrize(
    ("shown", "kept"),
    [("$1 = 0.30000000000000001", True), ("$1 = 0.3", True), ("$1 = 0.3001", False), ("$2 = 0.3", False)],
)
def test_rounding_makes_no_page_stale(shown: str, kept: bool, make: ModuleType) -> None:
    page = SESSION + block("tfstep", "print 0.1 + 0.2") + block("text", shown)
    assert (make.filled(page, "en", "page") == page) is kept
