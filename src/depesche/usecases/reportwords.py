"""The words of the report on a fax, in German and in English."""

from dataclasses import dataclass

from depesche.model.result import Result


@dataclass(frozen=True, slots=True)
class Words:
    """Of one language. A text with braces is filled by the report."""

    language: str
    title: str
    page: str
    of: str
    day: str
    """Pattern of a moment for ``format``."""

    short_day: str
    time: str
    """The same for tables: the day with the time, and the time alone."""

    sandbox: tuple[str, ...]
    results: dict[Result | None, tuple[str, str]]
    """In a word or two, and in a sentence."""

    settled: str
    """In place of the sentence where somebody found out or decided later."""

    one_page: str
    all_pages: str
    some_pages: str
    recipient: str
    caller: str
    no_caller: str
    job: str
    delivery: str
    attempt: str
    nth: str
    ordered: str
    not_before: str
    begun: str
    ended: str
    duration: str
    duration_in_memory: str
    confirmed: str
    confirmed_pages: str
    sent_picture: str
    unconfirmed_picture: str
    unsent_picture: str
    resumed_picture: str
    no_picture: str
    as_sent: str
    exact: str
    made_again: str
    bare: str
    gone: str
    picture_print: str
    check: str
    document_print: str
    document_note: str
    prepared_print: str
    header: str
    how: str
    far_station: str
    far_station_none: str
    far_station_note: str
    our_station: str
    resolution: str
    resolutions: dict[str, str]
    speed: str
    coding: str
    codings: dict[str, str]
    ecm: str
    ecm_on: str
    ecm_off: str
    carrier: str
    in_memory: str
    audio: str
    t38: str
    line: str
    damaged: str
    damaged_none: str
    damaged_unknown: str
    damaged_known: str
    on_record: str
    detail: str
    unknown: str
    answers: str
    answer_heads: tuple[str, ...]
    answers_none: str
    not_confirmed: str
    meanings: dict[str, str]
    attempts: str
    attempt_heads: tuple[str, ...]
    proves: str
    proves_not: str
    in_memory_alone: str
    we_called: str
    was_taken: str
    answered: str
    all_confirmed: str
    all_confirmed_ecm: str
    confirmed_no_answers: str
    resumed: str
    few_confirmed: str
    picture_is_exact: str
    nothing_sent: str
    from_the_record: str
    who: str
    paper: str
    rows: str
    poor: str
    half: str
    why: str
    clock: str
    unsigned: str
    nobody: str
    open_end: str
    foot: str


GERMAN = Words(
    language="de",
    title="Sendebericht",
    page="Seite",
    of="von",
    day="{0:%d.%m.%Y, %H:%M:%S} Uhr",
    short_day="{0:%d.%m.%Y %H:%M:%S}",
    time="{0:%H:%M:%S}",
    sandbox=(
        "SANDKASTEN: ES WURDE NICHTS GESENDET",
        (
            "Dieses Fax ging an ein Gerät im Speicher des eigenen Rechners. Niemand hat es erhalten, kein Telefon hat "
            "geläutet. "
            "Dieser Bericht taugt zum Ausprobieren, nicht als Nachweis."
        ),
    ),
    results={
        Result.OK: ("OK", "Das empfangende Gerät hat {pages} bestätigt."),
        Result.BUSY: ("Besetzt", "Der Anschluss war belegt; es wurde nichts übertragen."),
        Result.NO_ANSWER: ("Keine Antwort", "Niemand hat den Anruf angenommen; es wurde nichts übertragen."),
        Result.VOICE: ("Kein Faxgerät", "Der Anruf wurde angenommen, aber es hat sich kein Faxgerät gemeldet."),
        Result.NO_RING: (
            "Nicht erreichbar",
            "Unter dieser Nummer kam kein Anruf zustande; es wurde nichts übertragen.",
        ),
        Result.LINE_ERROR: ("Leitungsfehler", "Der Anruf scheiterte am Netz oder auf unserer Seite."),
        Result.NO_SERVICE: ("Keine Faxanrufe", "Die Gegenseite nimmt keine Faxanrufe an; es wurde nichts übertragen."),
        Result.BLACKLIST: ("Gesperrt", "Die Nummer ist gesperrt; sie wurde nicht gewählt."),
        Result.SEND_FAILED: ("Nicht vollständig gesendet", "Die Übertragung ist gescheitert: {few}."),
        Result.CANCELED: ("Abgebrochen", "Der Auftrag wurde zurückgenommen, ehe etwas übertragen war."),
        None: ("Ungewiss", "Unser Rechner fiel während des Anrufs aus. Ob das Fax ankam, ist nicht bekannt."),
    },
    settled="Nachträglich festgestellt, nicht vom empfangenden Gerät bestätigt. Im Protokoll steht: {detail}",
    one_page="die eine Seite",
    all_pages="alle {count} Seiten",
    some_pages="{count} von {total} Seiten bestätigt",
    recipient="Empfänger",
    caller="Absender",
    no_caller="keine Nummer angezeigt",
    job="Auftrag",
    delivery="Zustellung",
    attempt="Versuch",
    nth="{number} von {total}",
    ordered="Auftrag erteilt",
    not_before="Nicht vor",
    begun="Beginn",
    ended="Ende",
    duration="Dauer",
    duration_in_memory="{seconds} s\nauf einer Leitung; im Speicher ging es schneller",
    confirmed="Seiten bestätigt",
    confirmed_pages="{count} von {total}",
    sent_picture="Seite 1, wie sie gesendet wurde",
    unconfirmed_picture="Seite 1, wie sie gesendet wurde: nicht bestätigt",
    unsent_picture="Seite 1, die gesendet werden sollte",
    resumed_picture="Seite 1 mit der Kopfzeile dieses Versuchs; gesendet wurde sie in einem früheren",
    no_picture="Ohne Bild der Seite 1",
    as_sent="Bild",
    exact="Punkt für Punkt das gesendete Raster mit der Kopfzeile dieses Versuchs: aus den aufbewahrten Seiten neu "
    "erzeugt "
    "und mit der Prüfsumme verglichen, die beim Senden festgehalten wurde.",
    made_again="Aus den aufbewahrten Seiten neu erzeugt. Es stimmt NICHT Punkt für Punkt mit der beim Senden "
    "festgehaltenen "
    "Prüfsumme überein, vermutlich wegen einer anderen Schrift der Kopfzeile.",
    bare="Die aufbewahrte Seite ohne die Kopfzeile, die das Senden hinzufügt: von diesem Versuch ist keine "
    "festgehalten.",
    gone="Die Seiten dieses Auftrags wurden nach der eingestellten Frist gelöscht. Ihre Prüfsummen blieben.",
    picture_print="SHA-256 des Bildes",
    check="als PBM-Datei, wie sie pdfimages aus diesem PDF holt",
    document_print="SHA-256 des gesendeten Dokuments",
    document_note="alle Seiten mit Kopfzeile, als PBM hintereinander",
    prepared_print="SHA-256 vor der Kopfzeile",
    header="Kopfzeile",
    how="Übertragung",
    far_station="Kennung der Gegenstelle (CSI)",
    far_station_none="keine empfangen",
    far_station_note="am Gerät eingestellt, von niemandem geprüft",
    our_station="Unsere Kennung (TSI)",
    resolution="Auflösung",
    resolutions={
        "standard": "Standard, 204 × 98 dpi",
        "fine": "Fein, 204 × 196 dpi",
        "superfine": "Superfein, 204 × 391 dpi",
    },
    speed="Geschwindigkeit",
    coding="Codierung",
    codings={"MMR": "MMR (T.6)", "MR": "MR (T.4, zweidimensional)", "MH": "MH (T.4, eindimensional)"},
    ecm="Fehlerkorrektur (ECM)",
    ecm_on="ja",
    ecm_off="nein",
    carrier="Weg",
    in_memory="im Speicher, ohne Telefonnetz",
    audio="Telefonton (G.711) über SIP",
    t38="T.38 über SIP",
    line="Leitung {line}",
    damaged="Beschädigte Zeilen",
    damaged_none="keine: mit Fehlerkorrektur kommt jede Zeile an, oder die Seite wird nicht bestätigt",
    damaged_unknown="nicht bekannt: ohne Fehlerkorrektur erfährt der Absender sie nicht, nur die Antwort auf jede "
    "Seite",
    damaged_known="{count}, vom empfangenden Gerät im Speicher gezählt",
    on_record="Ergebnis im Protokoll",
    detail="Vermerk im Protokoll",
    unknown="nicht aufgezeichnet",
    answers="Antworten auf die Seiten",
    answer_heads=(
        "Seite",
        "Antwort",
        "Bedeutung",
        "bit/s",
        "Codierung",
        "ECM",
        "Blöcke wiederholt",
        "Zeilen beschädigt",
    ),
    answers_none="Zu keiner Seite ist eine Antwort des empfangenden Geräts aufgezeichnet.",
    not_confirmed="nicht bestätigt",
    meanings={
        "MCF": "bestätigt",
        "RTP": "bestätigt, mit Störungen: Leitung neu einmessen",
        "RTN": "abgelehnt: zu schlecht angekommen",
        "PIP": "bestätigt; jemand will sprechen",
        "PIN": "abgelehnt; jemand will sprechen",
        "DCN": "aufgelegt",
    },
    attempts="Alle Versuche dieser Zustellung",
    attempt_heads=("Nr.", "Beginn", "Ende", "Ergebnis", "Seiten", "Dauer", "bit/s", "ECM", "Vermerk"),
    proves="Was dieser Bericht belegt",
    proves_not="Was er nicht belegt",
    in_memory_alone="Alles Folgende geschah mit einem Gerät im Speicher des eigenen Rechners.",
    we_called="Unser Rechner hat zur angegebenen Zeit die Nummer {number} angerufen.",
    was_taken="Der Anruf wurde angenommen.",
    answered="Es meldete sich ein Faxgerät mit der Kennung {station}.",
    all_confirmed="Das empfangende Gerät hat jede Seite bestätigt.",
    all_confirmed_ecm="Mit Fehlerkorrektur bestätigt es eine Seite erst, wenn alle ihre Blöcke mit richtiger "
    "Prüfsumme da "
    "sind: Was es empfing, ist das, was gesendet wurde.",
    confirmed_no_answers="Das Ergebnis OK steht im Protokoll; Antworten des empfangenden Geräts auf einzelne Seiten "
    "nicht.",
    resumed="Die ersten Seiten, {count} an der Zahl, hat ein Gerät dieser Nummer bei früheren Versuchen bestätigt; "
    "ihre Berichte zeigen es.",
    few_confirmed="Das empfangende Gerät hat {few}.",
    picture_is_exact="Seite 1 sah aus wie abgebildet: Die Prüfsumme des Bildes ist die beim Senden festgehaltene.",
    nothing_sent="Das Ergebnis dieses Versuchs war: {result}.",
    from_the_record="Dieser Bericht gibt das Protokoll des Auftrags wieder, wie es am Ende des Versuchs geschrieben "
    "wurde.",
    who="Wem der Anschluss gehört und wer am anderen Ende stand. Anrufe können weitergeleitet sein; Kennungen sind "
    "frei "
    "wählbar.",
    paper="Ob das Fax dort gedruckt, vollständig abgelegt, gelesen oder verstanden wurde. Papier und Toner können "
    "fehlen, "
    "der Speicher kann voll sein.",
    rows="Ohne Fehlerkorrektur: dass jede Zeile ankam. Ein Gerät nimmt eine Seite auch mit beschädigten Zeilen an und "
    "sagt dem Absender nicht, wie viele es sind.",
    poor="Eine Antwort RTP heißt: Die Seite kam mit Störungen an. Wie gut sie lesbar ist, ist nicht bekannt.",
    half="Wie viel der nicht bestätigten Seiten dennoch ankam und ob das Gerät davon etwas gedruckt hat.",
    why="Warum es nicht gelang, über den Vermerk hinaus: Was auf der Gegenseite geschah, sieht der Absender nicht.",
    clock="Die Zeiten nimmt unser Rechner von seiner eigenen Uhr; kein Dritter hat sie bestätigt.",
    unsigned="Der Bericht stammt vom Absender selbst und ist nicht signiert.",
    nobody="Dass irgendjemand etwas erhalten hat: Dies war eine Probe im Sandkasten.",
    open_end="Ob etwas ankam. Der Versuch wurde begonnen; sein Ende kennt niemand.",
    foot="Auftrag {job} · Zustellung {delivery} · Versuch {attempt} · Bericht vom {now} · Depesche {version}",
)

ENGLISH = Words(
    language="en",
    title="Fax report",
    page="Page",
    of="of",
    day="{0.day} {0:%b %Y, %H:%M:%S}",
    short_day="{0:%Y-%m-%d %H:%M:%S}",
    time="{0:%H:%M:%S}",
    sandbox=(
        "SANDBOX: NOTHING WAS SENT",
        (
            "This fax went to a machine in the memory of our own computer. Nobody got it, no telephone rang. "
            "This report is for trying things out; it is no evidence."
        ),
    ),
    results={
        Result.OK: ("OK", "The receiving machine confirmed {pages}."),
        Result.BUSY: ("Busy", "The line was engaged; nothing was transmitted."),
        Result.NO_ANSWER: ("No answer", "Nobody took the call; nothing was transmitted."),
        Result.VOICE: ("No fax machine", "The call was taken, but no fax machine answered."),
        Result.NO_RING: ("Not reached", "No call to this number came about; nothing was transmitted."),
        Result.LINE_ERROR: ("Line error", "The call failed in the network or on our side."),
        Result.NO_SERVICE: ("No fax calls", "The other side takes no fax calls; nothing was transmitted."),
        Result.BLACKLIST: ("Barred", "The number is barred; it was not dialled."),
        Result.SEND_FAILED: ("Not sent completely", "The transmission failed: {few}."),
        Result.CANCELED: ("Cancelled", "The order was withdrawn before anything was transmitted."),
        None: ("Unknown", "Our computer failed during the call. Whether the fax arrived is not known."),
    },
    settled="Established later, not confirmed by the receiving machine. The record says: {detail}",
    one_page="the one page",
    all_pages="all {count} pages",
    some_pages="{count} of {total} pages confirmed",
    recipient="Recipient",
    caller="Sender",
    no_caller="no number shown",
    job="Order",
    delivery="Delivery",
    attempt="Attempt",
    nth="{number} of {total}",
    ordered="Order accepted",
    not_before="Not before",
    begun="Begin",
    ended="End",
    duration="Duration",
    duration_in_memory="{seconds} s\non a line; in memory it was faster",
    confirmed="Pages confirmed",
    confirmed_pages="{count} of {total}",
    sent_picture="Page 1 as it was sent",
    unconfirmed_picture="Page 1 as it was sent: not confirmed",
    unsent_picture="Page 1 that was to be sent",
    resumed_picture="Page 1 with the header line of this attempt; it was sent in an earlier one",
    no_picture="No picture of page 1",
    as_sent="Picture",
    exact="Dot by dot the raster that was sent, with the header line of this attempt: made again of the pages that "
    "are kept, "
    "and compared with the checksum that was put down when it was sent.",
    made_again="Made again of the pages that are kept. It is NOT dot by dot what the checksum says that was put down "
    "when it "
    "was sent, probably for another face of the header line.",
    bare="The page that is kept, without the header line that sending adds: of this attempt none is on record.",
    gone="The pages of this order were deleted when their time was over. Their checksums stayed.",
    picture_print="SHA-256 of the picture",
    check="as a PBM file, as pdfimages takes it out of this PDF",
    document_print="SHA-256 of the document sent",
    document_note="all pages with their header line, as PBM one after the other",
    prepared_print="SHA-256 before the header line",
    header="Header line",
    how="Transmission",
    far_station="Station id of the far end (CSI)",
    far_station_none="none received",
    far_station_note="set at the machine, verified by nobody",
    our_station="Our station id (TSI)",
    resolution="Resolution",
    resolutions={
        "standard": "Standard, 204 × 98 dpi",
        "fine": "Fine, 204 × 196 dpi",
        "superfine": "Superfine, 204 × 391 dpi",
    },
    speed="Speed",
    coding="Coding",
    codings={"MMR": "MMR (T.6)", "MR": "MR (T.4, two-dimensional)", "MH": "MH (T.4, one-dimensional)"},
    ecm="Error correction (ECM)",
    ecm_on="yes",
    ecm_off="no",
    carrier="Way",
    in_memory="in memory, without a telephone network",
    audio="telephone audio (G.711) over SIP",
    t38="T.38 over SIP",
    line="line {line}",
    damaged="Damaged rows",
    damaged_none="none: with error correction every row arrives, or the page is not confirmed",
    damaged_unknown="not known: without error correction a sender does not learn of them, only how each page was "
    "answered",
    damaged_known="{count}, counted by the receiving machine in memory",
    on_record="Result on record",
    detail="Note on record",
    unknown="not on record",
    answers="Answers to the pages",
    answer_heads=("Page", "Answer", "Meaning", "bit/s", "Coding", "ECM", "Blocks repeated", "Rows damaged"),
    answers_none="Of no page an answer of the receiving machine is on record.",
    not_confirmed="not confirmed",
    meanings={
        "MCF": "confirmed",
        "RTP": "confirmed, with disturbances: train the line again",
        "RTN": "refused: it arrived too badly",
        "PIP": "confirmed; somebody wants to speak",
        "PIN": "refused; somebody wants to speak",
        "DCN": "hung up",
    },
    attempts="All attempts of this delivery",
    attempt_heads=("No.", "Begin", "End", "Result", "Pages", "Duration", "bit/s", "ECM", "Note"),
    proves="What this report shows",
    proves_not="What it does not show",
    in_memory_alone="All that follows happened with a machine in the memory of our own computer.",
    we_called="Our computer called the number {number} at the time given.",
    was_taken="The call was taken.",
    answered="A fax machine answered with the station id {station}.",
    all_confirmed="The receiving machine confirmed each page.",
    all_confirmed_ecm="With error correction it confirms a page only when all blocks of it are there with the right "
    "checksum: what it received is what was sent.",
    confirmed_no_answers="The result OK is on record; answers of the receiving machine to single pages are not.",
    resumed="The first pages, {count} of them, a machine at this number confirmed in earlier attempts, as their "
    "reports show.",
    few_confirmed="{few} by the receiving machine.",
    picture_is_exact="Page 1 looked as shown: the checksum of the picture is the one put down when it was sent.",
    nothing_sent="The result of this attempt was: {result}.",
    from_the_record="This report tells what the record of the order says, as it was written at the end of the attempt.",
    who="Whose line it is, and who was at the other end. Calls may be forwarded; station ids can be chosen freely.",
    paper="Whether the fax was printed there, filed completely, read or understood. Paper and toner may be out, the "
    "memory "
    "may be full.",
    rows="Without error correction: that every row arrived. A machine takes a page with damaged rows as well, and "
    "does not "
    "tell the sender how many they are.",
    poor="An answer RTP means that the page arrived with disturbances. How well it can be read is not known.",
    half="How much of the pages that were not confirmed arrived all the same, and whether the machine printed of it.",
    why="Why it did not succeed, beyond the note: what happened at the far end, a sender does not see.",
    clock="Our computer takes the times from its own clock; no third party confirmed them.",
    unsigned="The report is by the sender, and not signed.",
    nobody="That anybody got anything: this was a trial in the sandbox.",
    open_end="Whether anything arrived. The attempt was begun; nobody knows its end.",
    foot="Order {job} · Delivery {delivery} · Attempt {attempt} · Report of {now} · Depesche {version}",
)
