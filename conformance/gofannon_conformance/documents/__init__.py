"""The suite's test data: documents, ids and collection names, as strategies and tables."""
