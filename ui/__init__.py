"""Faces: the command line and the Gradio chat. Nothing imports this package."""
