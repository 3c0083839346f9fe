"""The dialects: other products' documented APIs, each a Surface of its own over the same verbs."""
