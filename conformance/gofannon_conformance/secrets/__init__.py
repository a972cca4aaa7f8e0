"""The watch for secrets in what a service raises, logs and shows."""
