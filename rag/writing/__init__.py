"""An answer written by a language model: prompt, markers, providers, deadlines."""
