"""In a browser: a page of its own that holds a recorded run, and the screen served to visitors."""
