"""What operations and parameters mean, in German and English, for the page."""

from depesche.fronts.soap.operations import Operation, Parameter

OPERATION_WORDS = {
    "SendJob": (
        "Einen Auftrag einrichten: Fax, SMS, E-Mail, Brief oder signierte Rechnung.",
        "Place an order: fax, SMS, e-mail, letter or signed invoice.",
    ),
    "JobStatus": ("Fragen, was aus einem Auftrag geworden ist.", "Ask what became of an order."),
    "CancelJob": ("Anhalten, was noch nicht gesendet ist.", "Stop what has not been sent yet."),
    "RequestReceived": ("Das älteste empfangene Fax abholen.", "Fetch the oldest fax received."),
    "DeleteReceived": ("Ein abgeholtes Fax löschen.", "Delete a fax that was fetched."),
}

_FILENAME = ("Name mit Endung; sie bestimmt das Format", "name with extension, which tells the format")
_FILE = ("Inhalt des Dokuments", "content of the document")

_PARAMETER_WORDS = {
    "return": ("Rückgabewert; 0 = in Ordnung", "return code; 0 = all is well"),
    "Account": ("Kundennummer", "customer number"),
    "Password": ("Passwort", "password"),
    "JobType": (
        "0 Fax, 1 SMS, 2 E-Mail, 3 Brief s/w, 4 Brief farbig, 8 QSign",
        "0 fax, 1 SMS, 2 e-mail, 3 letter b/w, 4 letter in colour, 8 QSign",
    ),
    "Recipient": (
        "Rufnummer oder E-Mail-Adresse, danach wahlweise [Referenz]",
        "number or e-mail address, followed by [reference] if you like",
    ),
    "RecipientFile": (
        "CSV für viele Empfänger: Adresse, Referenz",
        "CSV for many recipients: address, reference",
    ),
    "SendText": ("Text der Nachricht", "text of the message"),
    **{f"SendFilename{number}": _FILENAME for number in (1, 2, 3)},
    **{f"SendFile{number}": _FILE for number in (1, 2, 3)},
    "SendDateTime": (
        "Geplanter Zeitpunkt, UTC; leer oder vergangen = sofort",
        "when to send, UTC; empty or past = now",
    ),
    "Options": ("Schalter, durch ; getrennt", "switches, separated by ;"),
    "JobId": ("Nummer des Auftrags", "number of the job"),
    "RecipientsCount": ("Zahl der gültigen Empfänger", "number of valid recipients"),
    "PageCount": ("Seiten (SMS: Einzelnachrichten) je Empfänger", "pages (SMS: single messages) per recipient"),
    "SendResult": ("Ergebnis; multi bei mehreren Empfängern", "result; multi if there are several recipients"),
    "JobStatus.SendDateTime": ("Zeitpunkt der Sendung, UTC", "when it was sent, UTC"),
    "RemoteId": ("Kennung der Gegenstelle", "station id of the other side"),
    "StatusFile": ("Sendeprotokoll als CSV", "record of the sendings as CSV"),
    "FaxId": ("Nummer des empfangenen Fax", "number of the received fax"),
    "CalledNumber": ("Angerufene Nummer", "number that was called"),
    "ReceiveDate": ("Zeitpunkt des Empfangs, UTC", "when it came in, UTC"),
    "Originator": ("Nummer des Absenders, falls übermittelt", "the sender's number, if it was given"),
    "Pages": ("Zahl der Seiten", "number of pages"),
    "FaxImage": ("Das Fax als mehrseitiges TIFF", "the fax as a TIFF of all pages"),
}


def meaning(operation: Operation, parameter: Parameter) -> tuple[str, str]:
    """German and English."""
    own = _PARAMETER_WORDS.get(f"{operation.name}.{parameter.name}")
    return own or _PARAMETER_WORDS[parameter.name]
