"""Scenario files as text: reading YAML with positions, variants, writing them anew."""
