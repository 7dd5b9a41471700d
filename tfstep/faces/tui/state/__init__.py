"""Where one looks and what is open, as plain data; what an action is, and what it may ask of the screen."""
