"""The two ways in which moving ends early: it could not begin as asked, or it could not go on."""


class NotAsAskedError(Exception):
    """What was asked for cannot be done, and nothing was moved; the message says what to change."""


class StoppedError(Exception):
    """Something outside broke in the middle: a store that went away, a disk that is full.

    What was moved so far stays moved, and the same call goes on from there.
    """
