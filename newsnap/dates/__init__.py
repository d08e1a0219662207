"""Dates: reads when something was published out of what is printed, and judges between witnesses that disagree."""

from newsnap.dates.addresses import read_address
from newsnap.dates.moments import SHANGHAI, SLACK, Moment, Precision
from newsnap.dates.reading import read_moment, read_moments
from newsnap.dates.verdicts import Verdict, Witness, judge

__all__ = [
    "SHANGHAI",
    "SLACK",
    "Moment",
    "Precision",
    "Verdict",
    "Witness",
    "judge",
    "read_address",
    "read_moment",
    "read_moments",
]
