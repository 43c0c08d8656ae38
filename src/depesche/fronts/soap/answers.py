"""From a call to the use case behind it, and back to what the operation returns."""

from collections.abc import Awaitable, Callable

from depesche.fronts.soap.codec.encoder import Answer
from depesche.fronts.soap.intake import Request
from depesche.fronts.soap.operations import CANCEL_JOB, DELETE_RECEIVED, JOB_STATUS, REQUEST_RECEIVED, SEND_JOB
from depesche.model.codes import SendJobCode
from depesche.usecases.cancel import cancel
from depesche.usecases.house import House
from depesche.usecases.inbox import delete_received, request_received
from depesche.usecases.status import status
from depesche.usecases.submit import Submission, Upload, submit


async def perform(house: House, request: Request) -> Answer:
    """Do what the call asks for; takes over its files."""
    return await _PERFORMERS[request.call.operation.name](house, request)


def send_job_failed(code: SendJobCode) -> Answer:
    """SendJob has codes for failures of ours; the other operations answer them with a Fault."""
    return Answer(code, (0, 0, 0))


async def _send_job(house: House, request: Request) -> Answer:
    call, files = request.call, request.files
    submission = Submission(
        job_type=call.numbers.get("JobType", 0),
        recipient=call.texts.get("Recipient", ""),
        recipient_file=files.get("RecipientFile"),
        text=call.texts.get("SendText", ""),
        uploads=(_upload(request, 1), _upload(request, 2), _upload(request, 3)),
        send_at=call.moments.get("SendDateTime"),
        options=call.texts.get("Options", ""),
        files_lost=request.files_lost,
    )
    answer = await submit(house, request.login, submission)
    return Answer(answer.code, (answer.job_id, answer.recipients, answer.pages))


def _upload(request: Request, number: int) -> Upload:
    return Upload(request.call.texts.get(f"SendFilename{number}", ""), request.files.get(f"SendFile{number}"))


async def _job_status(house: House, request: Request) -> Answer:
    answer = await status(house, request.login, request.call.numbers.get("JobId", 0))
    return Answer(answer.code, (answer.result, answer.sent_at, answer.remote_id, answer.status_file))


async def _cancel_job(house: House, request: Request) -> Answer:
    return Answer(await cancel(house, request.login, request.call.numbers.get("JobId", 0)))


async def _request_received(house: House, request: Request) -> Answer:
    answer = await request_received(house, request.login)
    return Answer(
        answer.code,
        (
            answer.fax_id,
            answer.called_number,
            answer.received_at,
            answer.originator,
            answer.remote_id,
            answer.pages,
            answer.image,
        ),
    )


async def _delete_received(house: House, request: Request) -> Answer:
    return Answer(await delete_received(house, request.login, request.call.numbers.get("FaxId", 0)))


_PERFORMERS: dict[str, Callable[[House, Request], Awaitable[Answer]]] = {
    SEND_JOB.name: _send_job,
    JOB_STATUS.name: _job_status,
    CANCEL_JOB.name: _cancel_job,
    REQUEST_RECEIVED.name: _request_received,
    DELETE_RECEIVED.name: _delete_received,
}
