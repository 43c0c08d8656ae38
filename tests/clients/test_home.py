"""What a browser and a look at the data folder find."""

import http.client
import stat
from urllib.parse import urlsplit

from serving import Serving


def test_the_root_leads_to_the_page_of_the_interface(server: Serving) -> None:
    connection = http.client.HTTPConnection(urlsplit(server.base_url).netloc, timeout=10)
    connection.request("GET", "/")
    response = connection.getresponse()
    assert (response.status, response.getheader("location")) == (307, "/xmlws.exe?intf=IntfXMLWS")
    connection.close()


def test_the_data_folder_is_for_its_owner_alone(server: Serving) -> None:
    assert stat.S_IMODE(server.data.stat().st_mode) == 0o700
