"""The sources, one file each: nothing here but data."""
