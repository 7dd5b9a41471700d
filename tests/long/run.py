"""Trying for as long as you like: ``python tests/long/run.py [WHAT…] [--seed N] [--count N | --seconds N]``.

WHAT is files (lines, expressions, and files of every kind, in this process), screen (random keys, sizes and signals in
a pseudo-terminal), faults (every point of a session's writing, failing in four ways), kills, or two (sessions at once).
Without a name all of them. The seed is printed, and what fails is written, made short, to `long-failures.txt`.
"""

from __future__ import annotations

import argparse
import sys
import warnings

from trying import Tally, run

WHAT = ("files", "faults", "kills", "two", "screen")


def main(arguments: list[str]) -> int:
    """Try; tells what came of it, and returns how many cases failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", nargs="*", help=f"any of {', '.join(WHAT)}, or one kind of file")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--count", type=int, help="cases of each kind")
    parser.add_argument("--seconds", type=float, help="in all")
    asked = parser.parse_args(arguments)
    if asked.count is None and asked.seconds is None:
        asked.seconds = 300.0
    if set(asked.what or WHAT) & {"faults", "kills", "two"}:
        import processes

        processes.preload(arguments)
    warnings.simplefilter("error")
    tally, wanted = Tally(), asked.what or list(WHAT)
    parts = [each for each in WHAT if each in wanted]
    own = [each for each in wanted if each not in WHAT]
    seconds = None if asked.seconds is None else asked.seconds / (len(parts) + bool(own))
    sys.stdout.write(f"seed {asked.seed}\n")
    if "files" in parts or own:
        import files

        every = files.kinds()
        found = [kind for kind in every if "files" in parts or kind.name in own]
        if unknown := set(own) - {kind.name for kind in every}:
            parser.error(
                f"{', '.join(sorted(unknown))}: known are {', '.join((*WHAT, *(kind.name for kind in every)))}"
            )
        run(found, asked.seed, asked.count, seconds, tally)
    if set(parts) & {"faults", "kills", "two"}:
        import processes

        for part in parts:
            if part in processes.TRIED:
                processes.TRIED[part](asked.seed, asked.count, seconds, tally)
    if "screen" in parts:
        import screen

        screen.run(asked.seed, asked.count, seconds, tally)
    sys.stdout.write(f"{tally.told()}\n")
    tally.keep()
    return len(tally.failures)


if __name__ == "__main__":
    sys.exit(1 if main(sys.argv[1:]) else 0)
