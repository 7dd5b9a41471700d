"""The ``tfstep`` command, also as ``python -m tfstep``."""

import sys


def main() -> int:
    """Run the command line; the exit status is 0 when done, 1 when a check said no, 2 when the input is at fault."""
    from tfstep.faces.cli.main import main as run
    from tfstep.faces.ending import catch

    catch()
    return run()


if __name__ == "__main__":
    sys.exit(main())
