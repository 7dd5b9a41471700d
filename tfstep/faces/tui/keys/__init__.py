"""The keys: what each does, those of the user, what is told of them."""
