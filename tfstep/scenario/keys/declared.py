"""The schema that ships, and the line by which an editor finds it."""

from __future__ import annotations

from pathlib import Path

SHIPPED = Path(__file__).with_name("scenario.schema.json")
_MARK = "yaml-language-server:"


def with_schema_line(text: str) -> str:
    """The text of a scenario file with the line on top by which an editor completes and checks it without being set up.

    The editors' YAML language server reads it (VS Code, Neovim, JetBrains); a line that is there already stays.
    """
    return text if _MARK in text else f"# {_MARK} $schema={SHIPPED.as_uri()}\n{text}"
