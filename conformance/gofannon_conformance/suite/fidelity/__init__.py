"""DOC: documents come back as they were saved."""
