"""The reader: a document opened at a quote, as clean text and as pictures of its pages."""
