"""The closed expression language: arithmetic over paths, bounded before anything is computed."""
