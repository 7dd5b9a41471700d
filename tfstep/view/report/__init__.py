"""Reports: what the command line prints of a scenario, as text, JSON and other formats. They compute nothing."""
