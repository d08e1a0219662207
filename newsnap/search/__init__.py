"""Search and related articles, within MongoDB: words in, articles out, best first.

An `Indexer` keeps the index up to date, a `Search` reads it; all that knows MongoDB is in newsnap.store.terms.
"""

from newsnap.search.finding import Hit, Results, Search
from newsnap.search.indexer import Indexer, Progress
from newsnap.search.passages import Marker, Pieces
from newsnap.search.query import QueryTooCostly
from newsnap.search.related import Related

__all__ = ["Hit", "Indexer", "Marker", "Pieces", "Progress", "QueryTooCostly", "Related", "Results", "Search"]
