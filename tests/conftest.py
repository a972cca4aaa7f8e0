"""What the tests of every part share: pytester, a Ctrl-C that is felt, patience with examples."""

import signal

from hypothesis import HealthCheck, settings

# The machine may be busy: that an example took long to draw is no news.
settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")

pytest_plugins = ["pytester"]

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # Started in a shell's background: what the tests start must feel Ctrl-C all the same.
    signal.signal(signal.SIGINT, signal.default_int_handler)
