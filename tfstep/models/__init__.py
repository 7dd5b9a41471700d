"""The models, reading like the equations of the papers, and the parameters they are built on."""
