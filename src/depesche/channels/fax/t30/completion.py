"""How a T.30 call ended: spandsp's completion codes, and whose fault each is."""

from dataclasses import dataclass
from enum import Enum


class Fault(Enum):
    """Where a call failed."""

    NONE = "it did not fail"
    NO_TONES = "whoever answered sent no fax signals"
    NEGOTIATION = "identification, capabilities or training; also ends that may come at any time"
    RESOLUTION = "the far machine takes no pages whose rows are so close"
    PAGE = "a page was on the line"
    DOCUMENT = "our own file"


@dataclass(frozen=True, slots=True)
class Completion:
    """One row of the enumeration ``T30_ERR_…`` in spandsp 0.0.6's ``t30.h``."""

    code: int
    name: str
    """Without ``T30_ERR_``."""

    fault: Fault
    """As the sender sees it, if no page is on the line yet."""

    phrase: str
    """The library's own words: the ones people search for."""


def completion(code: int) -> Completion:
    """The row of `code`; a code that 0.0.6 does not have counts as a failed negotiation."""
    if 0 <= code < len(COMPLETIONS):
        return COMPLETIONS[code]
    return Completion(code, "UNKNOWN", Fault.NEGOTIATION, f"Completion code {code}")


COMPLETIONS = (
    Completion(0, "OK", Fault.NONE, "OK"),
    Completion(1, "CEDTONE", Fault.NEGOTIATION, "The CED tone exceeded 5s"),
    Completion(2, "T0_EXPIRED", Fault.NO_TONES, "Timed out waiting for initial communication"),
    Completion(3, "T1_EXPIRED", Fault.NEGOTIATION, "Timed out waiting for the first message"),
    Completion(4, "T3_EXPIRED", Fault.NEGOTIATION, "Timed out waiting for procedural interrupt"),
    Completion(5, "HDLC_CARRIER", Fault.NEGOTIATION, "The HDLC carrier did not stop in a timely manner"),
    Completion(6, "CANNOT_TRAIN", Fault.NEGOTIATION, "Failed to train with any of the compatible modems"),
    Completion(7, "OPER_INT_FAIL", Fault.NEGOTIATION, "Operator intervention failed"),
    Completion(8, "INCOMPATIBLE", Fault.NEGOTIATION, "Far end is not compatible"),
    Completion(9, "RX_INCAPABLE", Fault.NEGOTIATION, "Far end is not able to receive"),
    Completion(10, "TX_INCAPABLE", Fault.NEGOTIATION, "Far end is not able to transmit"),
    Completion(11, "NORESSUPPORT", Fault.RESOLUTION, "Far end cannot receive at the resolution of the image"),
    Completion(12, "NOSIZESUPPORT", Fault.NEGOTIATION, "Far end cannot receive at the size of image"),
    Completion(13, "UNEXPECTED", Fault.NEGOTIATION, "Unexpected message received"),
    Completion(14, "TX_BADDCS", Fault.NEGOTIATION, "Received bad response to DCS or training"),
    Completion(15, "TX_BADPG", Fault.PAGE, "Received a DCN from remote after sending a page"),
    Completion(16, "TX_ECMPHD", Fault.PAGE, "Invalid ECM response received from receiver"),
    Completion(17, "TX_GOTDCN", Fault.NEGOTIATION, "Received a DCN while waiting for a DIS"),
    Completion(18, "TX_INVALRSP", Fault.PAGE, "Invalid response after sending a page"),
    Completion(19, "TX_NODIS", Fault.NEGOTIATION, "Received other than DIS while waiting for DIS"),
    Completion(20, "TX_PHBDEAD", Fault.NEGOTIATION, "Received no response to DCS or TCF"),
    Completion(21, "TX_PHDDEAD", Fault.PAGE, "No response after sending a page"),
    Completion(22, "TX_T5EXP", Fault.PAGE, "Timed out waiting for receiver ready (ECM mode)"),
    Completion(23, "RX_ECMPHD", Fault.PAGE, "Invalid ECM response received from transmitter"),
    Completion(24, "RX_GOTDCS", Fault.NEGOTIATION, "DCS received while waiting for DTC"),
    Completion(25, "RX_INVALCMD", Fault.PAGE, "Unexpected command after page received"),
    Completion(26, "RX_NOCARRIER", Fault.PAGE, "Carrier lost during fax receive"),
    Completion(27, "RX_NOEOL", Fault.PAGE, "Timed out while waiting for EOL (end Of line)"),
    Completion(28, "RX_NOFAX", Fault.PAGE, "Timed out while waiting for first line"),
    Completion(29, "RX_T2EXPDCN", Fault.PAGE, "Timer T2 expired while waiting for DCN"),
    Completion(30, "RX_T2EXPD", Fault.PAGE, "Timer T2 expired while waiting for phase D"),
    Completion(31, "RX_T2EXPFAX", Fault.PAGE, "Timer T2 expired while waiting for fax page"),
    Completion(32, "RX_T2EXPMPS", Fault.PAGE, "Timer T2 expired while waiting for next fax page"),
    Completion(33, "RX_T2EXPRR", Fault.PAGE, "Timer T2 expired while waiting for RR command"),
    Completion(34, "RX_T2EXP", Fault.NEGOTIATION, "Timer T2 expired while waiting for NSS, DCS or MCF"),
    Completion(35, "RX_DCNWHY", Fault.NEGOTIATION, "Unexpected DCN while waiting for DCS or DIS"),
    Completion(36, "RX_DCNDATA", Fault.PAGE, "Unexpected DCN while waiting for image data"),
    Completion(37, "RX_DCNFAX", Fault.PAGE, "Unexpected DCN while waiting for EOM, EOP or MPS"),
    Completion(38, "RX_DCNPHD", Fault.PAGE, "Unexpected DCN after EOM or MPS sequence"),
    Completion(39, "RX_DCNRRD", Fault.PAGE, "Unexpected DCN after RR/RNR sequence"),
    Completion(40, "RX_DCNNORTN", Fault.PAGE, "Unexpected DCN after requested retransmission"),
    Completion(41, "FILEERROR", Fault.DOCUMENT, "TIFF/F file cannot be opened"),
    Completion(42, "NOPAGE", Fault.DOCUMENT, "TIFF/F page not found"),
    Completion(43, "BADTIFF", Fault.DOCUMENT, "TIFF/F format is not compatible"),
    Completion(44, "BADPAGE", Fault.DOCUMENT, "TIFF/F page number tag missing"),
    Completion(45, "BADTAG", Fault.DOCUMENT, "Incorrect values for TIFF/F tags"),
    Completion(46, "BADTIFFHDR", Fault.DOCUMENT, "Bad TIFF/F header - incorrect values in fields"),
    Completion(47, "NOMEM", Fault.DOCUMENT, "Cannot allocate memory for more pages"),
    Completion(48, "RETRYDCN", Fault.NEGOTIATION, "Disconnected after permitted retries"),
    Completion(49, "CALLDROPPED", Fault.NEGOTIATION, "The call dropped prematurely"),
    Completion(50, "NOPOLL", Fault.NEGOTIATION, "Poll not accepted"),
    Completion(51, "IDENT_UNACCEPTABLE", Fault.NEGOTIATION, "Ident not accepted"),
    Completion(52, "SUB_UNACCEPTABLE", Fault.NEGOTIATION, "Sub-address not accepted"),
    Completion(53, "SEP_UNACCEPTABLE", Fault.NEGOTIATION, "Selective polling address not accepted"),
    Completion(54, "PSA_UNACCEPTABLE", Fault.NEGOTIATION, "Polled sub-address not accepted"),
    Completion(55, "SID_UNACCEPTABLE", Fault.NEGOTIATION, "Sender identification not accepted"),
    Completion(56, "PWD_UNACCEPTABLE", Fault.NEGOTIATION, "Password not accepted"),
    Completion(57, "TSA_UNACCEPTABLE", Fault.NEGOTIATION, "Transmitting subscriber internet address not accepted"),
    Completion(58, "IRA_UNACCEPTABLE", Fault.NEGOTIATION, "Internet routing address not accepted"),
    Completion(59, "CIA_UNACCEPTABLE", Fault.NEGOTIATION, "Calling subscriber internet address not accepted"),
    Completion(60, "ISP_UNACCEPTABLE", Fault.NEGOTIATION, "Internet selective polling address not accepted"),
    Completion(61, "CSA_UNACCEPTABLE", Fault.NEGOTIATION, "Called subscriber internet address not accepted"),
)
