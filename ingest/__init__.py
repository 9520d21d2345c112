"""Files and pages to catalog to index generation. Knows no question and no screen."""
