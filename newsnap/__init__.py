"""newsnap: dated, attributed snapshots of Chinese news, from the listing of a site to MongoDB and its readers."""

__version__ = "0.1.0"
