"""newsnap's own scrapy commands, one file each."""
