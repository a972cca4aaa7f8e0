"""Systematic races: threads run one at a time, and switch inside the backend's own code.

```
code = own_code(service)
for trial in range(trials):
    service.save(collection, "d", {})
    style = STYLES[trial % len(STYLES)].over(steps)     # `raced.steps` of an earlier race
    raced = race([delete] * 3, code=code, seed=seed + trial, style=style)
    if [ended.error for ended in raced.results].count(None) != 1:
        print(raced)                                    # the schedule that shows the error
```

`race` takes threads; for an async service, `asyncio.gather` of `jittered` coroutines does the same.
"""

from __future__ import annotations

from gofannon_conformance.schedules.jitter import jittered
from gofannon_conformance.schedules.outcome import Ended, Raced
from gofannon_conformance.schedules.own_code import OwnCode, own_code
from gofannon_conformance.schedules.race import race
from gofannon_conformance.schedules.styles import STYLES, Style

__all__ = ["STYLES", "Ended", "OwnCode", "Raced", "Style", "jittered", "own_code", "race"]
