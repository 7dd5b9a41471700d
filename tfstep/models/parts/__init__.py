"""What the models are made of: the block and its sublayers, experts, the embedding, the tables of positions."""
