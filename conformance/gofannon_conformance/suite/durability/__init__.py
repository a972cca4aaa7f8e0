"""DUR: what other instances, new processes and restarted servers see."""
