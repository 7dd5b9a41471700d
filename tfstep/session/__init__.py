"""One debugging session: the cursor on the timeline, breakpoints, the journal of edits, training history."""
