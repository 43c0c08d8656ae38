"""A LibreOffice as it comes, cold, that believes whatever a document says; run by Debian's Python, which has UNO.

``credulous.py FOLDER SOURCE TARGET FILTER [PASSWORD]``: macros run, links are followed; the target may be encrypted.
"""

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import uno  # type: ignore[import-not-found]

ALWAYS_EXECUTE_NO_WARN, FULL_UPDATE = 4, 3


def properties(**values: object) -> tuple[Any, ...]:
    def one(name: str, value: object) -> Any:
        made = uno.createUnoStruct("com.sun.star.beans.PropertyValue")
        made.Name, made.Value = name, value
        return made

    return tuple(one(name, value) for name, value in values.items())


def encryption(filter_name: str, password: str) -> tuple[Any, ...]:
    """Properties of a document that is saved; the filters for DOCX and XLSX want the password in another place."""
    if not password:
        return ()
    if "2007" not in filter_name:
        return properties(Password=password)
    named = uno.createUnoStruct("com.sun.star.beans.NamedValue"), uno.createUnoStruct("com.sun.star.beans.NamedValue")
    named[0].Name, named[0].Value = "OOXPassword", password
    named[1].Name, named[1].Value = "CryptoType", "Standard"
    return properties(EncryptionData=uno.Any("[]com.sun.star.beans.NamedValue", named))


def main(folder: str, source: str, target: str, filter_name: str, password: str = "") -> None:
    pipe = f"credulous-{Path(folder).name}"
    command = [
        "/usr/lib/libreoffice/program/soffice.bin", "--headless", "--norestore", "--nodefault", "--nolockcheck",
        f"-env:UserInstallation={Path(folder, 'credulous').as_uri()}",
    ]  # fmt: skip
    subprocess.run([*command, "--terminate_after_init"], check=False)  # makes its profile, and wants to start anew
    process = subprocess.Popen([*command, f"--accept=pipe,name={pipe};urp;"])
    services = uno.getComponentContext().ServiceManager
    resolver = services.createInstance("com.sun.star.bridge.UnoUrlResolver")
    while process.poll() is None:
        try:
            context = resolver.resolve(f"uno:pipe,name={pipe};urp;StarOffice.ComponentContext")
            break
        except Exception:  # noqa: BLE001  it does not listen yet
            time.sleep(0.05)
    try:
        desktop = context.ServiceManager.createInstanceWithContext("com.sun.star.frame.Desktop", context)
        believing = properties(Hidden=True, MacroExecutionMode=ALWAYS_EXECUTE_NO_WARN, UpdateDocMode=FULL_UPDATE)
        document = desktop.loadComponentFromURL(Path(source).as_uri(), "_blank", 0, believing)
        if hasattr(document, "updateLinks"):
            document.updateLinks()
        document.storeToURL(
            Path(target).as_uri(), properties(FilterName=filter_name) + encryption(filter_name, password)
        )
    finally:
        process.kill()
        process.wait()


if __name__ == "__main__":
    main(*sys.argv[1:])
