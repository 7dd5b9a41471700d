"""The exam: fifty questions in two difficulties, drawn with numbers from a seed, and what wrong answers say."""
