"""The number under the cursor: why it is what it is, where it goes, what an edit did."""
