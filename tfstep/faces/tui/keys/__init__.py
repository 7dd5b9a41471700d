"""The keys in force: as Textual wants them, as the user wants them."""
