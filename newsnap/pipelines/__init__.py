"""The steps of an article, one file each; settings.py gives their order."""
