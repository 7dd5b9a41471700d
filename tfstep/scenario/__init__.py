"""Scenario files: schema, loader with a position for every mistake, vocabulary, variants and writer."""
