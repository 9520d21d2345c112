"""A link to an answer, and its replay on the collection as it is now."""
