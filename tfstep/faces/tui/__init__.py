"""The screen: one widget a file, each drawing the Frame it is handed and computing nothing."""
