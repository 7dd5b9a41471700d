"""What the parts of the figures' names are in Chinese; {} stands for a number. What is the name of something stays."""

from __future__ import annotations

WORDS = {
    # record
    "toy encoder": "玩具编码器",
    "large encoder": "大编码器",
    "{} tokens": "{} 个词元",
    "warm": "热",
    "cold": "首次",
    "bytes held": "占用字节",
    "bytes of the distinct tensors": "各不相同的张量的字节",
    "one weight of the last layer": "改最后一层的一个权重",
    "then the loss": "再读损失",
    "then all gradients": "再读全部梯度",
    "a trace": "一次记录",
    "retained": "retained",
    "plain": "plain",
    "products": "products",
    "less": "less",
    "memory of the process at its peak": "进程的内存峰值",
    # train
    "{} updates": "{} 次更新",
    "{} variants": "{} 个变体",
    "tfstep check": "tfstep check",
    "everything kept": "全部保留",
    "nothing": "什么也不保留",
    # commands
    "processor's time": "处理器时间",
    "the other checkout": "另一份检出",
    "{} words": "{} 个词",
    "{} layers × {}": "{} 层 × {}",
    "with its cache": "有缓存",
    "{} + {} layers": "{} + {} 层",
    "built": "生成计划",
    "without": "无缓存",
    # open
    "time": "时间",
    "memory": "内存",
    "the screen's first frame": "屏幕界面的第一屏",
    "tfstep steps": "tfstep steps",
    "drawn weights": "随机生成的权重",
    # screen
    "{} wide": "宽 {}",
    "last of {} layers": "{} 层中的最后一层",
    "stepping": "单步",
    "cursor": "移动光标",
    "nudging": "微调",
    "scrolling": "滚动",
    "from a key to the painted frame": "从按键到画完",
    "to the frame that lacks nothing": "到画面上什么都不缺",
    "the same": "同上",
    "{}th percentile": "第 {} 百分位",
    "start to the first frame": "启动到第一屏",
    "Static in place of each": "各处换成 Static",
    "and NumPy": "加上 NumPy",
    "the same widgets": "同样的部件",
    "empty": "不含内容",
    # grow
    **{
        f"{action}, {axis} {{}}": f"{said}，{along} {{}}"
        for action, said in {
            "plan": "生成计划",
            "trace": "一次记录",
            "edit": "一次改动",
            "explanation": "一次解释",
            "frame": "一屏",
            "save": "保存",
            "diff": "比较",
            "memory": "内存",
        }.items()
        for axis, along in {"tokens": "词元", "width": "宽", "layers": "层数", "batch": "批大小"}.items()
    },
    "measured": "实测",
    "counted": "计数",
    # diagnose
    "{} layers": "{} 层",
    "{} arrays": "{} 个数组",
    "right": "无误",
    "wrong in layer {}": "第 {} 层有误",
    "one trace": "一次记录",
    "diagnosis": "诊断",
    "diagnosis beside one trace": "诊断与一次记录之比",
    "the same of the processor's time": "同上，按处理器时间",
    # class
    "{} visitors": "{} 位来访者",
    "{} s": "{} 秒",
    "sessions lost": "掉线的会话",
    "sessions that showed another's number": "显示了别人数字的会话",
    "from a line typed to its answer": "从输入一行到得到回答",
    "memory of all": "全部内存",
    "memory of the server": "服务器内存",
    "memory of a session": "一个会话的内存",
}
