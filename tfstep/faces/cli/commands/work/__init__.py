"""Commands that run something: the screen, the line debugger, training, generating."""
