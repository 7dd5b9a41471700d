"""The tables, one file a family or a close kin of families."""
