"""The functions of the core as JSON over HTTP: routes, limits, errors, metrics and logs."""
