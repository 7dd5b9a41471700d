"""The words of the field and of the debugger."""
