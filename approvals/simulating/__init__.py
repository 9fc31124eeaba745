"""Whether a client gets in: asked in the web process, answered by a worker."""
