"""What a notebook shows: HTML that needs nothing beside it, in light and dark, and plain text where there is none."""
