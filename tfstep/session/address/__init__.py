"""What a name, a cell or a pattern means where we are."""
