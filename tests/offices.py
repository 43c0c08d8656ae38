"""Office documents for tests, made from their parts: the least that Word, Excel and the OpenDocument programs read."""

import io
import subprocess
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.sax.saxutils import escape

from depesche.render.detect import Format

HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OASIS = "urn:oasis:names:tc:opendocument:xmlns"


def package(parts: Mapping[str, str | bytes]) -> bytes:
    """A ZIP file; what is called ``mimetype`` is not compressed."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in parts.items():
            made.writestr(name, content, zipfile.ZIP_STORED if name == "mimetype" else zipfile.ZIP_DEFLATED)
    return out.getvalue()


def _ooxml(main: str, kind: str, parts: Mapping[str, str | bytes], related: Mapping[str, str]) -> bytes:
    """`related`: relations of the main part, by id; each is XML attributes."""
    folder, _, name = main.partition("/")
    overrides = "".join(f'<Override PartName="/{part}" ContentType="{kind_of(part, kind)}"/>' for part in parts
                        if part.endswith(".xml"))  # fmt: skip
    links = "".join(f'<Relationship Id="{number}" {attributes}/>' for number, attributes in related.items())
    return package(
        {
            "[Content_Types].xml": f'{HEAD}<Types xmlns="{PACKAGE}/content-types">'
            '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            f'<Default Extension="png" ContentType="image/png"/>{overrides}</Types>',
            "_rels/.rels": f'{HEAD}<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="rId1" '
            f'Type="{OFFICE}/relationships/officeDocument" Target="{main}"/></Relationships>',
            f"{folder}/_rels/{name}.rels": f'{HEAD}<Relationships xmlns="{PACKAGE}/relationships">{links}'
            "</Relationships>",
            **parts,
        }
    )


def kind_of(part: str, kind: str) -> str:
    """The content type of a part."""
    base = "application/vnd.openxmlformats-officedocument"
    if part.startswith("xl/worksheets/"):
        return f"{base}.spreadsheetml.worksheet+xml"
    return f"{base}.{kind}.main+xml"


def docx(*paragraphs: str, body: str = "", parts: Mapping[str, bytes] | None = None,
         related: Mapping[str, str] | None = None, landscape: bool = False) -> bytes:  # fmt: skip
    """A Word document: paragraphs, each on a page of its own, then the raw XML `body`."""
    pages = '<w:p><w:r><w:br w:type="page"/></w:r></w:p>'.join(
        f'<w:p><w:r><w:t xml:space="preserve">{escape(text)}</w:t></w:r></w:p>' for text in paragraphs
    )
    size = 'w:w="16838" w:h="11906" w:orient="landscape"' if landscape else 'w:w="11906" w:h="16838"'
    section = (
        f'<w:sectPr><w:pgSz {size}/><w:pgMar w:top="1134" w:right="1134" w:bottom="1134" w:left="1134"/></w:sectPr>'
    )
    names = (
        f'xmlns:w="{WORD}" xmlns:r="{OFFICE}/relationships" '
        'xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing" '
        'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" '
        'xmlns:pic="http://schemas.openxmlformats.org/drawingml/2006/picture"'
    )
    document = f"{HEAD}<w:document {names}><w:body>{pages}{body}{section}</w:body></w:document>"
    main = "word/document.xml"
    return _ooxml(main, "wordprocessingml.document", {main: document, **(parts or {})}, related or {})


def word_picture(relation: str, kind: str = "link") -> str:
    """Raw XML: a picture that lies elsewhere (``link``) or in the document (``embed``)."""
    return (
        '<w:p><w:r><w:drawing><wp:inline><wp:extent cx="3600000" cy="3600000"/><wp:docPr id="1" name="Bild"/>'
        '<a:graphic><a:graphicData uri="http://schemas.openxmlformats.org/drawingml/2006/picture"><pic:pic>'
        '<pic:nvPicPr><pic:cNvPr id="1" name="Bild"/><pic:cNvPicPr/></pic:nvPicPr>'
        f'<pic:blipFill><a:blip r:{kind}="{relation}"/><a:stretch><a:fillRect/></a:stretch></pic:blipFill>'
        '<pic:spPr><a:xfrm><a:off x="0" y="0"/><a:ext cx="3600000" cy="3600000"/></a:xfrm>'
        '<a:prstGeom prst="rect"><a:avLst/></a:prstGeom></pic:spPr></pic:pic></a:graphicData></a:graphic>'
        "</wp:inline></w:drawing></w:r></w:p>"
    )


def word_field(instruction: str) -> str:
    """Raw XML: a field, with what it showed last."""
    runs = (
        '<w:fldChar w:fldCharType="begin"/>',
        f'<w:instrText xml:space="preserve"> {escape(instruction)} </w:instrText>',
        '<w:fldChar w:fldCharType="separate"/>',
        "<w:t>-</w:t>",
        '<w:fldChar w:fldCharType="end"/>',
    )
    return f"<w:p>{''.join(f'<w:r>{run}</w:r>' for run in runs)}</w:p>"


def word_link(relation: str) -> str:
    """Raw XML: a linked object (OLE)."""
    return (
        '<w:p><w:r><w:object><v:shape xmlns:v="urn:schemas-microsoft-com:vml" id="o1" '
        'style="width:200pt;height:200pt"/>'
        f'<o:OLEObject xmlns:o="urn:schemas-microsoft-com:office:office" Type="Link" ProgID="Word.Document.12" '
        f'ShapeID="o1" DrawAspect="Content" r:id="{relation}" UpdateMode="Always"/></w:object></w:r></w:p>'
    )


def external(kind: str, target: str) -> str:
    """Attributes of a relation to something outside."""
    return f'Type="{OFFICE}/relationships/{kind}" Target="{escape(target)}" TargetMode="External"'


def cell(value: object) -> str:
    """A cell's XML: text, number, or a formula (begins with ``=``) without a value."""
    if isinstance(value, str) and value.startswith("="):
        return f"<c><f>{escape(value[1:])}</f></c>"
    if isinstance(value, str):
        return f'<c t="inlineStr"><is><t>{escape(value)}</t></is></c>'
    return f"<c><v>{value}</v></c>"


def xlsx(rows: Sequence[Sequence[object]], *, area: str = "", fit_to_width: bool = False,
         landscape: bool = False, corner: bool = False) -> bytes:  # fmt: skip
    """An Excel workbook of one sheet on A4; `area`: what is printed, as ``$A$1:$C$3``; `corner`: the last cell is used,
    and that is all that is in its row.
    """
    data = "".join(f"<row>{''.join(map(cell, row))}</row>" for row in rows)
    if corner:
        data += '<row r="1048576"><c r="XFD1048576" t="inlineStr"><is><t>rechts unten</t></is></c></row>'
    fit = "<sheetPr><pageSetUpPr fitToPage='1'/></sheetPr>" if fit_to_width else ""
    turned = "landscape" if landscape else "portrait"
    pages = 'fitToWidth="1" fitToHeight="0"' if fit_to_width else ""
    setup = f'<pageSetup paperSize="9" orientation="{turned}" {pages}/>'
    names = (
        '<definedNames><definedName name="_xlnm.Print_Area" localSheetId="0">'
        f"Tabelle1!{area}</definedName></definedNames>"
    )
    book = (
        f'{HEAD}<workbook xmlns="{SHEET}" xmlns:r="{OFFICE}/relationships"><sheets>'
        f'<sheet name="Tabelle1" sheetId="1" r:id="rId1"/></sheets>{names if area else ""}</workbook>'
    )
    sheet = f'{HEAD}<worksheet xmlns="{SHEET}">{fit}<sheetData>{data}</sheetData>{setup}</worksheet>'
    related = {"rId1": f'Type="{OFFICE}/relationships/worksheet" Target="worksheets/sheet1.xml"'}
    parts = {"xl/workbook.xml": book, "xl/worksheets/sheet1.xml": sheet}
    return _ooxml("xl/workbook.xml", "spreadsheetml.sheet", parts, related)


_ODF = (
    " ".join(
        f'xmlns:{prefix}="{OASIS}:{name}:1.0"'
        for prefix, name in (
            ("office", "office"),
            ("text", "text"),
            ("table", "table"),
            ("draw", "drawing"),
            ("style", "style"),
            ("svg", "svg-compatible"),
            ("fo", "xsl-fo-compatible"),
        )
    )
    + ' xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:ooo="http://openoffice.org/2004/office"'
    + ' xmlns:of="urn:oasis:names:tc:opendocument:xmlns:of:1.2"'
)


def _odf(kind: str, body: str, extra: Mapping[str, str], doctype: str = "") -> bytes:
    mime = f"application/vnd.oasis.opendocument.{kind}"
    listed = "".join(f'<manifest:file-entry manifest:full-path="{name}" manifest:media-type="text/xml"/>'
                     for name in ("content.xml", *extra))  # fmt: skip
    return package(
        {
            "mimetype": mime,
            "META-INF/manifest.xml": f'{HEAD}<manifest:manifest xmlns:manifest="{OASIS}:manifest:1.0">'
            f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{mime}"/>{listed}</manifest:manifest>',
            "content.xml": f'{HEAD}{doctype}<office:document-content {_ODF} office:version="1.2">'
            "<office:automatic-styles>"
            '<style:style style:name="B" style:family="paragraph"><style:paragraph-properties fo:break-before="page"/>'
            f"</style:style></office:automatic-styles><office:body>{body}</office:body></office:document-content>",
            **extra,
        }
    )


def odt(*paragraphs: str, body: str = "", extra: Mapping[str, str] | None = None, doctype: str = "") -> bytes:
    """An OpenDocument text: paragraphs, each on a page of its own, then the raw XML `body`."""
    first, further = "<text:p>", '<text:p text:style-name="B">'
    pages = "".join(f"{further if number else first}{escape(text)}</text:p>" for number, text in enumerate(paragraphs))
    return _odf("text", f"<office:text>{pages}{body}</office:text>", extra or {}, doctype)


def ods(*rows: Sequence[str], raw: str = "") -> bytes:
    """An OpenDocument spreadsheet; `raw`: more rows as XML."""
    shown = "".join(
        "<table:table-row>"
        + "".join(
            f'<table:table-cell office:value-type="string"><text:p>{escape(text)}</text:p></table:table-cell>'
            for text in row
        )
        + "</table:table-row>"
        for row in rows
    )
    table = f'<table:table table:name="Tabelle1">{shown}{raw}</table:table>'
    return _odf("spreadsheet", f"<office:spreadsheet>{table}</office:spreadsheet>", {})


def rtf(*paragraphs: str) -> bytes:
    """An RTF document: paragraphs, each on a page of its own."""
    escaped = ("".join(c if ord(c) < 128 else f"\\u{ord(c)}?" for c in text) for text in paragraphs)
    return ("{\\rtf1\\ansi\\deff0{\\fonttbl{\\f0 Arial;}}\\f0\\fs24 " + "\\page ".join(escaped) + "\\par}\n").encode()


def saved_as(folder: Path, document: bytes, name: str, extension: str, filter_name: str) -> bytes:
    """A document as LibreOffice saves it in another format: what cannot be written by hand."""
    source = folder / name
    source.write_bytes(document)
    command = ["soffice", "--headless", f"-env:UserInstallation=file://{folder}/profile", "--convert-to",
               f"{extension}:{filter_name}", "--outdir", str(folder / "out"), str(source)]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    return (folder / "out" / f"{source.stem}.{extension}").read_bytes()


def believed(folder: Path, document: bytes, extension: str, filter_name: str, password: str = "") -> bytes:
    """A document as a LibreOffice writes it that runs macros and follows links; encrypted if `password` is given."""
    folder.mkdir()
    source, target = folder / f"source.{extension}", folder / "target"
    source.write_bytes(document)
    command = ["/usr/bin/python3", str(Path(__file__).with_name("credulous.py")), str(folder), str(source),
               str(target), filter_name, *([password] if password else [])]  # fmt: skip
    subprocess.run(command, check=True, timeout=120)
    return target.read_bytes()


def linking(target: str, text: str) -> dict[str, tuple[Format, bytes]]:
    """Documents with a text that name something outside, each in another way."""
    named = f'xlink:href="{target}" xlink:type="simple" xlink:show="embed" xlink:actuate="onLoad"'
    part = (
        f'<text:section text:name="S"><text:section-source {named} text:filter-name="writer8"/><text:p/></text:section>'
    )
    table = (
        f"<table:table-row><table:table-cell table:formula=\"of:=['{target}'#$Tabelle1.A1]\"/>"
        f'<table:table-cell table:formula="of:=COM.MICROSOFT.WEBSERVICE(&quot;{target}&quot;)"/></table:table-row>'
    )
    image, book = {"rId7": external("image", target)}, {"rId7": external("oleObject", target)}
    return {
        "docx picture": (Format.DOCX, docx(text, body=word_picture("rId7"), related=image)),
        "docx object": (Format.DOCX, docx(text, body=word_link("rId7"), related=book)),
        "docx template": (Format.DOCX, docx(text, related={"rId7": external("attachedTemplate", target)})),
        "docx text": (Format.DOCX, docx(text, body=word_field(f'INCLUDEtext "{target}"'))),
        "docx field": (Format.DOCX, docx(text, body=word_field(f'INCLUDEPICTURE "{target}" \\d'))),
        "odt picture": (Format.ODT, odt(text, body=frame(f"<draw:image {named}/>"))),
        "odt object": (Format.ODT, odt(text, body=frame(f"<draw:object {named}/>"))),
        "odt frame": (Format.ODT, odt(text, body=frame(f"<draw:floating-frame {named}/>"))),
        "odt section": (Format.ODT, odt(text, body=part)),
        "ods cells": (Format.ODS, ods([text], raw=table)),
        "xlsx": (Format.XLSX, xlsx([[f'=_xlfn.WEBSERVICE("{target}")', f'=HYPERLINK("{target}")'], [text]])),
        "rtf": (
            Format.RTF,
            rtf(text)[:-2] + b'{\\field{\\*\\fldinst INCLUDEPICTURE "%s"}{\\fldrslt -}}}' % target.encode(),
        ),
    }  # fmt: skip


def frame(content: str) -> str:
    """Raw XML: something drawn in a text."""
    return (
        '<text:p><draw:frame text:anchor-type="as-char" svg:width="8cm" svg:height="8cm">'
        f"{content}</draw:frame></text:p>"
    )


def macro_ods(target: Path, *row: str) -> bytes:
    """A spreadsheet whose first cell calls a function in BASIC of its own, which writes a file, when it is opened."""
    basic = f'Function Canary\nOpen "{target}" For Output As #1\nPrint #1, "da"\nClose #1\nCanary = 1\nEnd Function'
    library = 'library:name="Standard" xmlns:library="http://openoffice.org/2000/library"'
    extra = {
        "Basic/script-lc.xml": '<library:libraries xmlns:library="http://openoffice.org/2000/library" '
        'xmlns:xlink="http://www.w3.org/1999/xlink"><library:library library:name="Standard" library:link="false"/>'
        "</library:libraries>",
        "Basic/Standard/script-lb.xml": f'<library:library {library} library:readonly="false" '
        'library:passwordprotected="false"><library:element library:name="M"/></library:library>',
        "Basic/Standard/M.xml": '<script:module xmlns:script="http://openoffice.org/2000/script" script:name="M" '
        f'script:language="StarBasic">{escape(basic)}</script:module>',
    }
    cells = "".join(
        f'<table:table-cell office:value-type="string"><text:p>{escape(text)}</text:p></table:table-cell>'
        for text in row
    )
    table = f'<table:table-row><table:table-cell table:formula="of:=CANARY()"/>{cells}</table:table-row>'
    body = f'<office:spreadsheet><table:table table:name="T">{table}</table:table></office:spreadsheet>'
    return _odf("spreadsheet", body, extra)


_BOMB = "<w:p><w:r><w:t>Ein Absatz</w:t></w:r></w:p>"


def endless_xlsx() -> bytes:
    """A workbook that would be reckoned for hours: each formula looks at a million cells, and has no value yet."""
    formula = "=SUMPRODUCT((A1:A1000000=A2:A1000001)*(B1:B1000000<>ROW(A1:A1000000)))"
    return xlsx([[formula] * 20 for _ in range(400)])


def bomb_docx(octets: int, declared: int | None = None) -> bytes:
    """A Word document that unpacks to so many octets, and says `declared` of it if that is given."""
    made = docx("Guten Tag", body=_BOMB * (octets // len(_BOMB)))
    if declared is None:
        return made
    name = made.rindex(
        b"word/document.xml"
    )  # in the directory: PK 1 2, and 46 octets of which 4 from 24 on are the size
    start = name - 46
    return made[: start + 24] + declared.to_bytes(4, "little") + made[start + 28 :]
