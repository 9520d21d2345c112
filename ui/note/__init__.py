"""The briefing note: kept answers as a page, a Word file, a PDF or Markdown with footnotes."""
