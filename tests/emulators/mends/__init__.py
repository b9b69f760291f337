"""Mends of moto: gaps between moto and AWS that every correct client would trip over.

Each mend says which behaviour of AWS it restores. What moto loses and nothing here restores is a row in the
table of holes (`tests/suite/holes.rs`).
"""

from mends import autoscaling, ec2, elb, identity, s3, sqs, tagging


def apply() -> None:
    for area in (identity, ec2, autoscaling, elb, s3, sqs, tagging):
        area.apply()
