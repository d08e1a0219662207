"""The mongod of the embedded server: its program, its files, its supervisor.  `newsnap.store.server` is the way in.

Apart from `newsnap.store`, so that the supervisor, a process that stays, loads no more than it needs.
"""
