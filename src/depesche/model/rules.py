"""Why an order is refused: every rule of SendJob, in the order in which they are judged.

`Refused` names one of these, so that what the tables say (``depesche codes``) is what the code does.
"""

from enum import Enum

from depesche.model.codes import SendJobCode as Code


class Rule(Enum):
    """One reason to say no; iterating gives all of them in the order of judging."""

    row: int
    """Place in the order of judging; rules with the same one are judged at the same place."""

    code: Code
    english: str
    """The situation, as a sentence without its full stop."""

    german: str

    def __init__(self, row: int, code: Code, english: str, german: str) -> None:
        self.row = row
        self.code = code
        self.english = english
        self.german = german

    ACCOUNT_EMPTY = (1, Code.ACCOUNT_EMPTY, "the parameter Account is empty", "der Parameter Account ist leer")
    ACCOUNT_UNKNOWN = (
        2,
        Code.UNKNOWN_ACCOUNT,
        "there is no account of this number",
        "es gibt kein Konto mit dieser Kundennummer",
    )
    PASSWORD_WRONG = (
        3,
        Code.WRONG_PASSWORD,
        "the password is wrong, or too many wrong ones came lately",
        "das Passwort ist falsch, oder es kamen zuletzt zu viele falsche",
    )
    ACCOUNT_LOCKED = (4, Code.NOT_AUTHORISED, "the account is locked", "das Konto ist gesperrt")
    TRIAL_OVER = (5, Code.TRIAL_OVER, "the trial is over", "der Testzeitraum ist abgelaufen")
    JOB_TYPE = (6, Code.JOB_TYPE, "JobType is none of 0, 1, 2, 3, 4, 8", "JobType ist keiner von 0, 1, 2, 3, 4, 8")
    TYPE_NOT_RELEASED = (
        7,
        Code.NOT_RELEASED,
        "the job type is not released for the account",
        "die Jobart ist für das Konto nicht freigeschaltet",
    )
    NO_PAYMENT = (
        8,
        Code.NO_PAYMENT,
        "the account pays, and no payment has come yet",
        "das Konto ist kostenpflichtig, und es ging noch keine Zahlung ein",
    )
    DEBIT_TOO_YOUNG = (
        8,
        Code.CREDIT_NOT_YET,
        "the first direct debit is younger than 14 days",
        "die erste Lastschrift ist jünger als 14 Tage",
    )
    FIRST_FILE_MISSING = (
        9,
        Code.SEND_FILE_MISSING,
        "iLetter or QSign without SendFile1",
        "iLetter oder QSign ohne SendFile1",
    )
    NO_RECIPIENT = (10, Code.NO_RECIPIENT, "no recipient is given", "kein Empfänger ist angegeben")
    LIST_UNREADABLE = (
        11,
        Code.RECIPIENT_FILE,
        "RecipientFile cannot be read as CSV",
        "RecipientFile lässt sich nicht als CSV lesen",
    )
    ONE_RECIPIENT = (
        12,
        Code.NO_BULK_TYPE,
        "QSign or iLetter to more than one recipient",
        "QSign oder iLetter an mehr als einen Empfänger",
    )
    NOTHING_TO_SEND = (
        13,
        Code.NOTHING_TO_SEND,
        "neither text nor file (SMS: no text)",
        "weder Text noch Datei (SMS: kein Text)",
    )
    FILE_EMPTY = (
        14,
        Code.DOCUMENT_MISSING,
        "a file name comes without content",
        "zu einem Dateinamen fehlt der Inhalt",
    )
    FORMAT = (
        14,
        Code.FORMAT_UNSUPPORTED,
        "a file has no name, or a format that is not supported",
        "eine Datei hat keinen Namen oder ein Format, das nicht unterstützt wird",
    )
    DOUBLE = (
        15,
        Code.DOUBLE,
        "the same order is set up already; its JobId and counts are returned",
        "der gleiche Auftrag ist bereits eingerichtet; seine JobId und Zahlen werden zurückgegeben",
    )
    BULK_NOT_RELEASED = (
        16,
        Code.NOT_AUTHORISED,
        "more than one recipient without the release for it, or more than the account may reach with one order",
        "mehr als ein Empfänger ohne Freischaltung, oder mehr, als das Konto mit einem Auftrag erreichen darf",
    )
    SENDER_NOT_ALLOWED = (
        16,
        Code.NOT_AUTHORISED,
        "MAILFROM is no mail address, or none of the account's",
        "MAILFROM ist keine Mailadresse oder keine des Kontos",
    )
    ADDRESS_MALFORMED = (
        17,
        Code.NUMBER_MALFORMED,
        "the number holds other characters or a call-by-call prefix, or the address is no mail address",
        "die Nummer enthält andere Zeichen oder eine Call-by-Call-Vorwahl, oder die Adresse ist keine Mailadresse",
    )
    NUMBER_PREMIUM = (
        17,
        Code.PREMIUM_NUMBER,
        "a premium number (0900, 0137, 118)",
        "eine Premiumnummer (0900, 0137, 118)",
    )
    NUMBER_INVALID = (17, Code.NUMBER_INVALID, "no such number can exist", "eine solche Nummer kann es nicht geben")
    OWN_BLACKLIST = (
        18,
        Code.BLACKLISTED,
        "the recipient is on the account's own blacklist",
        "der Empfänger steht auf der Blacklist des Kontos",
    )
    BARRED = (18, Code.NUMBER_BARRED, "the recipient is barred for everyone", "der Empfänger ist für alle gesperrt")
    FOREIGN = (
        19,
        Code.NOT_RELEASED,
        "a number abroad, and the account has no release for it",
        "eine Nummer im Ausland, und das Konto ist dafür nicht freigeschaltet",
    )
    DAMAGED = (
        20,
        Code.NOT_CONVERTIBLE,
        "a document is damaged or encrypted",
        "ein Dokument ist beschädigt oder verschlüsselt",
    )
    ADDRESS_WINDOW = (
        20,
        Code.NOT_CONVERTIBLE,
        "the address of an iLetter is not in the window of the envelope, and the account demands it",
        "die Anschrift eines iLetters liegt nicht im Fenster des Umschlags, und das Konto verlangt es",
    )
    NOT_WHOLE = (
        21,
        Code.WHOLE_NOT_CONVERTIBLE,
        "the whole document has no page, or more than allowed",
        "das Gesamtdokument hat keine Seite oder mehr als erlaubt",
    )
    CONVERTER = (
        22,
        Code.CONVERSION_ERROR,
        "the converter crashed, or ran past its time",
        "der Konverter stürzte ab oder überschritt seine Zeit",
    )
    TRIAL_PAGES = (
        23,
        Code.TRIAL_PAGES,
        "a trial account's document has more than 3 pages",
        "das Dokument eines Testkontos hat mehr als 3 Seiten",
    )
    LETTER_BALANCE = (
        24,
        Code.CREDIT_TOO_LOW,
        "the balance does not cover the iLetter",
        "das Guthaben deckt den iLetter nicht",
    )
    BALANCE = (
        24,
        Code.ACCOUNT_EMPTY,
        "the prepaid balance does not cover the job",
        "das Guthaben deckt den Auftrag nicht",
    )
    PACKAGE = (
        24,
        Code.ALLOWANCE_USED,
        "what is left of the package does not cover the job",
        "die Freimenge des Versandpakets reicht für den Auftrag nicht",
    )
    DAY_LIMIT = (
        24,
        Code.ALLOWANCE_USED,
        "the account's limit of this day does not cover the job",
        "das Tageslimit des Kontos reicht für den Auftrag nicht",
    )
    SIGNING = (
        25,
        Code.QSIGN_ERROR,
        "the invoice cannot be signed: no certificate is at hand",
        "die Rechnung kann nicht signiert werden: kein Zertifikat ist erreichbar",
    )
    STORE = (
        26,
        Code.DOCUMENT_STORE,
        "the place for documents is full or not readable",
        "der Platz für Dokumente ist voll oder nicht lesbar",
    )
    SERVER = (
        26,
        Code.SERVER_ERROR,
        "the server failed; nothing was accepted",
        "der Server versagte; nichts wurde angenommen",
    )


OF_RECIPIENT = {
    rule.code: rule
    for rule in (
        Rule.ADDRESS_MALFORMED,
        Rule.NUMBER_PREMIUM,
        Rule.NUMBER_INVALID,
        Rule.OWN_BLACKLIST,
        Rule.BARRED,
        Rule.FOREIGN,
    )
}
"""What may be wrong with one recipient, by its code."""
