"""SOAP bytes to calls and answers to SOAP bytes: no socket, no clock, no asyncio."""
