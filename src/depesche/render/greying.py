"""The objects of a PDF document in grey: content streams, pictures, gradients, patterns, masks."""

import io
from collections.abc import Callable
from typing import Any

from PIL import Image
from pypdf import PdfWriter
from pypdf.generic import (
    ArrayObject,
    DictionaryObject,
    FloatObject,
    IndirectObject,
    NameObject,
    NumberObject,
    PdfObject,
    StreamObject,
)

from depesche.render import colour, probe
from depesche.render.colour import CMYK, GREY, RGB, UNKNOWN, Palette, Space
from depesche.render.content import Step, Unreadable, steps
from depesche.render.inlinepicture import inline_picture, is_mask
from depesche.render.pdfobject import (
    added,
    contents,
    copied,
    data,
    dictionary,
    entries,
    filters,
    inherited,
    name,
    number,
    part,
    put,
    stream,
)
from depesche.render.probe import Probes

QUALITY = 90
"""Of JPEG."""

MOST_PIXELS = 60_000_000
"""Of one picture."""

_FIXED = {b"g": GREY, b"rg": RGB, b"k": CMYK}


class Greying:
    """A document that is being made grey; what cannot be is told by exceptions: Unreadable, and pypdf's own."""

    def __init__(self, writer: PdfWriter) -> None:
        self._writer = writer
        self._palette = Palette()
        self._probes = Probes()
        self._made: dict[int, PdfObject] = {}
        """What became of an object, by its number."""

        self._known: dict[int, DictionaryObject] = {}
        """Resources that were gone through, by their identity."""

        self._rest: list[Callable[[], None]] = []
        """What is to be done as soon as all has been asked for."""

        self._changes = 0

    def page(self, page: DictionaryObject) -> bool:
        """One page; whether anything was changed."""
        before, resources = self._changes, inherited(page, "/Resources")
        shown = self._content(contents(page), resources, GREY)
        self._resources(resources)
        if "/Group" in page or part(resources, "/ExtGState") or part(resources, "/XObject"):
            page[NameObject("/Group")] = in_grey(page.get("/Group"))
        page[NameObject("/Contents")] = self._stream({}, shown)
        page.pop("/Annots", None)  # what is to be seen of them is part of the page
        return self._changes > before

    def finish(self) -> bool:
        """See what was asked for, and fill it in; whether there was anything. Raises: MemoryError."""
        pages = self._palette.show(self._probes)
        self._probes.open()
        self._palette.look(pages, self._probes)
        for step in self._rest:
            step()
        return bool(self._rest)

    def _content(self, content: bytes, resources: DictionaryObject, begun: Space) -> Callable[[], bytes]:
        """A content stream in grey; `begun`: the colour space that it begins with."""
        pieces: list[bytes | Callable[[], bytes]] = []
        spaces = {True: begun, False: begun}  # of what is filled, of lines
        stack: list[dict[bool, Space]] = []
        copied_to = 0
        for step in steps(content):
            if step.operator == b"q":
                stack.append(dict(spaces))
            elif step.operator == b"Q" and stack:
                spaces = stack.pop()
            instead = self._instead(step, spaces, resources)
            if instead:
                self._changes += 1
                pieces += [content[copied_to : step.start], instead]
                copied_to = step.stop
        pieces.append(content[copied_to:])
        return lambda: b"".join(piece if isinstance(piece, bytes) else piece() for piece in pieces)

    def _instead(
        self, step: Step, spaces: dict[bool, Space], resources: DictionaryObject
    ) -> Callable[[], bytes] | None:
        """What comes in place of an operator; None: it stays."""
        fills = step.operator.islower()
        match step.operator.lower():
            case b"g" | b"rg" | b"k":
                spaces[fills] = space = _FIXED[step.operator.lower()]
                return self._set(step, space, step.numbers()) if space.kind != "grey" else None
            case b"cs":
                spaces[fills] = space = colour.space(name(step.operands[-1] if step.operands else b""), resources)
                return self._set(step, space, space.first) if space.kind != "pattern" else None
            case b"sc" | b"scn":
                return self._coloured(step, spaces[fills], resources)
            case b"id":
                return self._inline(step, resources)
        return None

    def _coloured(self, step: Step, space: Space, resources: DictionaryObject) -> Callable[[], bytes] | None:
        given = step.numbers()
        if space.kind == "unknown":
            raise Unreadable("a form in the colours of whoever draws it")
        if space.kind != "pattern":
            return self._set(step, space, given) if space.kind != "grey" else None
        if not given or space.object is None:
            return None
        grey, pattern = self._palette.want(colour.space(space.object, resources), given), step.operands[-1]
        return lambda: b"%.4f %s %s" % (grey(), pattern, step.operator)

    def _set(self, step: Step, space: Space, given: tuple[float, ...]) -> Callable[[], bytes]:
        grey, operator = self._palette.want(space, given), b"g" if step.operator.islower() else b"G"
        return lambda: b"%.4f %s" % (grey(), operator)

    def _inline(self, step: Step, resources: DictionaryObject) -> Callable[[], bytes] | None:
        """A coloured picture in a content stream becomes one beside it."""
        picture = inline_picture(step)
        if is_mask(picture) or colour.of_picture(picture, resources).kind == "grey":
            return None
        picture[NameObject("/ColorSpace")] = colour.alone(picture.raw_get("/ColorSpace"), resources)
        shown = part(resources, "/XObject")
        known = f"/Depesche{len(shown)}"
        shown[NameObject(known)] = self._picture(picture, resources)
        return lambda: known.encode() + b" Do"

    def _resources(self, resources: DictionaryObject) -> None:
        """All that a content stream names."""
        if id(resources) in self._known:
            return
        self._known[id(resources)] = resources
        try:
            self._go_through(resources)
        except BaseException:  # another page that names them has to meet with the same
            del self._known[id(resources)]
            raise

    def _go_through(self, resources: DictionaryObject) -> None:
        for names, make in (("/XObject", self._shown), ("/Pattern", self._pattern), ("/Shading", self._shading)):
            held = part(resources, names)
            for one in list(held):
                held[NameObject(one)] = self._once(held.raw_get(one), make, resources)
        for state in part(resources, "/ExtGState").values():
            self._state(dictionary(state), resources)
        for font in part(resources, "/Font").values():
            self._font(dictionary(font), resources)
        self._rest.append(lambda: colour.drop(resources))

    def _once(
        self, raw: PdfObject, make: Callable[[PdfObject, DictionaryObject], PdfObject], resources: DictionaryObject
    ) -> PdfObject:
        """What becomes of an object that may be named more than once."""
        if not isinstance(raw, IndirectObject):
            return make(raw, resources)
        if raw.idnum not in self._made:
            self._made[raw.idnum] = made = make(raw, resources)
            if isinstance(made, IndirectObject):
                self._made[made.idnum] = made  # it may be met again under its new number
        made = self._made[raw.idnum]
        self._changes += made is not raw
        return made

    def _shown(self, raw: PdfObject, resources: DictionaryObject) -> PdfObject:
        kind = dictionary(raw).get("/Subtype")
        if kind == "/Image":
            return self._picture(raw, resources)
        return self._form(raw, resources) if kind == "/Form" else raw

    def _form(self, raw: PdfObject, resources: DictionaryObject) -> PdfObject:
        """A form, a tile of a pattern, or a letter of a font."""
        form = dictionary(raw)
        own = dictionary(form["/Resources"]) if "/Resources" in form else resources
        kept = entries(form, without=("/Filter", "/DecodeParms", "/Length"))
        if "/Group" in form:
            kept["/Group"] = in_grey(form["/Group"])
        made = self._stream(kept, self._content(data(form), own, UNKNOWN))
        if isinstance(raw, IndirectObject):
            self._made[raw.idnum] = made  # it may draw itself
        self._resources(own)
        return made

    def _pattern(self, raw: PdfObject, resources: DictionaryObject) -> PdfObject:
        pattern = dictionary(raw)
        if pattern.get("/PatternType") == 1:
            return self._form(raw, resources)
        pattern[NameObject("/Shading")] = self._once(pattern.raw_get("/Shading"), self._shading, resources)
        if "/ExtGState" in pattern:
            self._state(dictionary(pattern["/ExtGState"]), resources)
        return raw

    def _shading(self, raw: PdfObject, resources: DictionaryObject) -> PdfObject:
        """A gradient along a line or between circles: the same in grey."""
        shading = dictionary(raw)
        if shading.get("/ShadingType") not in (2, 3) or "/Background" in shading:
            raise Unreadable("a mesh of colours")
        line = probe.between_ends(shading, colour.alone(shading.raw_get("/ColorSpace"), resources))
        page = self._probes.gradient(line)
        domain: Any = shading.get("/Domain", (0, 1))
        samples = self._stream(
            {
                "/FunctionType": NumberObject(0),
                "/BitsPerSample": NumberObject(8),
                "/Domain": ArrayObject(FloatObject(float(end)) for end in domain),
                "/Range": ArrayObject((NumberObject(0), NumberObject(1))),
                "/Size": ArrayObject((NumberObject(probe.SAMPLES),)),
            },
            lambda: bytes(self._probes.see(page)[probe.CELL // 2]),
        )
        made = entries(shading) | {"/ColorSpace": NameObject("/DeviceGray"), "/Function": samples}
        self._changes += 1
        return added(self._writer, DictionaryObject({NameObject(key): value for key, value in made.items()}))

    def _picture(self, raw: PdfObject, resources: DictionaryObject) -> PdfObject:
        picture = dictionary(raw)
        if is_mask(picture) or colour.of_picture(picture, resources).kind == "grey":
            return raw
        width, height = number(picture, "/Width"), number(picture, "/Height")
        soft = dictionary(picture["/SMask"]) if "/SMask" in picture else {}
        if width * height > MOST_PIXELS or "/Matte" in soft or picture.get("/SMaskInData"):
            raise Unreadable("a picture that cannot be drawn alone")
        if isinstance(picture.get("/Mask"), ArrayObject):
            raise Unreadable("a picture with a colour that shows through")
        bare = copied(picture, without=("/SMask", "/Mask"))
        if "/ColorSpace" in picture:
            bare[NameObject("/ColorSpace")] = colour.alone(picture.raw_get("/ColorSpace"), resources)
        page = self._probes.picture(bare, width, height)
        kept = entries(picture, without=("/Filter", "/DecodeParms", "/Decode", "/Length"))
        kept |= {"/ColorSpace": NameObject("/DeviceGray"), "/BitsPerComponent": NumberObject(8)}
        made = stream(kept)
        lossy = bool({"/DCTDecode", "/JPXDecode"} & set(filters(picture)))
        self._rest.append(lambda: put_pixels(made, self._probes.see(page), lossy=lossy))
        self._changes += 1
        return added(self._writer, made)

    def _state(self, state: DictionaryObject, resources: DictionaryObject) -> None:
        """A mask that lets through more or less is drawn in grey, too."""
        found = state.get("/SMask")
        mask = found.get_object() if found is not None else None
        if not isinstance(mask, DictionaryObject):
            return
        raw = mask.raw_get("/G")
        group, backdrop = dictionary(dictionary(raw).get("/Group")), mask.get("/BC")
        if isinstance(backdrop, ArrayObject) and "/CS" in group:
            components = tuple(float(str(one)) for one in backdrop)
            grey = self._palette.want(colour.space(group.raw_get("/CS"), resources), components)
            self._rest.append(lambda: mask.update({NameObject("/BC"): ArrayObject((FloatObject(grey()),))}))
        mask[NameObject("/G")] = self._once(raw, self._form, resources)

    def _font(self, font: DictionaryObject, resources: DictionaryObject) -> None:
        """Letters that are drawn by content streams of their own."""
        if font.get("/Subtype") != "/Type3":
            return
        own = dictionary(font["/Resources"]) if "/Resources" in font else resources
        letters = dictionary(font["/CharProcs"])
        for one in list(letters):
            letters[NameObject(one)] = self._once(letters.raw_get(one), self._form, own)

    def _stream(self, kept: dict[str, PdfObject], shown: Callable[[], bytes]) -> PdfObject:
        """A new stream; its data follow."""
        made = stream(kept)
        self._rest.append(lambda: put(made, shown()))
        return added(self._writer, made)


def in_grey(group: PdfObject | None) -> DictionaryObject:
    """A group in which what shows through is mixed in grey; what is mixed in the printer's colours may be one."""
    made = {} if group is None else entries(dictionary(group))
    made |= {"/S": NameObject("/Transparency"), "/CS": NameObject("/DeviceGray")}
    return DictionaryObject({NameObject(key): value for key, value in made.items()})


def put_pixels(picture: StreamObject, pixels: probe.Grey, *, lossy: bool) -> None:
    """Give a picture its grey values."""
    if lossy:
        out = io.BytesIO()
        Image.fromarray(pixels).save(out, "JPEG", quality=QUALITY)
        put(picture, out.getvalue(), "/DCTDecode")
    else:
        put(picture, pixels.tobytes())
