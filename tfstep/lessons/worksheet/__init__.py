"""Worksheets: exercises with blanks out of any scenario, and the key with its working."""
