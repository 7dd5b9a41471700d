"""The words of the debugger itself."""

from tfstep.commands.glossary.term import Term
from tfstep.text import Bilingual

TERMS = (
    Term(
        Bilingual("step into", "单步进入"),
        Bilingual(
            "Go to the next step, into the steps that it is made of, such as exp and sum inside softmax. The command "
            "is `step`.",
            "走到下一步，并进入构成它的小步骤，例如 softmax 里的 exp 和求和。命令是 `step`。",
        ),
    ),
    Term(
        Bilingual("step over", "跳过"),
        Bilingual(
            "Go to the next step without going into the one we are at. The command is `next`.",
            "走到下一步，但不进入当前步内部。命令是 `next`。",
        ),
    ),
    Term(
        Bilingual("step out", "跳出"),
        Bilingual(
            "Go on until the inside of this step is done. The command is `finish`.",
            "一直走到当前步骤的内部走完。命令是 `finish`。",
        ),
    ),
    Term(
        Bilingual("continue", "继续"),
        Bilingual(
            "Go on until a breakpoint or a watchpoint stops us, or the timeline ends. It works backwards as well.",
            "一直走到断点、监视点或时间线末尾。也可以反着走。",
        ),
    ),
    Term(
        Bilingual("reverse step", "反向单步"),
        Bilingual(
            "Go one step back; everything is as it was there. Nothing is lost by it.",
            "退回一步，一切恢复到那时的样子。这样做不会丢失任何东西。",
        ),
    ),
    Term(
        Bilingual("breakpoint", "断点"),
        Bilingual(
            "A step at which `continue` stops, if its condition holds. It may be set by path, by phase or by op.",
            "`continue` 走到就停的一步，可以带条件。可按路径、阶段或运算来设。",
        ),
    ),
    Term(
        Bilingual("watchpoint", "监视点"),
        Bilingual(
            "An expression that stops `continue` when its value changes. It shows the old value and the new one.",
            "一个表达式，值一变 `continue` 就停下。它会显示旧值和新值。",
        ),
    ),
    Term(
        Bilingual("call stack", "调用栈"),
        Bilingual(
            "The step we are in, and the larger steps around it. The command is `where`.",
            "当前所在的步骤，以及包着它的各层步骤。命令是 `where`。",
        ),
    ),
    Term(
        Bilingual("timeline", "时间线"),
        Bilingual(
            "All steps in order: forward, backward, update. One moves along it in both directions.",
            "按顺序排列的全部步骤：前向、反向、更新。可以向两个方向移动。",
        ),
    ),
    Term(
        Bilingual("rewind", "回退"),
        Bilingual(
            "Go back to an earlier update of the training. The parameters are then what they were.",
            "回到训练中较早的一次更新。参数也随之恢复。",
        ),
    ),
    Term(
        Bilingual("pin", "固定"),
        Bilingual(
            "A tensor that is computed is held at the value you set, whatever comes before it. All that depends on "
            "it is computed anew.",
            "把一个算出来的张量固定在你给的值上，不管前面怎样。依赖它的一切都重新计算。",
        ),
        ("*attn.weights",),
    ),
    Term(
        Bilingual("release", "解除固定"),
        Bilingual(
            "A pinned tensor is computed again from its inputs. It is the reverse of a pin.",
            "让固定住的张量重新由输入算出。与固定正好相反。",
        ),
        ("*attn.weights",),
    ),
    Term(
        Bilingual("undo", "撤销"),
        Bilingual(
            "Take back the last change. As many as you made can be taken back.",
            "撤回上一次改动。做过多少次，就能撤回多少次。",
        ),
    ),
    Term(
        Bilingual("redo", "重做"),
        Bilingual(
            "Make a change again that was taken back. A new change ends the line of those that can be made again.",
            "把撤销的改动再做一遍。一旦做了新的改动，原先可重做的就没有了。",
        ),
    ),
    Term(
        Bilingual("baseline", "基线"),
        Bilingual(
            "The run with which the present one is compared. What differs from it is marked.",
            "用来与当前结果对照的那次运行。与它不同的地方会标出来。",
        ),
    ),
    Term(
        Bilingual("journal", "操作日志"),
        Bilingual(
            "All changes that were made, in order, as commands. Played again, they give the same numbers.",
            "按顺序以命令形式记下的全部改动。重放一遍，得到同样的数。",
        ),
    ),
    Term(
        Bilingual("variant", "变体"),
        Bilingual(
            "A scenario with a few keys changed, such as one without positions. It can be compared with the others "
            "step by step.",
            "改动了几个键的场景，比如去掉位置编码。可以与其他变体逐步比较。",
        ),
    ),
    Term(
        Bilingual("scenario", "场景"),
        Bilingual(
            "A file that gives a model, its input, its weights and how to train it. Everything shown is computed "
            "from it.",
            "一个文件，给出模型、输入、权重和训练方式。屏幕上的一切都由它算出。",
        ),
    ),
    Term(
        Bilingual("worksheet", "练习卷"),
        Bilingual(
            "A page of exercises made from a scenario, with blanks, and a key with the working. Every seed makes "
            "another one.",
            "由场景生成的一页填空练习，另有带算法的答案。换一个种子就是另一份。",
        ),
    ),
)
