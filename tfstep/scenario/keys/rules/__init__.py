"""What the keys of a file must agree on, and what each needs to act on."""
