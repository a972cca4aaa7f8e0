"""Services that return a text as another text, or as another type: DOC-1, DOC-3."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from gofannon_conformance.mutants.mutations import Change, each, of, reading

UUID = r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"
MOMENT = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?[+-]\d\d:\d\d"
GROUPED = r"-?\d{1,3}(,\d{3})+"
ORIGIN = r"https?://[^/?#\s]+"
ADDRESS = r"[^@\s]+@[^@\s]+\.\w+"


def every_text(change: Callable[[str], Any]) -> Change:
    return each(of(str, change))


def looking_like(pattern: str, change: Callable[[str], Any]) -> Change:
    return every_text(lambda t: change(t) if re.fullmatch(pattern, t) else t)


def in_utc(moment: str) -> str:
    return datetime.fromisoformat(moment).astimezone(UTC).isoformat()


TEXTS = reading(
    ("texts_cut_at_4000", "DOC-1", "A column of texts holds 4,000 characters.",
     every_text(lambda t: t[:4000])),
    ("doubled_percent_signs_are_one", "DOC-3", "Two percent signs come back as one.",
     every_text(lambda t: t.replace("%%", "%"))),
    ("doubled_quotes_are_one", "DOC-3", "Two single quotes come back as one.",
     every_text(lambda t: t.replace("''", "'"))),
    ("variables_in_text_expanded", "DOC-3", "$HOME in a text becomes the path of a directory.",
     every_text(lambda t: re.sub(r"\$(HOME\b|\{HOME\})", "/home/app", t))),
    ("uuids_lower_cased", "DOC-3", "A text that is a UUID is folded to lower case.",
     looking_like(UUID, str.lower)),
    ("grouped_digits_are_numbers", "DOC-3", "Digits grouped by commas come back as a number.",
     looking_like(GROUPED, lambda t: int(t.replace(",", "")))),
    ("moments_moved_to_utc", "DOC-3", "A timestamp with an offset comes back in UTC.",
     looking_like(MOMENT, in_utc)),
    ("origins_get_a_slash", "DOC-3", "A URL that ends with its host gets a slash.",
     looking_like(ORIGIN, lambda t: f"{t}/")),
    ("mail_addresses_lower_cased", "DOC-3", "A text that is an e-mail address loses its capitals.",
     looking_like(ADDRESS, str.lower)),
)  # fmt: skip
"""Services that change texts of a certain form."""
