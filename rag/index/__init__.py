"""A generation of the index on disk: postings, spellings, vectors, stored text."""
