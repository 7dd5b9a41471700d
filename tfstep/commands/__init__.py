"""The commands, each declared once with its words, its key and its completion; a command returns data."""
