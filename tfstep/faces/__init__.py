"""The ways in: command line, line debugger, scripts and the screen."""
