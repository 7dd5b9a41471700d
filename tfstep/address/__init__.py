"""The one grammar of addresses, for every face: the command line, the debugger, Python, scripts, lessons, the screen.

    [VARIANT:] PATH [INDEX, …] [.grad | .new | /INNER]

A path may be that of another library, or so much of its end as is unmistakable; an index is a number, a word of its
axis (``爱``, ``'他#2'``), the label that the screen gives it (``d0``), a slice or ``...``. What is asked for is found by
`tfstep.engine.trace.locate`.
"""
