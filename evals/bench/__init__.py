"""Speed and memory beside a vanilla LangChain and Chroma pipeline, in the same run."""
