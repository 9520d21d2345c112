"""The chat on pages of other sites: a loader script, a frame page, and their routes."""
