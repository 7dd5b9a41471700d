"""Print the table of reference cases and their worst error: ``python tests/reference/table.py [GROUP…]``."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import parity_pack
from parity_compare import compare, compare_training
from parity_difference import worst
from parity_op_compare import compare_op

from tfstep.errors import TfstepError

GROUPS = ("encoder", "extended", "decoder", "encoder-decoder", "attention", "mlp", "training", "updates", "ops")


def main(groups: list[str]) -> int:
    """One line a case; 1 if one is out of bounds."""
    failed = 0
    print(f"{'case':60} {'arrays':>6} {'max|Δ|':>9} {'of bound':>9}  worst tensor")
    for group in groups or GROUPS:
        for case in parity_pack.load(group):
            try:
                with tempfile.TemporaryDirectory() as folder:
                    trained = [] if group == "ops" else compare_training(case, Path(folder))
                differences = compare_op(case) if group == "ops" else compare(case) + trained
            except (TfstepError, subprocess.CalledProcessError) as error:
                failed += 1
                print(f"{group + '/' + case.name:60} {error}")
                continue
            one = worst(differences)
            failed += not one.excess <= 1
            print(f"{group + '/' + case.name:60} {len(differences):6} {one.error:9.1e} {one.excess:9.1e}  {one.key}")
    print(f"{failed} out of bounds" if failed else "all within bounds")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
