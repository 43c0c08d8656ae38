"""libspandsp 0.0.6 bound with cffi in ABI mode (docs/adr/0004-spandsp-abi-mode.md).

The declarations are those of ``t30.h``, ``t30_api.h``, ``t30_logging.h``, ``fax.h``, ``g711.h``, ``t38_core.h`` and
``t38_terminal.h``. Nothing checks them when the library is loaded: `layout.verified` does, and everything but that
check gets its `Spandsp` from there.
"""

from dataclasses import dataclass
from enum import IntEnum, IntFlag
from typing import Any

from cffi import FFI

from depesche.channels.fax.t30.errors import LibraryMissing

SONAME = "libspandsp.so.2"

MAX_PATH = 255
"""Bytes of a file name: spandsp cuts longer ones off in silence."""

STATS_INTS = 15
"""How many ints ``t30_stats_t`` has in 0.0.6."""

_DECLARATIONS = """
typedef struct t30_state_s t30_state_t;
typedef struct fax_state_s fax_state_t;

typedef struct
{
    int bit_rate;
    int error_correcting_mode;
    int pages_tx;
    int pages_rx;
    int pages_in_file;
    int x_resolution;
    int y_resolution;
    int width;
    int length;
    int image_size;
    int encoding;
    int bad_rows;
    int longest_bad_row_run;
    int error_correcting_mode_retries;
    int current_status;
    int spare[49];
} t30_stats_t;

typedef int t30_phase_b_handler_t(t30_state_t *, void *, int);
typedef int t30_phase_d_handler_t(t30_state_t *, void *, int);
typedef void t30_phase_e_handler_t(t30_state_t *, void *, int);
typedef void t30_real_time_frame_handler_t(t30_state_t *, void *, int, const uint8_t *, int);

int t30_set_tx_ident(t30_state_t *, const char *);
const char *t30_get_rx_ident(t30_state_t *);
int t30_set_tx_sub_address(t30_state_t *, const char *);
const char *t30_get_rx_sub_address(t30_state_t *);
int t30_set_supported_t30_features(t30_state_t *, int);
void t30_set_tx_file(t30_state_t *, const char *, int, int);
void t30_set_rx_file(t30_state_t *, const char *, int);
int t30_set_rx_encoding(t30_state_t *, int);
int t30_set_ecm_capability(t30_state_t *, int);
int t30_set_supported_modems(t30_state_t *, int);
int t30_set_supported_compressions(t30_state_t *, int);
int t30_set_supported_resolutions(t30_state_t *, int);
int t30_set_supported_image_sizes(t30_state_t *, int);
void t30_set_phase_b_handler(t30_state_t *, t30_phase_b_handler_t *, void *);
void t30_set_phase_d_handler(t30_state_t *, t30_phase_d_handler_t *, void *);
void t30_set_phase_e_handler(t30_state_t *, t30_phase_e_handler_t *, void *);
void t30_set_real_time_frame_handler(t30_state_t *, t30_real_time_frame_handler_t *, void *);
void t30_terminate(t30_state_t *);
void t30_get_transfer_statistics(t30_state_t *, t30_stats_t *);
const char *t30_frametype(uint8_t);
const char *t30_completion_code_to_str(int);

fax_state_t *fax_init(fax_state_t *, int);
int fax_free(fax_state_t *);
t30_state_t *fax_get_t30_state(fax_state_t *);
void fax_set_transmit_on_idle(fax_state_t *, int);
int fax_tx(fax_state_t *, int16_t *, int);
int fax_rx(fax_state_t *, int16_t *, int);
int fax_rx_fillin(fax_state_t *, int);

typedef struct g711_state_s g711_state_t;

g711_state_t *g711_init(g711_state_t *, int);
int g711_free(g711_state_t *);
int g711_encode(g711_state_t *, uint8_t *, const int16_t *, int);
int g711_decode(g711_state_t *, int16_t *, const uint8_t *, int);

typedef struct t38_core_state_s t38_core_state_t;
typedef struct t38_terminal_state_s t38_terminal_state_t;

typedef int t38_tx_packet_handler_t(t38_core_state_t *, void *, const uint8_t *, int, int);

t38_terminal_state_t *t38_terminal_init(t38_terminal_state_t *, int, t38_tx_packet_handler_t *, void *);
int t38_terminal_free(t38_terminal_state_t *);
t30_state_t *t38_terminal_get_t30_state(t38_terminal_state_t *);
t38_core_state_t *t38_terminal_get_t38_core_state(t38_terminal_state_t *);
int t38_terminal_send_timeout(t38_terminal_state_t *, int);
int t38_core_rx_ifp_packet(t38_core_state_t *, const uint8_t *, int, uint16_t);
void t38_set_t38_version(t38_core_state_t *, int);
void t38_set_data_rate_management_method(t38_core_state_t *, int);
void t38_set_fastest_image_data_rate(t38_core_state_t *, int);
int t38_get_fastest_image_data_rate(t38_core_state_t *);
"""


SUBADDRESSING = 0x10
"""``T30_SUPPORT_SUB_ADDRESSING``: whoever calls may name an extension (SUB, T.30 §5.3.6.1.3)."""


class Modem(IntFlag):
    """Modems for the image (``T30_SUPPORT_…``); the commands always go by V.21."""

    V27TER = 0x01
    V29 = 0x02
    V17 = 0x04
    ALL = V27TER | V29 | V17


class Coding(IntEnum):
    """How rows of pixels are coded (``T4_COMPRESSION_ITU_…``)."""

    NONE = 0
    MH = 1
    MR = 2
    MMR = 3


class Coded(IntFlag):
    """Codings that a station offers (``T30_SUPPORT_…_COMPRESSION``)."""

    MH = 0x02
    MR = 0x04
    MMR = 0x08
    ALL = MH | MR | MMR


RESOLUTIONS = 0x01 | 0x02 | 0x04 | 0x20000
"""204 dots an inch across; 98, 196 and 392 rows an inch."""

SIZES = 0x01 | 0x10000 | 0x20000 | 0x40000 | 0x80000 | 0x100000
"""215 mm wide; A4, B4, Letter, Legal and unlimited length."""


@dataclass(frozen=True, slots=True)
class Spandsp:
    """The loaded library."""

    ffi: FFI
    lib: Any
    """Its functions; each call gives the GIL away while it runs."""

    def text(self, pointer: Any) -> str:
        """A C string as the far end or the library gave it; empty for NULL."""
        found = self.ffi.string(pointer) if pointer else ""
        return found.decode("ascii", "replace") if isinstance(found, bytes) else found


def load() -> Spandsp:
    """Open the library.

    Raises: LibraryMissing.
    """
    ffi = FFI()
    ffi.cdef(_DECLARATIONS)
    try:
        lib = ffi.dlopen(SONAME)
    except OSError as error:
        raise LibraryMissing(
            f"{SONAME}, the fax engine, cannot be loaded ({error}). Install it: apt-get install libspandsp2 "
            "(Debian 12) or libspandsp2t64 (Debian 13, Ubuntu 24.04)."
        ) from error
    return Spandsp(ffi, lib)
