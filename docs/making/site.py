"""A hook of mkdocs: links that lead out of docs/ become words, since the site has only what is in docs/."""

from __future__ import annotations

import re

OTHER_LANGUAGE = re.compile(r"^\[(?:中文|English)\]\([\w./-]+\)\n", re.MULTILINE)  # the site has a switch
LESSON = re.compile(r"\[([^\]]+)\]\((?:\.\./)+lessons/([\w-]+)\.(?:en|zh)\.md(?:#[^)]*)?\)")
OUTSIDE = re.compile(r"\[([^\]]+)\]\((?:\.\./)+(?!how-to|decisions|pictures)[\w./-]+\.(?:md|yaml|py|toml)(?:#[^)]*)?\)")


def on_page_markdown(markdown: str, **kwargs: object) -> str:
    """The page with links to lessons as the command that opens them, and links to other files as their text."""
    markdown = OTHER_LANGUAGE.sub("", markdown)
    deep = "how-to/" in str(kwargs.get("page")) or "decisions/" in str(kwargs.get("page"))
    text = LESSON.sub(r"\1 (`tfstep learn \2`)", markdown)
    return text if deep else OUTSIDE.sub(r"\1", text)
