"""What is done beside the keys: commands that take a while, and what is loaded while nobody types."""
