"""The office: what the knowledge officer does to the collection, behind a password."""
