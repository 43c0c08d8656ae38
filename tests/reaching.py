"""Each way in which an HTML document can name something that lies elsewhere."""

REACHING = {
    "img": "<img src='{}'>",
    "srcset": "<img srcset='{} 2x'><picture><source srcset='{}'><img></picture>",
    "stylesheet": "<link rel=stylesheet href='{}'>",
    "import": "<style>@import '{}';</style>",
    "import by url": "<style>@import url({}) print;</style>",
    "url": "<p style=\"background:url('{}')\">x",
    "list": "<ul style=\"list-style-image:url('{}')\"><li>x</ul>",
    "content": "<style>p::before{content:url('{}')}</style><p>x",
    "border": "<p style=\"border-image:url('{}') 1\">x",
    "margin box": "<style>@page { background: url({}); @top-left { content: url({}) } }</style>x",
    "font": "<style>@font-face{font-family:F;src:url('{}')}p{font-family:F}</style><p>x",
    "colour": "<style>@color-profile --c{src:url('{}')}</style><p>x",
    "object": "<object data='{}'></object>",
    "typed object": "<object type='image/svg+xml' data='{}'></object>",
    "embed": "<embed src='{}'>",
    "iframe": "<iframe src='{}'></iframe>",
    "frame": "<frameset><frame src='{}'></frameset>",
    "video": "<video src='{}' poster='{}'></video>",
    "attachment": "<link rel=attachment href='{}'>",
    "attached link": "<a rel=attachment href='{}'>x</a>",
    "link": "<a href='{}'>x</a>",
    "base": "<base href='{}'><img src='a.png'><link rel=stylesheet href=b.css>",
    "refresh": "<meta http-equiv=refresh content='0;url={}'>",
    "script": "<script src='{}'></script>",
    "svg image": "<svg xmlns='http://www.w3.org/2000/svg' xmlns:xlink='http://www.w3.org/1999/xlink'>"
    "<image width='9' height='9' href='{}'/><image width='9' height='9' xlink:href='{}'/></svg>",
    "svg base": "<svg xmlns='http://www.w3.org/2000/svg' xml:base='{}'><image xml:base='{}' width='9' height='9' "
    "href='a.png'/></svg>",
    "svg use": "<svg xmlns='http://www.w3.org/2000/svg'><use href='{}#a'/></svg>",
    "svg style": "<svg xmlns='http://www.w3.org/2000/svg'><style>@import '{}'; "
    "@font-face{font-family:F;src:url('{}')}</style><text>x</text></svg>",
    "svg fill": "<svg xmlns='http://www.w3.org/2000/svg'><rect width='9' height='9' fill=\"url('{}#a')\" "
    "filter=\"url('{}#a')\" mask=\"url('{}#a')\" clip-path=\"url('{}#a')\"/></svg>",
    "svg filter": "<svg xmlns='http://www.w3.org/2000/svg'><filter id='f'><feImage href='{}'/></filter>"
    "<rect width='9' height='9' filter='url(#f)'/></svg>",
    "entity": "<img src='data:image/svg+xml,<!DOCTYPE svg [<!ENTITY x SYSTEM \"{}\">]>"
    '<svg xmlns="http://www.w3.org/2000/svg"><text>%26x;</text></svg>\'>',
    "svg in svg": "<img src='data:image/svg+xml,<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"9\" height=\"9\">"
    '<image width="9" height="9" href="{}"/></svg>\'>',
}  # fmt: skip


def reaching(way: str, address: str) -> str:
    """A document that names it."""
    return REACHING[way].replace("{}", address)
