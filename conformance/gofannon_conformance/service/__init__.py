"""A live service: opened, called, limited in time, opened again or in another process."""
