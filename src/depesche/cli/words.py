"""What the codes of the interface mean: as in its tables (`depesche codes`), in one sentence."""

from depesche.model.contract import situations


def refusal(code: int) -> str:
    """A code of SendJob, with its name and every situation that yields it."""
    found = situations("SendJob", code)
    return f"code {code} {found[0].name}, {meaning('SendJob', code)}" if found else f"code {code}"


def order_refusal(code: int, job_id: int) -> str:
    """Why SendJob said no; `job_id` is the job that a double is a double of, else 0."""
    return f"the order was refused: {refusal(code)}" + (f" (job {job_id})" if job_id else "")


def meaning(operation: str, code: int) -> str:
    """The situation that yields this code of the operation; of several, all."""
    found = situations(operation, code)
    if not found:
        return f"the server answers with code {code}"
    return "; or ".join(situation.english for situation in found)
