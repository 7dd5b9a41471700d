"""A model on disk as the scenario that it is opened as."""
