"""The table against the signatures of the document (Rev. 2.55)."""

import pytest

from depesche.fronts.soap.operations import BY_NAME, OPERATIONS

LOGIN = "string Account, string Password"

SEND_JOB_INS = (
    f"{LOGIN}, int JobType, string Recipient, base64Binary RecipientFile, string SendText, string SendFilename1, "
    "base64Binary SendFile1, string SendFilename2, base64Binary SendFile2, string SendFilename3, "
    "base64Binary SendFile3, dateTime SendDateTime, string Options"
)
REQUEST_RECEIVED_OUTS = (
    "long FaxId, string CalledNumber, dateTime ReceiveDate, string Originator, string RemoteId, int Pages, "
    "base64Binary FaxImage"
)
JOB_STATUS_OUTS = "string SendResult, dateTime SendDateTime, string RemoteId, base64Binary StatusFile"

SIGNATURES = [
    ("SendJob", SEND_JOB_INS, "int JobId, int RecipientsCount, int PageCount"),
    ("JobStatus", f"{LOGIN}, int JobId", JOB_STATUS_OUTS),
    ("CancelJob", f"{LOGIN}, int JobId", ""),
    ("RequestReceived", LOGIN, REQUEST_RECEIVED_OUTS),
    ("DeleteReceived", f"{LOGIN}, long FaxId", ""),
]


@pytest.mark.parametrize(("name", "ins", "outs"), SIGNATURES)
def test_operations_are_those_of_the_document(name: str, ins: str, outs: str) -> None:
    operation = BY_NAME[name.lower()]
    assert operation.name == name
    assert ", ".join(f"{parameter.type.value} {parameter.name}" for parameter in operation.ins) == ins
    assert ", ".join(f"{parameter.type.value} {parameter.name}" for parameter in operation.outs) == outs


def test_operations_stand_in_the_order_of_the_document() -> None:
    assert [operation.name for operation in OPERATIONS] == [name for name, _, _ in SIGNATURES]
    assert [operation.index for operation in OPERATIONS] == [0, 1, 2, 3, 4]


def test_no_two_parameters_of_an_operation_differ_by_case_alone() -> None:
    for operation in OPERATIONS:
        assert len(operation.by_name) == len(operation.ins)
