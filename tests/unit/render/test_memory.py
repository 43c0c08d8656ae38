"""Refusals of memory that nobody tells of."""

import ctypes

import pytest

from depesche.render.memory import enough

LIBC = ctypes.CDLL(None)
LIBC.malloc.argtypes = (ctypes.c_size_t,)
LIBC.malloc.restype = ctypes.c_void_p
LIBC.free.argtypes = (ctypes.c_void_p,)

MORE_THAN_THERE_IS = 1 << 60


def test_a_refusal_becomes_an_exception_even_if_others_succeed_after_it() -> None:
    def ask() -> None:
        with enough():
            assert LIBC.malloc(MORE_THAN_THERE_IS) is None
            LIBC.free(LIBC.malloc(1 << 26))

    with pytest.raises(MemoryError):
        ask()


def test_what_was_refused_before_does_not_count() -> None:
    assert LIBC.malloc(MORE_THAN_THERE_IS) is None
    with enough():
        LIBC.free(LIBC.malloc(1 << 26))


def test_other_exceptions_pass_through() -> None:
    with pytest.raises(KeyError), enough():
        raise KeyError
