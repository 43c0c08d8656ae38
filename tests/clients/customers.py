"""The programs of customers: what each needs, how it is built, how it is run."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

RPC_WSDL = "/xmlws.exe?/wsdl/IntfXMLWS"
DOCUMENT_WSDL = "/soapdoc/IntfXMLWS?wsdl"

_AXIS = ["axis", "axis-jaxrpc", "axis-saaj", "commons-discovery", "commons-logging", "wsdl4j"]
_AXIS_CLASSES = ":".join([".", *(f"/usr/share/java/{name}.jar" for name in _AXIS)])
_JAXWS_CLASSES = ".:/usr/share/java/jaxws-rt.jar"


@dataclass(frozen=True, slots=True)
class Customer:
    """A program; it is run with the server's address and a folder, and prints what it was answered as JSON."""

    name: str

    needs: Mapping[str, str]
    """Programs on PATH, or patterns of files; each with the Debian package that has it."""

    run: Sequence[str]
    """The command, in the folder of its files."""

    sources: Sequence[str]
    """Its files, seen from the folder of these tests."""

    build: Sequence[Sequence[str]] = field(default=())
    """Commands that make the program out of its files and ``{wsdl}``, in a folder of its own."""

    wsdl: str = RPC_WSDL


PHP = {"php": "php-cli", "/usr/lib/php/*/soap.so": "php-soap"}
MONO = {"wsdl": "mono-devel", "mcs": "mono-mcs", "mono": "mono-devel"}
_JAVA = {"java": "default-jdk-headless", "javac": "default-jdk-headless"}

CUSTOMERS = (
    Customer("php", PHP, ["php", "scenario.php"], ["php/scenario.php"]),
    Customer("zeep", {}, [sys.executable, "zeep_scenario.py"], ["python/zeep_scenario.py"]),
    Customer("suds", {}, [sys.executable, "suds_scenario.py"], ["python/suds_scenario.py"]),
    Customer(
        "perl",
        {"perl": "perl", "/usr/share/perl5/SOAP/Lite.pm": "libsoap-lite-perl"},
        ["perl", "scenario.pl"],
        ["perl/scenario.pl"],
    ),
    Customer(
        "gsoap",
        {
            "wsdl2h": "gsoap",
            "gcc": "gcc",
            "/usr/include/stdio.h": "libc6-dev",
            "/usr/include/stdsoap2.h": "libgsoap-dev",
        },
        ["./scenario"],
        ["gsoap/scenario.c"],
        build=(
            ["wsdl2h", "-c", "-o", "fax.h", "{wsdl}"],
            ["soapcpp2", "-c", "-C", "-L", "-x", "fax.h"],
            ["gcc", "-o", "scenario", "scenario.c", "soapC.c", "soapClient.c", "-lgsoap"],
        ),
    ),
    Customer(
        "csharp",
        MONO,
        ["mono", "Scenario.exe"],
        ["csharp/Scenario.cs"],
        build=(
            ["wsdl", "-out:IntfXMLWS.cs", "{wsdl}"],
            ["mcs", "-r:System.Web.Services", "-r:System.Web.Extensions", "Scenario.cs", "IntfXMLWS.cs"],
        ),
    ),
    Customer(
        "axis",
        {**_JAVA, "/usr/share/java/axis.jar": "libaxis-java"},
        ["java", "-cp", _AXIS_CLASSES, "AxisCustomer"],
        ["axis/AxisCustomer.java", "java/Scenario.java", "java/Answer.java"],
        build=(
            ["java", "-cp", _AXIS_CLASSES, "org.apache.axis.wsdl.WSDL2Java", "{wsdl}"],
            ["javac", "-encoding", "UTF-8", "-cp", _AXIS_CLASSES, "AxisCustomer.java"],
        ),
    ),
    Customer(
        "jaxws",
        {**_JAVA, "wsimport": "jaxws"},
        ["java", "-cp", _JAXWS_CLASSES, "JaxwsCustomer"],
        ["jaxws/JaxwsCustomer.java", "java/Scenario.java", "java/Answer.java"],
        build=(
            ["wsimport", "-p", "de.fax", "{wsdl}"],
            ["javac", "-encoding", "UTF-8", "-cp", _JAXWS_CLASSES, "JaxwsCustomer.java"],
        ),
        wsdl=DOCUMENT_WSDL,
    ),
    Customer(
        "node",
        {"node": "nodejs", "npm": "npm"},
        ["node", "scenario.js"],
        ["node/scenario.js", "node/package.json", "node/package-lock.json", "node/.npmrc"],
        build=(["npm", "ci"],),
    ),
)
