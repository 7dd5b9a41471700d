"""The pictures that the read-mes show are what the program draws now: `python docs/pictures/make.py` renews them."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

PICTURES = Path(__file__).resolve().parents[3] / "docs" / "pictures"


def maker() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_pictures", PICTURES / "make.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


MAKER = maker()


@pytest.mark.parametrize("picture", MAKER.PICTURES, ids=lambda picture: picture.name)
async def test_a_picture_is_of_the_program(picture: object) -> None:
    drawn = await MAKER.draw(picture)
    assert drawn == (PICTURES / f"{picture.name}.svg").read_text("utf-8")  # type: ignore[attr-defined]  # a Picture


def test_no_picture_is_left_over() -> None:
    assert {path.stem for path in PICTURES.glob("*.svg")} == {picture.name for picture in MAKER.PICTURES}
