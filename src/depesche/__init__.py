"""Depesche: a self-hosted dispatch gateway for fax, SMS, e-mail, letters and signed invoices."""

__version__ = "0.1.0"
