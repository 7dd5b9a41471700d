"""The page in a real browser: stepped with keys and mouse, asked why, in both languages."""

import sys
from pathlib import Path

import pytest

import tfstep
from tfstep.faces.web.page.write import page

pytest.importorskip("aiohttp")
sys.path.insert(0, str(Path(__file__).parents[1]))
from browser import Browser, installed  # beside this folder

pytestmark = pytest.mark.skipif(installed() is None, reason="no Chromium here")

HASH = "decodeURIComponent(location.hash)"
WHY = "document.getElementById('why').innerText"
AT = "document.querySelector('td.at').innerText"


@pytest.fixture
def address(tmp_path: Path) -> str:
    trace = tfstep.trace(tfstep.load("wo-ai-ni"))
    file = tmp_path / "run.html"
    file.write_text(page(trace.plan.origin, trace), "utf-8")
    return file.as_uri()


async def test_a_run_is_stepped_and_asked_with_keys_and_mouse(address: str) -> None:
    trace = tfstep.trace(tfstep.load("wo-ai-ni"))
    async with Browser() as browser:
        shown = await browser.page(address)
        await shown.until("document.body && document.body.dataset.ready === 'yes'")
        assert await shown.value(HASH) == "#src.embed[0,0,0]"
        first = [node.path for node in trace.plan.steps][:9]
        for path in first[1:]:
            await shown.press("n")
            assert (await shown.value(HASH)).startswith(f"#{path}[")
        await shown.press("ArrowDown", "l", "l")
        assert await shown.value(HASH) == "#enc0.attn.scores[0,0,1,2]"
        assert await shown.value(AT) == f"{trace['enc0.attn.scores'].value[0, 0, 1, 2]:.3f}"
        why = await shown.value(WHY)
        found = trace.explain("enc0.attn.scores[0,0,1,2]")
        assert f"total {found.total!r}" in why
        assert "Q[爱,0]" in why
        assert await shown.value("document.querySelectorAll('td.from').length") == 8
        await shown.press("Enter")
        assert await shown.value(HASH) == "#enc0.attn.Q[0,0,1,3]"
        await shown.press("Backspace", "p", "n", "g")
        assert await shown.value(HASH) == "#enc0.attn.scores[0,0,1,2]"
        captions = await shown.value("[...document.querySelectorAll('figcaption')].map(e => e.innerText)")
        assert "∂scores" in captions
        await shown.click("document.querySelectorAll('figure.result td')[3]")
        assert await shown.value(HASH) == "#enc0.attn.scores[0,0,1,0]"
        await shown.click("[...document.querySelectorAll('.terms a')][0]")
        assert (await shown.value(HASH)).startswith("#enc0.attn.Q[0,0,1,")
        await shown.press("L")
        assert await shown.value("document.documentElement.lang") == "zh"
        assert "前向" in await shown.value("document.getElementById('timeline').innerText")
        assert "损失 1.4385" in await shown.value("document.getElementById('position').innerText")
        await shown.press("/")
        for letter in "weights":
            await shown.press(letter)
        assert await shown.value("document.querySelectorAll('nav a').length") == 2
        await shown.press("Enter", "s")
        assert (await shown.value(HASH)).startswith("#enc0.attn.weights/")
        await shown.press("o", "?")
        assert await shown.value("document.getElementById('helped').open")
        assert shown.faults == []
        assert shown.requests == [address]


async def test_masked_cells_are_hatched_and_result_and_reason_are_in_sight(tmp_path: Path) -> None:
    trace = tfstep.trace(tfstep.load("gpt"))
    file = tmp_path / "run.html"
    file.write_text(page(trace.plan.origin, trace), "utf-8")
    async with Browser() as browser:
        shown = await browser.page(f"{file.as_uri()}#dec0.attn.weights[0,0,2,1]")
        await shown.until("document.body && document.body.dataset.ready === 'yes'")
        for path in ("dec0.attn.weights", "dec0.attn.masked", "dec0.attn.scaled.grad"):
            await shown.value(f"location.hash = '#{path}[0,0,2,1]'")
            await shown.until(f"document.querySelector('#what .name').innerText === {path!r}")
            rows = "[...document.querySelectorAll('figure.result tr')].slice(1)"
            hatched = await shown.value(f"{rows}.map(row => row.querySelectorAll('td.masked').length)")
            assert hatched == [min(15, 15 - k) if k < 16 else 0 for k in range(len(hatched))], path
            assert "-1000000000" not in await shown.value("document.getElementById('board').innerText")
            inside = "(e => { const b = e.getBoundingClientRect(); return b.top >= 0 && b.bottom <= innerHeight })"
            assert await shown.value(f"{inside}(document.querySelector('td.at'))")
            assert await shown.value(f"{inside}(document.querySelector('#why .terms, #why div'))")
        assert shown.faults == []


async def test_every_tensor_can_be_shown(address: str) -> None:
    async with Browser() as browser:
        shown = await browser.page(address)
        await shown.until("document.body && document.body.dataset.ready === 'yes'")
        steps = len(tfstep.trace(tfstep.load("wo-ai-ni")).plan.steps)
        for _ in range(steps):
            await shown.press("n")
        assert await shown.value("document.getElementById('position').innerText.includes('update')")
        assert await shown.value("document.querySelectorAll('#why .bad').length") == 0
        await shown.press("Home", "End")
        assert shown.faults == []


async def test_an_address_that_names_nothing_opens_the_first_step(address: str) -> None:
    async with Browser() as browser:
        for asked in ("#100%", "#no.such[0]", "#enc0.attn.scores[0,0,9,9"):
            shown = await browser.page(address + asked)
            await shown.until("document.body && document.body.dataset.ready === 'yes'")
            assert await shown.value(HASH) == "#src.embed[0,0,0]"
