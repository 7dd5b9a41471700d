"""The numbers that parameters start from: drawn, read from files, set by hand."""
