"""The screen in a browser: every visitor has a session of his own, in a process of its own."""
