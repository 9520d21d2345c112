"""The library: every document of the collection with what was understood of it."""
