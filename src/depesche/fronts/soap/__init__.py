"""The FAX.de interface (Rev. 2.55) as a SOAP service: addresses, WSDL, codec, and the way into the use cases."""
