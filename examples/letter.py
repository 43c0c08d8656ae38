"""Makes letter.pdf, the document that the examples send: python examples/letter.py

Three pages with what faxes are made of: running text, a table in small type, a picture with soft greys.
"""

import base64
import io
import math
from pathlib import Path

import weasyprint  # type: ignore[import-untyped]
from PIL import Image

SIZE = (560, 360)

_RANGES = ((0.52, 0.10, 2.3, 150), (0.64, 0.08, 3.7, 95), (0.78, 0.06, 5.9, 40))
"""Mountains from back to front: height from the top, how rugged, how often, how grey."""

_ROWS = (
    ("Büro, Kölner Straße 4", "Ölheizung prüfen", "80,00"),
    ("Lager, Gärtnerweg 12", "Dachfenster abdichten", "312,50"),
    ("Werkstatt, Mühlgasse 7", "Überspannungsschutz", "1.149,90"),
    ("Hof, Mühlgasse 7", "Straßenlaterne ersetzen", "96,35"),
)

_LETTER = """
<style>
  @page {{ size: A4; margin: 25mm 20mm 22mm 25mm;
           @bottom-right {{ content: "Seite " counter(page) " von " counter(pages); font: 9pt sans-serif }} }}
  body {{ font: 11pt/1.5 "Liberation Sans", sans-serif }}
  h2 {{ break-before: page; font-size: 15pt }}
  address {{ font-style: normal; margin: 12mm 0 16mm }}
  table {{ width: 100%; border-collapse: collapse; font-size: 9pt }}
  th, td {{ border-bottom: .5pt solid; padding: 1.5mm 0; text-align: left }}
  th:last-child, td:last-child {{ text-align: right }}
  img {{ width: 100% }}
  small {{ font-size: 7pt }}
  .sender {{ font-size: 7.5pt }}
</style>
<p class="sender">Hausverwaltung Jäger &amp; Söhne · Mühlgasse 7 · 99999 Öhringsdorf</p>
<address>Firma<br>Weiß Gebäudetechnik<br>Süßkirschenallee 21<br>99999 Öhringsdorf</address>
<h1>Auftrag für die Wartung im März</h1>
<p>Sehr geehrte Damen und Herren,</p>
<p>hiermit erteilen wir Ihnen den Auftrag für die jährliche Wartung unserer Gebäude. Die Liste der Arbeiten steht auf
   Seite 2, ein Bild der Lage auf Seite 3. Bitte bestätigen Sie uns den Termin per Fax, möglichst bis Freitag.</p>
<p>Über größere Schäden möchten wir vorher Bescheid wissen: Für alles, was mehr als 1.500 € kostet, brauchen wir ein
   eigenes Angebot.</p>
<p>Mit freundlichen Grüßen<br>Käthe Jäger</p>
<h2>Anlage 1: Arbeiten</h2>
<table><tr><th>Ort<th>Arbeit<th>Euro</tr>{rows}</table>
<p><small>Alle Preise verstehen sich zuzüglich der gesetzlichen Umsatzsteuer. Wer dies auf einem Fax noch lesen kann,
   hat eine gute Leitung: 7 Punkt große Schrift.</small></p>
<h2>Anlage 2: Lage</h2>
<p>Blick vom Lager nach Süden; die Straße liegt hinter der ersten Hügelkette.</p>
<img src="data:image/png;base64,{picture}" alt="Hügel unter der Abendsonne">
"""


def picture() -> bytes:
    """Hills under an evening sun, as PNG."""
    width, height = SIZE
    image = Image.new("L", SIZE)
    for x in range(width):
        for y in range(height):
            image.putpixel((x, y), _grey(x / width, y / height))
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def _grey(x: float, y: float) -> int:
    sun = math.hypot((x - 0.68) * SIZE[0] / SIZE[1], y - 0.3)
    grey = 255 if sun < 0.09 else min(250, round(170 + 80 * y + 40 * math.exp(-9 * sun)))
    for top, rugged, often, shade in _RANGES:
        ridge = top + rugged * math.sin(often * math.tau * x) * math.cos(1.7 * often * x + top)
        if y > ridge:
            grey = round(shade + 50 * (y - ridge))
    return grey


def letter() -> bytes:
    """The document, as PDF."""
    rows = "".join(f"<tr><td>{place}<td>{work}<td>{price}</tr>" for place, work, price in _ROWS)
    html = _LETTER.format(rows=rows, picture=base64.b64encode(picture()).decode("ascii"))
    document: bytes = weasyprint.HTML(string=html).write_pdf()
    return document


if __name__ == "__main__":
    Path(__file__).with_name("letter.pdf").write_bytes(letter())
