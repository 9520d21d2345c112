"""Question to reply: retrieval, evidence, composition and verification.

Knows no screen, no file format and no evaluation.
"""
