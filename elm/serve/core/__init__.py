"""What a server does, without HTTP: what is loaded once, the queues, and the functions behind page and API."""
