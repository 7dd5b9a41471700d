"""What a key, a click or a typed line asks of the screen."""
