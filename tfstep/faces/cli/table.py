"""The commands: where each one lives and what it does, known without importing any."""

from __future__ import annotations

from tfstep.text import Bilingual

HOME = "tfstep.faces.cli.commands"

COMMANDS = {
    "run": ("work.run", Bilingual("Step through a scenario on the screen.", "在屏幕上单步走完一个场景。")),
    "dump": ("numbers.dump", Bilingual("Print tensors and their gradients.", "输出张量及其梯度。")),
    "steps": (
        "numbers.steps",
        Bilingual("Print the timeline: forward, backward, update.", "输出时间线：前向、反向、参数更新。"),
    ),
    "explain": ("numbers.explain", Bilingual("Say why a number is what it is.", "说明一个数为什么是这个值。")),
    "code": ("numbers.code", Bilingual("Write a run as a program.", "把一次运行写成程序。")),
    "diff": ("numbers.diff", Bilingual("Compare two runs step by step.", "逐步比较两次运行。")),
    "diagnose": (
        "numbers.diagnose",
        Bilingual("Say which step of your own code is wrong.", "指出你自己的代码哪一步错了。"),
    ),
    "check": ("numbers.check", Bilingual("Check gradients and invariants.", "检查梯度和不变量。")),
    "repl": ("work.repl", Bilingual("Debug a scenario line by line.", "用命令行逐条调试一个场景。")),
    "train": ("work.train", Bilingual("Train, and show the loss.", "训练，并显示损失。")),
    "generate": ("work.generate", Bilingual("Let a decoder speak, word by word.", "让解码器逐词生成。")),
    "learn": ("teaching.learn", Bilingual("Learn by lessons, or check them.", "上课学习，或检查课程。")),
    "worksheet": ("teaching.worksheet", Bilingual("Print exercises, and their key.", "出练习卷和答案。")),
    "exam": ("teaching.exam", Bilingual("Sit an exam, grade it, or print it.", "考一次试，批改，或打印试卷。")),
    "list": ("files.list", Bilingual("List the scenarios that ship.", "列出自带的场景。")),
    "new": ("files.new", Bilingual("Write a commented scenario to start from.", "写出一个带注释的场景，作为起点。")),
    "export": (
        "files.export",
        Bilingual("Write a model as a folder for transformers.", "把模型写成 transformers 的文件夹。"),
    ),
    "serve": ("work.serve", Bilingual("Show the screen in a browser.", "在浏览器里显示屏幕界面。")),
    "page": ("files.page", Bilingual("Write a run as one HTML page.", "把一次运行写成一个网页。")),
    "validate": (
        "files.validate",
        Bilingual("Check scenario and lesson files; print errors only.", "检查场景和课程文件；只输出错误。"),
    ),
    "doctor": ("files.doctor", Bilingual("Tell what tfstep finds on this machine.", "说明 tfstep 在本机看到的情况。")),
}
"""Each command's module and its one line of help."""
