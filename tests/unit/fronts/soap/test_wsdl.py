"""Both descriptions, read as clients read them."""

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from suds.client import Client as SudsClient  # type: ignore[import-untyped]
from zeep import Client as ZeepClient
from zeep import Settings as ZeepSettings

from depesche.config import Soap, load
from depesche.fronts.soap.codec.encoder import Style
from depesche.fronts.soap.operations import OPERATIONS, RETURN, Operation
from depesche.fronts.soap.wsdl import describe

SETTINGS = load().soap
LOCATION = "http://fax.example:8080/xmlws.exe/soap/IntfXMLWS"
SPACES = {
    "w": "http://schemas.xmlsoap.org/wsdl/",
    "s": "http://schemas.xmlsoap.org/wsdl/soap/",
    "x": "http://www.w3.org/2001/XMLSchema",
}
ENCODING = "http://schemas.xmlsoap.org/soap/encoding/"


def described(style: Style, settings: Soap = SETTINGS) -> ET.Element:
    return ET.fromstring(describe(style, settings, LOCATION))


def attribute(node: ET.Element, path: str, name: str) -> str | None:
    found = node.find(path, SPACES)
    assert found is not None, path
    return found.get(name)


@pytest.fixture(params=list(Style))
def style(request: pytest.FixtureRequest) -> Style:
    assert isinstance(request.param, Style)
    return request.param


@pytest.fixture
def file(tmp_path: Path, style: Style) -> Path:
    path = tmp_path / "IntfXMLWS.wsdl"
    path.write_bytes(describe(style, SETTINGS, LOCATION))
    return path


def test_the_rpc_description_has_the_names_of_a_delphi_service() -> None:
    root = described(Style.RPC)
    assert root.get("targetNamespace") == "http://tempuri.org/"
    assert root.get("name") == "IntfXMLWSservice"
    assert attribute(root, "w:portType", "name") == "IntfXMLWS"
    assert attribute(root, "w:binding", "name") == "IntfXMLWSbinding"
    assert attribute(root, "w:binding/s:binding", "style") == "rpc"
    assert attribute(root, "w:service", "name") == "IntfXMLWSservice"
    assert attribute(root, "w:service/w:port", "name") == "IntfXMLWSPort"
    assert attribute(root, "w:service/w:port/s:address", "location") == LOCATION


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_each_rpc_operation_is_encoded_with_return_first(operation: Operation) -> None:
    root = described(Style.RPC)
    response = root.find(f"w:message[@name='{operation.name}{operation.index}Response']", SPACES)
    request = root.find(f"w:message[@name='{operation.name}{operation.index}Request']", SPACES)
    assert response is not None
    assert request is not None
    assert [(part.get("name"), part.get("type")) for part in response] == [
        (parameter.name, f"xs:{parameter.type.value}") for parameter in (RETURN, *operation.outs)
    ]
    assert [part.get("name") for part in request] == [parameter.name for parameter in operation.ins]
    order = attribute(root, f"w:portType/w:operation[@name='{operation.name}']", "parameterOrder")
    assert order == " ".join(parameter.name for parameter in operation.ins + operation.outs)
    bound = f"w:binding/w:operation[@name='{operation.name}']"
    assert attribute(root, f"{bound}/s:operation", "soapAction") == f"urn:XMLWSIntf-IntfXMLWS#{operation.name}"
    for way in ("input", "output"):
        body = root.find(f"{bound}/w:{way}/s:body", SPACES)
        assert body is not None
        assert body.attrib == {"use": "encoded", "encodingStyle": ENCODING, "namespace": "urn:XMLWSIntf-IntfXMLWS"}


def test_the_document_description_is_wrapped_and_qualified() -> None:
    root = described(Style.DOCUMENT)
    assert root.get("targetNamespace") == "urn:XMLWSIntf-IntfXMLWS-doc"
    assert attribute(root, "w:types/x:schema", "elementFormDefault") == "qualified"
    assert attribute(root, "w:binding/s:binding", "style") == "document"
    wrapper = root.find("w:types/x:schema/x:element[@name='JobStatusResponse']/x:complexType/x:sequence", SPACES)
    assert wrapper is not None
    assert [element.attrib for element in wrapper] == [
        {"name": "return", "type": "xs:int"},
        {"name": "SendResult", "type": "xs:string", "minOccurs": "0"},
        {"name": "SendDateTime", "type": "xs:dateTime", "minOccurs": "0", "nillable": "true"},
        {"name": "RemoteId", "type": "xs:string", "minOccurs": "0"},
        {"name": "StatusFile", "type": "xs:base64Binary", "minOccurs": "0"},
    ]
    assert attribute(root, "w:message[@name='SendJobRequest']/w:part", "element") == "tns:SendJob"
    assert attribute(root, "w:message[@name='SendJobResponse']/w:part", "element") == "tns:SendJobResponse"


def test_namespaces_come_from_the_settings() -> None:
    namespaces = {"namespace": "urn:a", "target_namespace": "urn:b&c", "document_namespace": "urn:d"}
    settings = SETTINGS.model_copy(update=namespaces)
    rpc, document = described(Style.RPC, settings), described(Style.DOCUMENT, settings)
    assert rpc.get("targetNamespace") == "urn:b&c"
    assert attribute(rpc, "w:binding/w:operation/w:input/s:body", "namespace") == "urn:a"
    assert attribute(rpc, "w:binding/w:operation/s:operation", "soapAction") == "urn:a#SendJob"
    assert document.get("targetNamespace") == "urn:d"
    assert attribute(document, "w:binding/w:operation/s:operation", "soapAction") == "urn:d#SendJob"


def test_zeep_makes_a_proxy_of_all_operations(file: Path) -> None:
    client = ZeepClient(str(file), settings=ZeepSettings(strict=True))  # type: ignore[no-untyped-call]
    (service,) = client.wsdl.services.values()
    (port,) = service.ports.values()
    bound = port.binding._operations
    assert list(bound) == [operation.name for operation in OPERATIONS]
    for operation in OPERATIONS:
        signature = bound[operation.name].input.signature()
        assert [part.split(":")[0].strip() for part in signature.split(", ")] == [
            parameter.name for parameter in operation.ins
        ]
    assert port.binding_options["address"] == LOCATION


def test_suds_makes_a_proxy_of_all_operations(file: Path) -> None:
    client = SudsClient(file.as_uri(), cachingpolicy=0, cache=None)
    (definition,) = client.sd
    (port,) = definition.ports
    methods = dict(port[1])
    assert sorted(methods) == sorted(operation.name for operation in OPERATIONS)
    for operation in OPERATIONS:
        assert [given[0] for given in methods[operation.name]] == [parameter.name for parameter in operation.ins]
