"""Plain text: all content."""


def make():
    yield "text/note.txt", "KEEPME: see you at eight. Grüße\n".encode()
