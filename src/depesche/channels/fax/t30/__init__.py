"""The T.30 engine: libspandsp behind `audio.AudioTerminal`, `t38.T38Terminal` and the `session.Session` in each."""
