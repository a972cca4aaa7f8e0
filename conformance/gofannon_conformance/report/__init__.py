"""One run's findings: the value `model.Report`, and its renderers, each a pure function of it."""
