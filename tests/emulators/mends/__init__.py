"""Mends of moto: gaps between moto and AWS that every correct client would trip over.

Each mend says which behaviour of AWS it restores. A mend is a last resort: what moto loses and nothing here
restores is a row in the table of holes (`tests/suite/holes.rs`).
"""

from mends import identity


def apply() -> None:
    for area in (identity,):
        area.apply()
