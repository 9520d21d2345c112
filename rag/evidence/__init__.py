"""From hits to quotes: retrieval, candidate sentences, whether they suffice, their arrangement."""
