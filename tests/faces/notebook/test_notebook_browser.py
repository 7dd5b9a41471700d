"""The example notebook in a real Jupyter in a real browser: run with keys, seen in light and dark, hovered over."""

import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

import tfstep

pytest.importorskip("jupyterlab")
pytest.importorskip("aiohttp")

sys.path.insert(0, str(Path(__file__).parents[1]))
from browser import Browser, Page, free_port, installed, until_it_answers  # beside this folder

pytestmark = [pytest.mark.skipif(installed() is None, reason="no Chromium here"), pytest.mark.slow]

ROOT = Path(__file__).resolve().parents[3]
NOTEBOOKS = ROOT / "docs" / "notebooks"
KERNEL = "jupyterapp.shell.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'"
CELLS = "jupyterapp.shell.currentWidget.content.widgets"
BACKGROUND = "getComputedStyle(document.querySelector('.jp-Notebook')).backgroundColor"


@asynccontextmanager
async def jupyter(folder: Path) -> AsyncIterator[str]:
    """JupyterLab on a folder, with nothing of its user's; gives its address."""
    home, port = folder / "home", free_port()
    home.mkdir()
    settings = {
        "port": port,
        "ServerApp.root_dir": folder,
        "IdentityProvider.token": "",
        "LabApp.news_url": "None",
        "LabApp.check_for_updates_class": "jupyterlab.NeverCheckForUpdate",
    }
    flags = ("--no-browser", "--allow-root", "--expose-app-in-browser", "--ServerApp.disable_check_xsrf=True")
    command = [sys.executable, "-m", "jupyterlab", *flags, *(f"--{name}={value}" for name, value in settings.items())]
    own = {"HOME": str(home), "PYTHONPATH": str(ROOT), "LC_ALL": "en_US.UTF-8", "JUPYTER_PREFER_ENV_PATH": "1"}
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("JUPYTER", "IPYTHON"))}
    with subprocess.Popen(command, cwd=folder, env=environment | own, stderr=subprocess.DEVNULL) as program:
        try:
            await until_it_answers(f"http://127.0.0.1:{port}/api", program)
            yield f"http://127.0.0.1:{port}"
        finally:
            program.terminate()


async def run_all(page: Page) -> None:
    """Run every cell as a person does: Shift and Enter, from the first to the last."""
    await page.until("window.jupyterapp && document.querySelector('.jp-CodeCell .cm-content') !== null")
    await page.click("document.querySelector('.jp-CodeCell .cm-content')")
    await page.until(KERNEL)
    last = f"{CELLS}.filter(each => each.model.type === 'code' && each.model.sharedModel.source).at(-1).model"
    for _ in range(2 * await page.value(f"{CELLS}.length")):
        await page.press("Shift+Enter")
        if await page.value(f"{last}.executionState !== 'idle' || {last}.executionCount !== null"):
            break
    await page.until(f"{last}.executionCount")


async def theme(page: Page, name: str) -> None:
    """Choose one of Jupyter's themes."""
    await page.value(
        f"jupyterapp.commands.execute('apputils:change-theme', {{theme: 'JupyterLab {name}'}}).then(_ => 1)"
    )
    await page.until(f"document.body.dataset.jpThemeLight === '{'true' if name == 'Light' else 'false'}'")


CONTRAST = """(() => {
  const parts = text => text.match(/[\\d.]+/g).map(Number)
  const light = ([r, g, b]) => [r, g, b].map(v => (v /= 255) <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
    .reduce((sum, v, k) => sum + v * [.2126, .7152, .0722][k], 0)
  const ground = e => {
    const own = e ? parts(getComputedStyle(e).backgroundColor) : [255, 255, 255, 1]
    const share = own.length < 4 ? 1 : own[3]
    if (share === 1) return own
    const under = ground(e.parentElement)
    return own.slice(0, 3).map((v, k) => v * share + under[k] * (1 - share))
  }
  return [...document.querySelectorAll('.tfstep :is(td, th, b, span, summary, pre, figcaption, div)')]
    .filter(e => [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()) && e.checkVisibility())
    .map(e => { const [a, b] = [light(parts(getComputedStyle(e).color)), light(ground(e))]
                return [(Math.max(a, b) + .05) / (Math.min(a, b) + .05), e.textContent.slice(0, 30)] })
    .sort((a, b) => a[0] - b[0])[0] })()"""


@pytest.mark.parametrize("name", ["first-steps.ipynb", "first-steps.zh.ipynb"])
async def test_the_example_is_run_seen_and_hovered_over(name: str, tmp_path: Path) -> None:
    shutil.copy(NOTEBOOKS / name, tmp_path / "example.ipynb")
    async with jupyter(tmp_path) as address, Browser() as browser:
        page = await browser.page(f"{address}/lab/tree/example.ipynb", 1100, 6000)
        await run_all(page)
        assert await page.value("document.querySelectorAll('.tfstep').length") == 10
        outputs = f"{CELLS}.flatMap(each => each.model.type === 'code' ? each.model.outputs.toJSON() : [])"
        assert not await page.value(f"{outputs}.filter(o => o.output_type === 'error' || o.name === 'stderr')")
        cell = "document.querySelectorAll('.tfstep .heat td')[1]"
        await page.rest(cell)
        await page.until(f"{cell}.matches(':hover') && getComputedStyle({cell}).outlineWidth === '2px'")
        weights = tfstep.trace(tfstep.load("wo-ai-ni"))["enc0.attn.weights"]
        assert await page.value(f"{cell}.innerText") == f"{weights.value[0, 0, 0, 1]:.4f}"
        assert "weights[我,爱] = exp[我,爱] / sum[我,0]" in await page.value(f"{cell}.title")
        assert await page.value("[...document.querySelectorAll('.tfstep details:not([open])')].length") > 0
        await page.click("document.querySelector('.tfstep details:not([open]) summary')")
        grounds = set()
        for shade in ("Light", "Dark"):
            await theme(page, shade)
            grounds.add(await page.value(BACKGROUND))
            for wish in ("light", "dark"):  # Jupyter's own theme is followed, whatever the system wishes
                await page.ask("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": wish}])
                least, text = await page.value(CONTRAST)
                assert least >= 4.5, (shade, wish, text)
            await page.picture(tmp_path / f"{shade}.png")
        assert len(grounds) == 2
        assert page.elsewhere == []
        for folder in filter(None, [os.environ.get("TFSTEP_PICTURES")]):
            for shade in ("Light", "Dark"):
                shutil.copy(tmp_path / f"{shade}.png", Path(folder) / f"{name}-{shade}.png")
