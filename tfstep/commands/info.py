"""What there is: the lists of info, and help of a command, a function or a term."""

from __future__ import annotations

import time

from tfstep.commands.language.registry import TOPICS, all_commands, command, find, in_groups, is_change, topic
from tfstep.commands.language.session import Session
from tfstep.engine.node import Node
from tfstep.errors import CommandError, did_you_mean
from tfstep.session.place import PHASE_NAMES
from tfstep.session.results import GROUPS, Help, HelpEntry, Listing, Result
from tfstep.text import Bilingual


@command(
    "look",
    "info TOPIC",
    bare=True,
    aliases=("i",),
    completes=("topic",),
    repeats=True,
    about=Bilingual(
        "Lists: params, variants, steps, breakpoints (and watchpoints), display, sessions, journal, updates, "
        "checkpoints.",
        "列出参数、变体、步骤、断点（与监视点）、显示项、改动、更新或检查点"
        "（params、variants、steps、breakpoints、watchpoints、display、sessions、journal、updates、checkpoints）。",
    ),
)
def _info(session: Session, rest: str) -> Result:
    names = [name for name in TOPICS if name.startswith(rest)] if rest else []
    if rest in TOPICS:
        names = [rest]
    if len(names) != 1:
        raise CommandError(
            Bilingual(
                "info {rest}{near}; there are {known}",
                "info {rest}{near}；可用：{known}",
                rest=repr(rest[:40]) if rest else Bilingual("needs a topic", "需要主题"),
                near=did_you_mean(rest, TOPICS),
                known=", ".join(TOPICS),
            )
        )
    return TOPICS[names[0]][0](session)


def shape_of(node: Node) -> str:
    """``3×4``; nothing for a scalar."""
    return "×".join(map(str, node.shape))


@topic("params", Bilingual("every parameter, its shape, whether it was edited", "每个参数及其形状，是否改过"))
def params(session: Session) -> Result:
    """Every parameter, its shape, how many numbers it has, whether it was edited."""
    nodes = [node for node in session.trace.plan.nodes if node.kind == "parameter"]
    total = sum(node.spec.size for node in nodes)
    rows = tuple(
        (node.path, shape_of(node), str(node.spec.size), "~" if node.path in session.edited else "") for node in nodes
    )
    return Listing(
        Bilingual("{n} parameters, {total} numbers", "{n} 个参数，共 {total} 个数", n=len(nodes), total=total),
        (
            Bilingual("path", "路径"),
            Bilingual("shape", "形状"),
            Bilingual("numbers", "个数"),
            Bilingual("edited", "已改"),
        ),
        rows,
        Bilingual("this model has no parameters", "这个模型没有参数"),
    )


@topic("variants", Bilingual("every variant, how many changes were made in each", "每个变体，各有多少改动"))
def variants(session: Session) -> Result:
    """Every variant of the scenario, and how many changes were made in each."""
    rows = []
    for name in (*session.scenario.variants, *session.passes):
        journal = session.journals.get(name)
        rows.append(("→" if name == session.variant else "", name, str(len(journal.changes)) if journal else "0"))
    return Listing(
        Bilingual("variants of {name}", "{name} 的变体", name=session.scenario.name),
        (Bilingual("", ""), Bilingual("variant", "变体"), Bilingual("changes", "改动数")),
        tuple(rows),
    )


@topic("steps", Bilingual("the whole timeline", "整条时间线"))
def steps(session: Session) -> Result:
    """The whole timeline."""
    rows = tuple(
        (
            "→" if node.number == session.position[0] else "",
            str(node.number),
            str(PHASE_NAMES[node.phase]),
            node.path,
            node.op.name if node.op else "",
            shape_of(node),
        )
        for node in session.trace.plan.steps
    )
    return Listing(
        Bilingual("{n} steps", "共 {n} 步", n=session.steps_total),
        (
            Bilingual("", ""),
            Bilingual("step", "步"),
            Bilingual("phase", "阶段"),
            Bilingual("path", "路径"),
            Bilingual("op", "运算"),
            Bilingual("shape", "形状"),
        ),
        rows,
    )


@topic("sessions", Bilingual("earlier sessions that `recover N` can take up", "可用 `recover N` 恢复的先前会话"))
def sessions(session: Session) -> Result:
    """What was cut off or left unsaved on this scenario, as `recover` counts them."""
    rows = tuple(
        (
            str(n),
            time.strftime("%Y-%m-%d %H:%M", time.localtime(left.written)),
            left.variant,
            str(Bilingual("left unsaved", "未保存就退出") if left.left else Bilingual("cut off", "中断")),
            str(len(changes)),
            "; ".join(changes[-2:])[-60:],
        )
        for n, left in enumerate(session.leftovers, 1)
        for changes in ([line for line in left.lines if is_change(line)],)
    )
    return Listing(
        Bilingual("{n} sessions to take up", "可恢复的会话：{n} 个", n=len(rows)),
        (
            Bilingual("number", "编号"),
            Bilingual("last written", "最后写入"),
            Bilingual("variant", "变体"),
            Bilingual("ended", "结束方式"),
            Bilingual("changes", "改动数"),
            Bilingual("the last", "最后几处"),
        ),
        rows,
        Bilingual("no earlier session can be taken up", "没有可恢复的会话"),
    )


@topic("journal", Bilingual("the changes of this variant, and those undone", "当前变体的改动，以及已撤销的"))
def journal(session: Session) -> Result:
    """The changes of this variant: those that hold, then those that were undone."""
    log = session.journal
    rows = [(str(k), line, "") for k, line in enumerate(log.changes, 1)]
    rows += [(str(k), line, "undone") for k, line in enumerate(log.undone, len(rows) + 1)]
    return Listing(
        Bilingual("changes of {variant}", "{variant} 的改动", variant=session.variant),
        (Bilingual("", ""), Bilingual("command", "命令"), Bilingual("state", "状态")),
        tuple(rows),
        Bilingual("nothing was changed", "没有任何改动"),
    )


@command(
    "look",
    "help [COMMAND|GROUP|FUNCTION|TERM]",
    aliases=("h",),
    completes=("command",),
    about=Bilingual(
        "The commands by name; `help all` and `help move` say what each of all, or of a group, does. One command in full, a "
        "function of expressions, or what a term means.",
        "按名称列出命令；`help all`、`help move` 说明全部或一组命令各做什么。也可详细说明一个命令或表达式函数，或解释一个术语。",
    ),
)
def _help(session: Session, rest: str) -> Result:
    groups = [
        name for name, title in GROUPS.items() if rest.lower() in (name, title.in_("en").lower(), title.in_("zh"))
    ]
    if rest and rest != "all" and not groups:
        return Help(_about(session, rest), full=True)
    wanted = groups or GROUPS
    entries = tuple(each.entry(session) for group, commands in in_groups() if group in wanted for each in commands)
    return Help(entries, brief=not rest)


def _about(session: Session, asked: str) -> tuple[HelpEntry, ...]:
    """The command, the function and the term of this name. Raises CommandError, with the nearest name, where there is
    none."""
    from tfstep.commands.glossary import terms
    from tfstep.expr import functions

    term, function = terms.find_term(asked), functions().get(asked.removesuffix("()"))
    meant = () if term is None else (terms.entry(term, session.trace.plan),)
    if function is not None:
        use = f"print {function.signature}"
        meant = (HelpEntry(function.name, "look", use, (), None, function.help), *meant)
    names = {name for each in all_commands().values() for name in (each.name, *each.aliases)}
    if meant and asked not in names:  # `token` is no short way to `tokens` here
        return meant
    try:
        return (find(asked).entry(session), *meant)
    except CommandError:
        known = [name for each in all_commands().values() for name in (each.name, *each.aliases, *functions())]
        if not (near := did_you_mean(asked, [*known, *terms.names()])).en:
            raise
        raise CommandError(
            Bilingual(
                "no command, function or term {asked!r}{near}",
                "没有命令、函数或术语 {asked!r}{near}",
                asked=asked[:40],
                near=near,
            )
        ) from None
