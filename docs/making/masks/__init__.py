"""The masks of the libraries: what each was asked, what it answered, and the page that tells it."""
