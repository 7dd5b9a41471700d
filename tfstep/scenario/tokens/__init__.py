"""Vocabularies of tokenizers: their pieces, what they are made of, and text cut into them."""
