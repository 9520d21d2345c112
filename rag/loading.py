"""What the doors to sentence-transformers share: where a model runs, and one sentence when it does
not load.

Knows no text, no vector and no score.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal, TypeVar

from rag.errors import ConfigurationError, ModelMissingError

Device = Literal["auto", "cpu", "cuda", "mps"]
Backend = Literal["auto", "torch", "onnx"]
Loaded = TypeVar("Loaded")
ONNX_PACKAGES = ("optimum", "onnxruntime")
# Gemma's activations leave the range of float16 (card of google/embeddinggemma-300m: "use float32
# or bfloat16").
_NEEDS_FULL_PRECISION = ("gemma",)
_WEIGHTS = (".safetensors", ".bin", ".json", ".model")
_MIB = 1 << 20


def devices() -> frozenset[str]:
    """Devices that torch can use here."""
    import torch

    found = {"cpu"}
    if torch.cuda.is_available():
        found.add("cuda")
    if torch.backends.mps.is_available():
        found.add("mps")
    return frozenset(found)


def choose_device(wanted: str, available: Collection[str]) -> str:
    """The device to run on; auto takes a GPU where there is one.

    Raises ConfigurationError for a device that is not there.
    """
    if wanted == "auto":
        return next(name for name in ("cuda", "mps", "cpu") if name in available)
    if wanted not in available:
        raise ConfigurationError(
            f"SANAD_DEVICE is {wanted!r}, but torch finds only {', '.join(sorted(available))} "
            "here; set auto, or install a torch build for that device"
        )
    return wanted


def choose_backend(wanted: str, find: Callable[[str], object | None] = find_spec) -> str:
    """torch or onnx; auto is torch, whose vectors are the reference.

    Raises ConfigurationError where ONNX is wanted and a package for it is missing.
    """
    if wanted != "onnx":
        return "torch"
    missing = [name for name in ONNX_PACKAGES if find(name) is None]
    if missing:
        raise ConfigurationError(
            f"SANAD_EMBEDDING_BACKEND is 'onnx', but {' and '.join(missing)} cannot be imported; "
            "install optimum-onnx and onnxruntime in versions that fit transformers, or set torch"
        )
    return "onnx"


def arguments(device: str, backend: str, revision: str) -> dict[str, Any]:
    """Keyword arguments of a sentence-transformers model. No code of a repository is run."""
    given: dict[str, Any] = {
        "device": device, "backend": backend, "revision": revision or None,
        "trust_remote_code": False,
    }  # fmt: skip
    if backend == "onnx":  # its own choice may be a provider that computes elsewhere
        name = "CUDAExecutionProvider" if device == "cuda" else "CPUExecutionProvider"
        given["model_kwargs"] = {"provider": name}
    return given


def in_half(model: Any, device: str, backend: str) -> bool:
    """Whether a loaded model may compute in float16: twice as fast on a GPU, slower on a CPU."""
    if device != "cuda" or backend != "torch":
        return False
    kind = str(getattr(getattr(model, "config", None), "model_type", ""))
    return not kind.startswith(_NEEDS_FULL_PRECISION)


def load_model(
    load: Callable[[bool], Loaded], what: str, model: str, revision: str, remedy: str
) -> Loaded:
    """`load(local_only)` from this machine where the model is here, else from the hub.

    A model that was downloaded once is so neither asked for elsewhere nor replaced by a newer
    one. Raises ModelMissingError, one sentence.
    """
    folder = Path(model)
    if not folder.is_dir() and _is_path(model):
        raise ModelMissingError(f"{what} {model!r}: there is no such folder; {remedy}")
    try:
        if folder.is_dir():
            return load(True)
        if _downloaded(model, revision):
            with suppress(OSError):  # a download that was cut short
                return load(True)
        return load(False)
    # A broken model makes transformers raise anything, KeyError and SafetensorError included.
    except Exception as error:
        if isinstance(error, OSError) and not folder.is_dir():
            problem = f"is not on this machine and could not be downloaded (hf download {model})"
        else:
            reason = (str(error).strip() or type(error).__name__).splitlines()[0]
            problem = f"does not load: {reason}"
        raise ModelMissingError(f"{what} {model!r} {problem}; {remedy}") from error


def _downloaded(model: str, revision: str) -> bool:
    """Whether it is known here if the hub's repository has a modules.json. Where it is not, the
    model was not loaded as a whole, and would pass for one with the usual pooling."""
    from huggingface_hub import try_to_load_from_cache

    name = model if "/" in model else f"sentence-transformers/{model}"
    return try_to_load_from_cache(name, "modules.json", revision=revision or None) is not None


def _is_path(model: str) -> bool:
    """Whether a setting can only be meant as a folder: a hub name is NAME or OWNER/NAME."""
    return model.startswith((".", "/", "~")) or model.count("/") > 1 or "\\" in model


def folder_digest(folder: Path) -> str:
    """Short digest of a model folder: its small files, and of each big one the size and both
    ends, so that a model of gigabytes is told from a retrained one in milliseconds."""
    digest = hashlib.blake2b(digest_size=6)
    for path in sorted(folder.rglob("*")):
        if path.suffix in _WEIGHTS and path.is_file():
            size = path.stat().st_size
            digest.update(f"{path.relative_to(folder)} {size}\n".encode())
            with path.open("rb") as file:
                digest.update(file.read(_MIB))
                if size > _MIB:
                    file.seek(max(_MIB, size - _MIB))
                    digest.update(file.read(_MIB))
    return digest.hexdigest()
