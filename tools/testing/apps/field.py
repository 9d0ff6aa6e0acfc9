#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""The programs of field.sh, which know nothing of AF_RSESS.

usage: field.py ADDRESS PORT WHAT [FILE]

web	answer one HTTP request, and more as soon as FILE exists
answer	serve one client: never read its request, write an answer, close
ask	send the request, and read the answer to its end
take	serve one client: write what it sends to standard output
give	send what comes from standard input
"""

import array
import fcntl
import os
import random
import selectors
import socket
import sys
import termios
import time

SO_SNDBUFFORCE = 32
REQUEST = 20000
ANSWER = random.Random(1).randbytes(300000)
PAGE = b"HTTP/1.0 200 OK\r\nContent-Length: 2000\r\n\r\n" + bytes(2000)


def poll(true, *args):
    for _ in range(6000):
        if true(*args):
            return
        time.sleep(0.01)
    sys.exit("waited in vain")


def web_one(sock):
    request = sock.recv(4096)
    if request:
        assert request.endswith(b"\r\n\r\n")
        sock.sendall(PAGE)


def web(address):
    """ab connects more often than it asks: the silent ones wait beside the others."""
    listener = socket.create_server(address, backlog=128)
    ready = selectors.DefaultSelector()
    ready.register(listener, selectors.EVENT_READ)
    served = 0
    while True:
        for key, _ in ready.select():
            sock = key.fileobj
            if sock is listener:
                ready.register(listener.accept()[0], selectors.EVENT_READ)
                continue
            try:
                web_one(sock)
            except OSError as error:
                print("web:", error)
            ready.unregister(sock)
            sock.close()
            served += 1
            if served == 1:
                poll(os.path.exists, sys.argv[4])


def accept_one(address):
    listener = socket.create_server(address)
    sock, _ = listener.accept()
    return sock


def queued(sock):
    """Bytes that could be read."""
    number = array.array("i", [0])
    fcntl.ioctl(sock, termios.FIONREAD, number)
    return number[0]


def answer(address):
    """The kernel takes all of it at once: most is not on the line yet at close()."""
    sock = accept_one(address)
    sock.setsockopt(socket.SOL_SOCKET, SO_SNDBUFFORCE, 4 * len(ANSWER))
    poll(lambda: queued(sock) == REQUEST)
    sock.sendall(ANSWER)
    sock.close()


def ask(address):
    got = b""
    sock = socket.create_connection(address)
    sock.sendall(bytes(REQUEST))
    try:
        while data := sock.recv(65536):
            got += data
    except OSError as error:
        print(error)
    print(f"{len(got)} bytes of {len(ANSWER)}")
    sys.exit(got != ANSWER)


def take(address):
    sock = accept_one(address)
    while data := sock.recv(65536):
        os.write(1, data)


def give(address):
    sock = socket.create_connection(address)
    while data := os.read(0, 65536):
        sock.sendall(data)


tasks = {"web": web, "answer": answer, "ask": ask, "take": take,
         "give": give}
tasks[sys.argv[3]]((sys.argv[1], int(sys.argv[2])))
