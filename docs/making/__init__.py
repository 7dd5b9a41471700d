"""How the pages of docs/ are made: what is generated from the program, and the output filled in behind its commands."""
