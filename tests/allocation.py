"""What this process has taken from malloc."""

import ctypes
import gc


class Mallinfo2(ctypes.Structure):
    """``struct mallinfo2`` of glibc: what is allocated, however much the process holds in reserve."""

    _fields_ = tuple(
        (name, ctypes.c_size_t)
        for name in (
            "arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks", "uordblks", "fordblks", "keepcost",
        )
    )  # fmt: skip


def allocated() -> int:
    """Bytes that malloc has given away."""
    gc.collect()
    ask = ctypes.CDLL(None).mallinfo2
    ask.restype = Mallinfo2
    told = ask()
    return int(told.uordblks + told.hblkhd)
