"""The door to onnxruntime and tokenizers: one encoder, read once per text, and the reader."""
