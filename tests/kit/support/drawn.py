"""Examples of strategies, always the same ones, and the values inside a document."""

from hypothesis import HealthCheck, Phase, given, seed, settings


def values_in(value):
    yield value
    if isinstance(value, (dict, list)):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from values_in(inner)


def sample(strategy, examples):
    drawn = []

    @seed(20)
    @settings(
        max_examples=examples,
        database=None,
        phases=[Phase.generate],
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def draw(value):
        drawn.append(value)

    draw()
    return drawn
