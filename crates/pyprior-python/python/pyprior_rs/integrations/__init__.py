"""The engine behind other people's loops: ``transformers`` (Hugging Face) and ``vllm``. Import the one that is wanted; each
needs the package that it is named after, and torch."""
