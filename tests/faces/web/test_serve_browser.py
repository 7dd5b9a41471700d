"""The screen served, in a real browser: keys, mouse, Chinese, a window of another size, visitors apart, lessons."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

pytest.importorskip("textual_serve")

sys.path.insert(0, str(Path(__file__).parents[1]))
from browser import Browser, Page, free_port, installed, until_it_answers  # beside this folder

pytestmark = [pytest.mark.skipif(installed() is None, reason="no Chromium here"), pytest.mark.slow]

ROOT = Path(__file__).resolve().parents[3]
# Keeps the terminal of the page within reach, which its script keeps to itself.
HOLD = """Object.defineProperty(Object.prototype, "terminal", {configurable: true, set(made) {
  window.shown = made; Object.defineProperty(this, "terminal", {value: made, writable: true, configurable: true}) }})"""
LINE = "shown.buffer.active.getLine(k).translateToString(true)"
TEXT = f"(window.shown ? [...Array(shown.rows).keys()].map(k => {LINE}).join('\\n') : '')"
SIZE = "[shown.cols, shown.rows]"
AREA = "document.querySelector('.xterm-screen').getBoundingClientRect()"


@asynccontextmanager
async def served(*arguments: str) -> AsyncIterator[str]:
    """`tfstep serve` as a program of its own; gives its address."""
    port = free_port()
    command = [sys.executable, "-m", "tfstep", "serve", "--port", str(port), *arguments]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL) as program:
        try:
            await until_it_answers(f"http://127.0.0.1:{port}/", program)
            yield f"http://127.0.0.1:{port}"
        finally:
            program.terminate()


async def shows(page: Page, *texts: str) -> None:
    """Wait until all of these stand on the screen."""
    for text in texts:
        await page.until(f"{TEXT}.includes({text!r})")


async def visit(browser: Browser, address: str, text: str) -> Page:
    page = await browser.page(address, before=HOLD)
    await shows(page, text)
    return page


async def command(page: Page, text: str) -> None:
    await page.press(":")
    await page.write(text)
    await page.press("Enter")


async def click_on(page: Page, text: str) -> None:
    """Click on the first letter of a text that stands on the screen; what is before it in its line is narrow."""
    lines = str(await page.value(TEXT)).split("\n")
    row = next(k for k, line in enumerate(lines) if text in line)
    cols, rows = await page.value(SIZE)
    left, top, width, height = await page.value(f"(b => [b.x, b.y, b.width, b.height])({AREA})")
    x = left + (lines[row].index(text) + 0.5) * width / cols
    await page.click_at(x, top + (row + 0.5) * height / rows)


async def test_two_visitors_with_keys_mouse_and_chinese(tmp_path: Path) -> None:
    async with served("--class", "wo-ai-ni") as address, Browser() as browser:
        one = await visit(browser, f"{address}/?lang=en", "1/93")
        other = await visit(browser, f"{address}/?lang=zh", "前向")
        await one.press("n", "n")
        await shows(one, "3/93", "enc0.attn.q_proj")
        await command(one, "set enc0.attn.W_Q[0,0] = 5")
        await shows(one, "+1 → +5")
        await click_on(one, "scores")
        await shows(one, "enc0.attn.scores", "9/93")
        await one.press("ArrowDown", "l", "l")
        await shows(one, "scores[爱,你]")
        await command(other, "tokens source 你 爱 我")
        await shows(other, "embed[你,d0]", "为何")
        await command(other, "print 100 + enc0.attn.W_Q[0,0]")
        await shows(other, "101")
        await command(one, "print 100 + enc0.attn.W_Q[0,0]")
        await shows(one, "105")
        await command(one, "save mine.yaml")
        await shows(one, "this is a class: sessions read and write no files")
        for page, name in ((one, "one"), (other, "other")):
            assert page.faults == []
            assert page.elsewhere == []
            await page.picture(tmp_path / f"{name}.png")
            assert (tmp_path / f"{name}.png").stat().st_size > 20_000  # something is drawn


async def test_the_screen_fills_the_window_whatever_its_size() -> None:
    async with served("--class", "wo-ai-ni") as address, Browser() as browser:
        page = await visit(browser, f"{address}/?lang=en", "1/93")
        before = await page.value(SIZE)
        for width, height in ((760, 480), (1600, 1000), (1200, 800)):
            await page.resize(width, height)
            await page.until(f"Math.abs(shown.cols - {before[0]} * {width} / 1200) < 3")
            await shows(page, "help")  # the line of keys, at the bottom
            low, wide = await page.value(f"(b => [b.bottom, b.right])({AREA})")
            assert height - 30 < low <= height
            assert width - 30 < wide <= width
            cols, rows = await page.value(SIZE)
            line = f"shown.buffer.active.getLine({rows - 1}).translateToString(true)"
            await page.until(f"{line}.includes('help') && {line}.length <= {cols}")
        assert await page.value(SIZE) == before


async def test_from_the_list_to_a_lesson_and_the_next_one() -> None:
    async with served("--class") as address, Browser() as browser:
        page = await browser.page(f"{address}/?lang=zh", before=HOLD)
        assert "课程" in await page.value("document.body.innerText")
        first = await page.value("document.querySelector('a[href^=\"/learn/\"]').href")
        await page.click("document.querySelector('a[href^=\"/learn/\"]')")
        await page.until(f"location.href === {first!r}")
        await shows(page, "1/")
        for _ in range(300):  # Enter goes on, `!` gives the answer where one is asked for
            if await page.value("location.href") != first:
                break
            await page.press("!", "Enter")
            await asyncio.sleep(0.05)
        await page.until(f"location.href.includes('/learn/') && location.href !== {first!r}")
        await shows(page, "1/")


async def test_a_session_that_was_left_can_be_started_again() -> None:
    async with served("softmax") as address, Browser() as browser:
        page = await visit(browser, f"{address}/?lang=en", "1/")
        await page.press("n")
        await shows(page, "2/")
        await page.press("q")
        await page.until("document.body.classList.contains('-closed')")
        assert "The session has ended." in await page.value("document.body.innerText")
        await page.click("document.querySelector('.ended button')")
        await shows(page, "1/")
