"""The HTTP API: routes, bodies and errors. Answers come from `ui.answering`."""
