"""Scenario files: schema, loader with a position for every mistake, vocabulary, variants and weights.

The way in is `scenario.load`; `program` compiles what it gives.
"""
