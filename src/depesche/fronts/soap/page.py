"""The page that people see at the address of the service: operations and types, in German with English beside it."""

import base64
import hashlib
from html import escape

from depesche.fronts.soap.codec.encoder import Style
from depesche.fronts.soap.operations import OPERATIONS, RETURN, Operation, Parameter
from depesche.fronts.soap.words import OPERATION_WORDS, meaning

_CSS = """
:root { color-scheme: light dark; --ink: #1c2430; --soft: #5b6675; --line: #dde2e8; --paper: #fff; --tint: #f4f6f9;
  --accent: #0b5cad; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6eaf0; --soft: #9aa6b5; --line: #313a46; --paper: #14191f; --tint: #1c232c; --accent: #7db8f5; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 66rem; padding: 2.5rem 1.25rem 4rem; background: var(--paper); color: var(--ink);
  font: 1rem/1.55 system-ui, sans-serif; }
h1 { margin: 0; font-size: 2rem; letter-spacing: -.02em; }
h2 { margin: 3rem 0 .25rem; font-size: 1.25rem; }
h2 code { font-size: 1em; }
nav { display: flex; flex-wrap: wrap; gap: .25rem 1rem; margin-top: 1rem; }
p { margin: .15rem 0; }
a { color: var(--accent); }
[lang=en] { color: var(--soft); }
code { font: .9em/1.5 ui-monospace, monospace; overflow-wrap: anywhere; }
.links { display: flex; flex-wrap: wrap; gap: .75rem; margin: 1.5rem 0; padding: 0; list-style: none; }
.links a { display: block; padding: .6rem .9rem; border: 1px solid var(--line); border-radius: .5rem;
  background: var(--tint); text-decoration: none; }
.links small { display: block; color: var(--soft); }
.frame { overflow-x: auto; margin-top: .75rem; border: 1px solid var(--line); border-radius: .5rem; }
table { width: 100%; border-collapse: collapse; font-size: .92rem; }
th, td { padding: .4rem .75rem; text-align: left; vertical-align: top; border-top: 1px solid var(--line); }
thead th { border-top: 0; background: var(--tint); font-weight: 600; white-space: nowrap; }
tbody th { font-weight: 400; }
table code { white-space: nowrap; }
tbody.out { background: var(--tint); }
"""

POLICY = (
    "default-src 'none'; style-src 'sha256-"
    + base64.b64encode(hashlib.sha256(_CSS.encode()).digest()).decode()
    + "'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Content-Security-Policy for the page: its own style, nothing else."""

_PAGE = """<!doctype html>
<html lang="de">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>IntfXMLWS · Depesche</title>
<style>{css}</style>
</head>
<body>
<header>
<h1>IntfXMLWS</h1>
<p>SOAP-Schnittstelle von Depesche, wie FAX.de XML/SOAP Rev. 2.55</p>
<p lang="en">SOAP interface of Depesche, like FAX.de XML/SOAP Rev. 2.55</p>
<ul class="links">
<li><a href="{rpc_wsdl}">WSDL (rpc/encoded)<small>Delphi, .NET, PHP, Perl, Python …</small></a></li>
<li><a href="{document_wsdl}">WSDL (document/literal)<small>JAX-WS, CXF, WCF …</small></a></li>
</ul>
<p>POST <code>{rpc_post}</code><br>POST <code>{document_post}</code></p>
<nav>{contents}</nav>
</header>
<main>
{operations}
</main>
</body>
</html>
"""

_OPERATION = """<section id="{name}">
<h2><code>int {name}</code></h2>
<p>{german}</p>
<p lang="en">{english}</p>
<div class="frame"><table>
<thead><tr><th></th><th>Name</th><th>Typ · type</th><th>Bedeutung</th><th lang="en">Meaning</th></tr></thead>
<tbody>{ins}</tbody>
<tbody class="out">{outs}</tbody>
</table></div>
</section>"""

_ROW = (
    "<tr><td>{way}</td><th scope=row><code>{name}</code></th><td><code>{type}</code></td>"
    '<td>{german}</td><td lang="en">{english}</td></tr>'
)


def render(wsdls: dict[Style, str], posts: dict[Style, str]) -> str:
    """The page; both arguments are URLs."""
    return _PAGE.format(
        css=_CSS,
        rpc_wsdl=escape(wsdls[Style.RPC]),
        document_wsdl=escape(wsdls[Style.DOCUMENT]),
        rpc_post=escape(posts[Style.RPC]),
        document_post=escape(posts[Style.DOCUMENT]),
        contents="".join(f'<a href="#{operation.name}">{operation.name}</a>' for operation in OPERATIONS),
        operations="\n".join(map(_operation, OPERATIONS)),
    )


def _operation(operation: Operation) -> str:
    german, english = OPERATION_WORDS[operation.name]
    return _OPERATION.format(
        name=operation.name,
        german=escape(german),
        english=escape(english),
        ins="".join(_row(operation, parameter, "in") for parameter in operation.ins),
        outs="".join(_row(operation, parameter, "out") for parameter in (RETURN, *operation.outs)),
    )


def _row(operation: Operation, parameter: Parameter, way: str) -> str:
    german, english = meaning(operation, parameter)
    return _ROW.format(
        way=way, name=parameter.name, type=parameter.type.value, german=escape(german), english=escape(english)
    )
