"""The pytest plugin. `entry` is all that an unused run loads."""
