"""The two descriptions of the service (WSDL 1.1), written from the table of operations so that they cannot drift apart.

`return` is the first part of each response, and ``parameterOrder`` is given: .NET takes the first part for the result,
zeep insists on the order of the description, Axis 1 needs the attribute to make `return` the result of the method.
"""

from xml.etree import ElementTree as ET

from depesche.config import Soap
from depesche.fronts.soap.codec.encoder import Style
from depesche.fronts.soap.codec.fault import SoapVersion
from depesche.fronts.soap.operations import OPERATIONS, RETURN, Operation, Parameter, XmlType

_COMMON = {
    "xmlns": "http://schemas.xmlsoap.org/wsdl/",
    "xmlns:xs": "http://www.w3.org/2001/XMLSchema",
    "xmlns:soap": "http://schemas.xmlsoap.org/wsdl/soap/",
}
_TRANSPORT = "http://schemas.xmlsoap.org/soap/http"


def describe(style: Style, settings: Soap, location: str) -> bytes:
    """The WSDL of a style; `location` is the URL to which clients post."""
    definitions = _document(settings, location) if style is Style.DOCUMENT else _rpc(settings, location)
    ET.indent(definitions)
    written: str = ET.tostring(definitions, encoding="unicode")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{written}\n'.encode()


def _rpc(settings: Soap, location: str) -> ET.Element:
    encoding = SoapVersion.SOAP_1_1.encoding_style
    body = {"use": "encoded", "encodingStyle": encoding, "namespace": settings.namespace}
    return _node(
        "definitions",
        {
            **_COMMON,
            "xmlns:tns": settings.target_namespace,
            "xmlns:soapenc": encoding,
            "xmlns:mime": "http://schemas.xmlsoap.org/wsdl/mime/",
            "name": "IntfXMLWSservice",
            "targetNamespace": settings.target_namespace,
        },
        *(message for operation in OPERATIONS for message in _messages(operation)),
        _port_type("IntfXMLWS", [_rpc_operation(operation) for operation in OPERATIONS]),
        _binding("IntfXMLWSbinding", "IntfXMLWS", Style.RPC, settings.namespace, body),
        _service("IntfXMLWSservice", "IntfXMLWSPort", "IntfXMLWSbinding", location),
    )


def _messages(operation: Operation) -> tuple[ET.Element, ET.Element]:
    return (
        _node("message", {"name": f"{operation.name}{operation.index}Request"}, *map(_part, operation.ins)),
        _node(
            "message", {"name": f"{operation.name}{operation.index}Response"}, *map(_part, (RETURN, *operation.outs))
        ),
    )


def _part(parameter: Parameter) -> ET.Element:
    return _node("part", {"name": parameter.name, "type": f"xs:{parameter.type.value}"})


def _rpc_operation(operation: Operation) -> ET.Element:
    order = " ".join(parameter.name for parameter in operation.ins + operation.outs)
    return _exchange(f"{operation.name}{operation.index}", {"name": operation.name, "parameterOrder": order})


def _document(settings: Soap, location: str) -> ET.Element:
    namespace = settings.document_namespace
    elements = [element for operation in OPERATIONS for element in _wrappers(operation)]
    schema = _node("xs:schema", {"elementFormDefault": "qualified", "targetNamespace": namespace}, *elements)
    names = [f"{operation.name}{way}" for operation in OPERATIONS for way in ("Request", "Response")]
    return _node(
        "definitions",
        {**_COMMON, "xmlns:tns": namespace, "name": "IntfXMLWSDoc", "targetNamespace": namespace},
        _node("types", {}, schema),
        *(_wrapped(name) for name in names),
        _port_type("IntfXMLWSDoc", [_exchange(operation.name, {"name": operation.name}) for operation in OPERATIONS]),
        _binding("IntfXMLWSDocBinding", "IntfXMLWSDoc", Style.DOCUMENT, namespace, {"use": "literal"}),
        _service("IntfXMLWSDocService", "IntfXMLWSDocPort", "IntfXMLWSDocBinding", location),
    )


def _wrappers(operation: Operation) -> tuple[ET.Element, ET.Element]:
    return (
        _wrapper(operation.name, operation.ins),
        _wrapper(f"{operation.name}Response", (RETURN, *operation.outs)),
    )


def _wrapper(name: str, parameters: tuple[Parameter, ...]) -> ET.Element:
    sequence = _node("xs:sequence", {}, *map(_element, parameters))
    return _node("xs:element", {"name": name}, _node("xs:complexType", {}, sequence))


def _element(parameter: Parameter) -> ET.Element:
    attributes = {"name": parameter.name, "type": f"xs:{parameter.type.value}"}
    if not parameter.required:
        attributes["minOccurs"] = "0"
    if parameter.type is XmlType.DATE_TIME:
        attributes["nillable"] = "true"
    return _node("xs:element", attributes)


def _wrapped(message: str) -> ET.Element:
    element = message.removesuffix("Request")
    return _node("message", {"name": message}, _node("part", {"name": "parameters", "element": f"tns:{element}"}))


def _port_type(name: str, operations: list[ET.Element]) -> ET.Element:
    return _node("portType", {"name": name}, *operations)


def _exchange(message: str, attributes: dict[str, str]) -> ET.Element:
    return _node(
        "operation",
        attributes,
        _node("input", {"message": f"tns:{message}Request"}),
        _node("output", {"message": f"tns:{message}Response"}),
    )


def _binding(name: str, port_type: str, style: Style, namespace: str, body: dict[str, str]) -> ET.Element:
    return _node(
        "binding",
        {"name": name, "type": f"tns:{port_type}"},
        _node("soap:binding", {"style": style.value, "transport": _TRANSPORT}),
        *(_bound(operation, style, namespace, body) for operation in OPERATIONS),
    )


def _bound(operation: Operation, style: Style, namespace: str, body: dict[str, str]) -> ET.Element:
    action = {"soapAction": f"{namespace}#{operation.name}", "style": style.value}
    return _node(
        "operation",
        {"name": operation.name},
        _node("soap:operation", action),
        _node("input", {}, _node("soap:body", body)),
        _node("output", {}, _node("soap:body", body)),
    )


def _service(name: str, port: str, binding: str, location: str) -> ET.Element:
    address = _node("soap:address", {"location": location})
    return _node("service", {"name": name}, _node("port", {"name": port, "binding": f"tns:{binding}"}, address))


def _node(tag: str, attributes: dict[str, str], *children: ET.Element) -> ET.Element:
    """An element whose prefixes are written as they stand: values of attributes use them too."""
    node = ET.Element(tag, attributes)
    node.extend(children)
    return node
