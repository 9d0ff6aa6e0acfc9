#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Clients and a server of Python's asyncio.

A client sends messages, each behind its length, and ends its direction. The
server sends every message back, and when there are no more the digest of all.
"""

import asyncio
import hashlib
import random
import sys

CLIENTS = 40
MESSAGES = 60


async def serve_one(reader, writer):
    digest = hashlib.sha256()
    while head := await reader.read(1):
        head += await reader.readexactly(3)
        body = await reader.readexactly(int.from_bytes(head, "big"))
        digest.update(body)
        writer.write(head + body)
        await writer.drain()
    writer.write(digest.digest())
    writer.close()
    await writer.wait_closed()


async def serve(host, port):
    server = await asyncio.start_server(serve_one, host, port)
    await server.serve_forever()


async def send(writer, bodies):
    for body in bodies:
        writer.write(len(body).to_bytes(4, "big") + body)
        await writer.drain()
    writer.write_eof()


async def receive(reader, bodies):
    for number, body in enumerate(bodies):
        head = await reader.readexactly(4)
        if int.from_bytes(head, "big") != len(body):
            sys.exit(f"message {number}: wrong length")
        if await reader.readexactly(len(body)) != body:
            sys.exit(f"message {number}: wrong bytes")
    want = hashlib.sha256(b"".join(bodies)).digest()
    if await reader.read() != want:
        sys.exit("wrong digest")


async def ask_one(host, port):
    bodies = [random.randbytes(int(2 ** random.uniform(0, 16)))
              for _ in range(MESSAGES)]
    reader, writer = await asyncio.open_connection(host, port)
    await asyncio.gather(send(writer, bodies), receive(reader, bodies))
    writer.close()
    await writer.wait_closed()


async def ask(host, port):
    await asyncio.gather(*(ask_one(host, port) for _ in range(CLIENTS)))
    print(f"{CLIENTS} clients had {MESSAGES} answers each")


task = {"serve": serve, "ask": ask}[sys.argv[1]]
asyncio.run(task(sys.argv[2], int(sys.argv[3])))
