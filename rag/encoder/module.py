"""The encoder's folder as a sentence-transformers module: `modules.json` names this class.

`SentenceTransformer("rag/models/sanad-encoder")` gives the vectors of the door itself, those of
questions (`encode_query`) turned as there. Imported by that library alone.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Self

from sentence_transformers.models import Module

from rag.encoder.encoder import SanadEncoder


class SanadModule(Module):  # type: ignore[misc]  # the library has no types
    """Texts to unit vectors by `SanadEncoder`; nothing of it can be trained."""

    def __init__(self, folder: str) -> None:
        super().__init__()
        self._folder = folder
        self._encoder = SanadEncoder(Path(folder))

    def preprocess(self, inputs: list[str], prompt: str | None = None, **_: Any) -> dict[str, Any]:
        """The texts as they are, under their prompt."""
        asked = prompt == self._encoder.question_prompt
        return {"texts": [f"{prompt or ''}{text}" for text in inputs], "asked": asked}

    tokenize = preprocess

    def forward(self, features: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Adds `sentence_embedding` (texts, 384)."""
        import torch

        vectors = self._encoder.encode(features["texts"])
        if features["asked"]:
            vectors = self._encoder.towards_passages(vectors)
        return {**features, "sentence_embedding": torch.from_numpy(vectors)}

    def get_embedding_dimension(self) -> int:
        """Numbers of a vector."""
        return self._encoder.dim

    get_sentence_embedding_dimension = get_embedding_dimension

    def save(self, output_path: str, *args: Any, **kwargs: Any) -> None:
        """Copies the folder's files."""
        import shutil

        shutil.copytree(self._folder, output_path, dirs_exist_ok=True)

    @classmethod
    def load(cls, model_name_or_path: str, *args: Any, **kwargs: Any) -> Self:
        """The module of a folder."""
        return cls(model_name_or_path)
