"""Text and its words: folding, stems, sentences, languages, countries, negation. Knows no index."""
