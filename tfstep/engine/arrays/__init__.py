"""Arrays as the engine handles them: read late, made to fit an edit; and the error function, which NumPy lacks."""
