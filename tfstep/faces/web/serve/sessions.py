"""The sessions that a server holds: how many at most, how long they may be idle, and how each is ended."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

from textual_serve.app_service import AppService
from textual_serve.download_manager import DownloadManager

from tfstep.text import Bilingual

GRACE = 5.0  # seconds in which a screen must end when it is asked to
THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


class Visit(AppService):
    """The process of one visitor, started without a shell, and ended even where it does not listen."""

    def __init__(
        self,
        arguments: Sequence[str],
        write_bytes: Callable[[bytes], Awaitable[None]],
        write_str: Callable[[str], Awaitable[None]],
        close: Callable[[], Awaitable[None]],
    ) -> None:
        super().__init__(
            "", write_bytes=write_bytes, write_str=write_str, close=close, download_manager=DownloadManager()
        )
        self.arguments = arguments
        self.ending: asyncio.Task[None] | None = None  # under way
        self.began = self.touched = time.monotonic()

    def touch(self) -> None:
        """The visitor did something."""
        self.touched = time.monotonic()

    def _build_environment(self, width: int = 80, height: int = 24) -> dict[str, str]:
        return super()._build_environment(width, height) | dict.fromkeys(THREADS, "1")

    async def _open_app_process(self, width: int = 80, height: int = 24) -> Process:
        module = "tfstep.faces.web.serve.visitor"
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", module, *self.arguments),
            stdin=PIPE,
            stdout=PIPE,
            stderr=PIPE,
            env=self._build_environment(width, height) | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )
        assert process.stdin is not None
        self._process, self._stdin = process, process.stdin
        return process

    async def stop(self) -> None:
        """End the process: it is asked to, and if it is too busy to hear, it is killed."""
        process = self._process
        with suppress(TimeoutError):
            await asyncio.wait_for(super().stop(), GRACE)
        if process is None:
            return
        try:  # what reads its output may have ended while the process itself has not
            await asyncio.wait_for(process.wait(), 1.0)
        except TimeoutError:
            process.kill()
            await process.wait()


class Rules:
    """What holds for every session: so many at once, ended after so many seconds without a key, and in all."""

    def __init__(self, most: int, idle: float, whole: float) -> None:
        self.most, self.idle, self.whole = most, idle, whole

    def told(self) -> Bilingual:
        """Why a session may have ended."""
        if self.idle == float("inf"):
            return Bilingual("You left it, or the connection broke.", "可能是你退出了，或连接断开了。")
        return Bilingual(
            "You left it, the connection broke, no key was pressed for {idle} minutes, or it took more time or memory "
            "than a session may.",
            "可能的原因：你退出了，连接断开，{idle} 分钟没有按键，或所用的时间、内存超过上限。",
            idle=round(self.idle / 60),
        )

    def over(self, visit: Visit, now: float) -> bool:
        """Whether a session has come to its end."""
        return now - visit.touched > self.idle or now - visit.began > self.whole
