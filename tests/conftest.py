"""What the tests of every part share: pytester, and a Ctrl-C that is felt."""

import signal

pytest_plugins = ["pytester"]

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # Started in a shell's background: what the tests start must feel Ctrl-C all the same.
    signal.signal(signal.SIGINT, signal.default_int_handler)
