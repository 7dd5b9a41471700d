"""The command line: data to standard output, everything else to standard error."""
