"""A site on loopback for `crawl.py`: invented articles, in memory, as fast as one process can send them.

    python tests/bench/pages_server.py ARTICLES BYTES

Prints its port when it is ready, and ends when its standard input does.
"""

import asyncio
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from invented import article, page

NOT_FOUND = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"


def path_of(number: int) -> str:
    """Return the path of an article, in the form of the site."""
    return "/" + article(number).url.split("/", 3)[3]


class Site(asyncio.Protocol):
    """Answers GET, one request after another on each connection."""

    responses: dict[bytes, bytes]

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.received = b""

    def data_received(self, data: bytes) -> None:
        *requests, self.received = (self.received + data).split(b"\r\n\r\n")
        for request in requests:
            self.transport.write(self.responses.get(request.split(b" ", 2)[1], NOT_FOUND))


async def serve(articles: int, size: int) -> None:
    """Serve until standard input ends."""
    Site.responses = {}
    for number in range(articles):
        body = page(article(number), size=size)
        head = f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {len(body)}\r\n\r\n"
        Site.responses[path_of(number).encode()] = head.encode() + body
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Site, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), int(sys.argv[2])))
