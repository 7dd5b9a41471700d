"""The keys of `model:`, each declared once, and the kinds of model that have them."""
