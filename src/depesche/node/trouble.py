"""Why a node does not open."""


class FolderInUse(Exception):
    """Another Depesche works on this data folder."""


class BrokenOff(Exception):
    """In the data folder lies what a restore has not brought to its end."""


class NotWatched(Exception):
    """There is no listening where `[operations]` says."""
