"""The ``tfstep`` command, also as ``python -m tfstep``."""

import atexit
import gc
import sys


def main() -> int:
    """Run the command line; the exit status is 0 when done, 1 when a check said no, 2 when the input is at fault."""
    gc.disable()  # what is loaded stays
    from tfstep.faces.cli.main import main as run
    from tfstep.faces.ending import catch

    gc.freeze()
    gc.enable()
    catch()
    atexit.register(gc.freeze)  # at the end nobody waits until all that was loaded is looked through once more
    return run()


if __name__ == "__main__":
    sys.exit(main())
