"""The bytes of documents and received faxes, apart from the database: a local folder or S3, one way to use both."""
