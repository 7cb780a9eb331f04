"""The origin behind every proxy: a 6-byte page, as fast as asyncio answers. Told a descriptor, it serves that too."""

import asyncio
import socket
import sys

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 6\r\n\r\nhello\n"


class Origin(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._data = b""

    def data_received(self, data: bytes) -> None:
        self._data += data
        *heads, self._data = self._data.split(b"\r\n\r\n")
        self._transport.write(ANSWER * len(heads))


async def main() -> None:
    server = await asyncio.get_running_loop().create_server(Origin, "127.0.0.1", 0)
    for text in sys.argv[1:]:
        await asyncio.get_running_loop().create_server(Origin, sock=socket.socket(fileno=int(text)))
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
