"""Websites as living sources: what to ask for, how politely, and what the answers mean."""
