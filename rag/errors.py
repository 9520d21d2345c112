"""The error tree.

    SanadError
    ├── ConfigurationError   a setting, argument or file the operator can correct   (exit 2)
    │   └── ModelMissingError    a model that the settings name does not load
    ├── CollectionError      the data folder holds no index, or none that opens     (exit 2)
    ├── LockedError          another process is writing to the data folder          (exit 75)
    ├── ShrinkError          a run would withdraw too much of the collection        (exit 2)
    ├── ReadError            one document could not be read; the run goes on        (ledger row)
    ├── EngineError          the machines of a run failed; what was committed stays (exit 2)
    ├── ServerError          the Chroma server does not do what is asked (exit 2)
    ├── EmbeddingError       the model returned something that is not a vector
    ├── ModelTrouble         a language model gave no usable text; quotes are shown instead
    └── IndexDamagedError    a generation on disk fails its checks

Each message says which thing, which value, and what to do.
"""

# What PyYAML and JSON raise beside their own errors: for a date that is none, `!!bool perhaps`,
# `!!int ""`, `!!timestamp x`, and for a thousand brackets.
NOT_READ = (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError)


class SanadError(Exception):
    """Anything Sanad reports in one sentence; everything else keeps its traceback."""


class ConfigurationError(SanadError):
    """A setting, an argument or an operator's file is wrong."""


class ModelMissingError(ConfigurationError):
    """A model is not on this machine, or does not load."""


class CollectionError(SanadError):
    """The data folder holds no usable index."""


class LockedError(SanadError):
    """Another process is writing to the data folder."""


class ShrinkError(SanadError):
    """The run would withdraw more of the collection than is allowed."""


class ReadError(SanadError):
    """One document could not be read. `args[0]` is a reason a person understands."""


class EngineError(SanadError):
    """What a run computes with has stopped; the same command goes on where it stood."""


class ServerError(SanadError):
    """The Chroma server does not answer, or not as it should; readers scan their own copy."""


class EmbeddingError(SanadError):
    """The embedding model returned the wrong shape, or numbers that are not finite."""


class IndexDamagedError(SanadError):
    """A generation on disk does not pass its checks."""
