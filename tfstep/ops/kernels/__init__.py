"""The numbers of ops whose bodies are slow on arrays, in raw NumPy: fewer calls, in place, block by block."""
