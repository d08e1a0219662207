"""Watching: every source is crawled at its own pace, each time by a process of its own."""
