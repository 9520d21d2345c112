"""Gradio's own parts in the colours and type of answer.css, which defines them."""

from __future__ import annotations

import gradio as gr


def theme() -> gr.themes.Base:
    """The theme of every chat page."""
    page_, paper, ink, muted, rule, accent, on_accent = (
        f"var(--sanad-{name})"
        for name in ("page", "paper", "ink", "muted", "rule", "accent", "on-accent")
    )
    both = {
        "body_background_fill": page_,
        "body_text_color": ink,
        "body_text_color_subdued": muted,
        "background_fill_primary": paper,
        "background_fill_secondary": page_,
        "block_background_fill": page_,
        "block_border_color": rule,
        "block_label_text_color": muted,
        "block_title_text_color": muted,
        "border_color_primary": rule,
        "border_color_accent": accent,
        "color_accent_soft": rule,
        "input_background_fill": paper,
        "input_background_fill_focus": paper,
        "input_border_color": rule,
        "input_border_color_focus": accent,
        "input_placeholder_color": muted,
        "button_primary_background_fill": accent,
        "button_primary_background_fill_hover": accent,
        "button_primary_text_color": on_accent,
        "button_primary_text_color_hover": on_accent,
        "button_secondary_background_fill": page_,
        "button_secondary_background_fill_hover": paper,
        "button_secondary_text_color": ink,
        "button_secondary_text_color_hover": ink,
        "button_secondary_border_color": rule,
        "button_secondary_border_color_hover": accent,
    }
    made = gr.themes.Base(font=["var(--sanad-sans)"], font_mono=["ui-monospace", "monospace"])
    dark = {f"{name}_dark": value for name, value in both.items()}
    return made.set(
        **both, **dark, block_shadow="none", block_border_width="0px", input_shadow="none",
        input_shadow_focus="none", color_accent=accent,
    )  # fmt: skip
