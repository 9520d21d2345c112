"""Pages of the reading room beside the chat: what they share."""
