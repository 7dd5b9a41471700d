"""The debugger's language: the registry of commands, lines, scripts, the session that runs them, completion."""
