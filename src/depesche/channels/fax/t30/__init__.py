"""The T.30 engine: libspandsp behind two classes, `audio.AudioTerminal` and `session.Session`."""
