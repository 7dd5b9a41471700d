"""The glossary: the words that `help TERM` knows, with both names and the tensors in which they can be seen."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from making.markdown import code, head
from tfstep.commands.glossary.terms import terms
from tfstep.text import LANGUAGES, Bilingual

TITLE = Bilingual("Glossary", "术语表")
INTRO = Bilingual(
    "Inside the debugger `help TERM` says the same in either language, and names the tensor of the open scenario in "
    "which the thing can be seen: `help attention score`, `help 注意力分数`. Behind each word stand the paths to "
    "look at.",
    "在调试器里输入 `help 术语`（中英文都行），会给出同样的解释，并指出当前场景里在哪个张量能看到它：`help "
    "注意力分数`、"
    "`help attention score`。每条后面的路径就是该看的地方。",
)


def page(language: str) -> Iterator[str]:
    """The lines of the page."""
    yield from head(TITLE, language)
    yield INTRO.in_(language)
    (other,) = (each for each in LANGUAGES if each != language)
    for title, group in groupby(terms(), lambda term: term.section.in_(language)):
        yield f"\n## {title}\n"
        for term in group:
            seen = "".join(f" {code(path)}" for path in term.seen)
            yield f"- **{term.name.in_(language)}** ({term.name.in_(other)}) — {term.meaning.in_(language)}{seen}"
