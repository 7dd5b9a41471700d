"""The commands: where each one lives and what it does, known without importing any."""

from __future__ import annotations

from tfstep.text import Text

HOME = "tfstep.faces.cli.commands"

COMMANDS = {
    "run": ("run", Text("Step through a scenario on the screen.", "在屏幕上单步走完一个场景。")),
    "dump": ("dump", Text("Print tensors and their gradients.", "输出张量及其梯度。")),
    "steps": ("steps", Text("Print the timeline: forward, backward, update.", "输出时间线：前向、反向、参数更新。")),
    "explain": ("explain", Text("Say why a number is what it is.", "说明一个数为什么是这个值。")),
    "list": ("list", Text("List the scenarios that ship.", "列出自带的场景。")),
    "validate": ("validate", Text("Check scenario files; print errors only.", "检查场景文件；只输出错误。")),
}
"""Each command's module and its one line of help."""
