"""The known mistakes, one entry each: where it applies, and what is computed then."""
