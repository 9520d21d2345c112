"""Whether the passages that a written sentence cites say what it says."""
