"""The ops: each written once as forward, VJP and formula, and unfolding into the primitives it is made of."""
