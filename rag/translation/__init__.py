"""Words and names across languages and scripts."""
