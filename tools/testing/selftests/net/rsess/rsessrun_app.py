#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Programs that know nothing of AF_RSESS, for rsessrun.sh.

usage: rsessrun_app.py NAME [ARGUMENT...]

Each is a function of this file. It looks at its sockets and fails with an
exception when one is not what rsessrun was asked for.
"""
import array
import ctypes
import errno
import fcntl
import os
import resource
import select
import socket
import struct
import subprocess
import sys
import threading
import time

SOL_RSESS = 0x5253
RSESS_INFO = 2
RSESS_FAMILY = 3
AF_RSESS = 18
WAIT = 60 * int(os.environ.get("RSESS_SLOW", "1"))
LO = "127.0.0.1"


def is_rsess(s):
    try:
        s.getsockopt(SOL_RSESS, RSESS_INFO, 200)
        return True
    except OSError as e:
        if e.errno not in (errno.ENOPROTOOPT, errno.EOPNOTSUPP):
            raise
        return False


def equal(got, wanted):
    assert got == wanted, f"{got!r}, not {wanted!r}"


def protocol(s):
    return s.getsockopt(socket.SOL_SOCKET, socket.SO_PROTOCOL)


def tcp(family=socket.AF_INET):
    return socket.socket(family, socket.SOCK_STREAM)


def listener(port=0, host=LO):
    s = tcp(socket.AF_INET6 if ":" in host else socket.AF_INET)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind((host, port))
    s.listen()
    return s


def inode(s):
    return os.fstat(s.fileno()).st_ino


def receive(s, n):
    got = b""
    while len(got) < n:
        piece = s.recv(n - len(got))
        if not piece:
            break
        got += piece
    return got


def exchange_words(a, b):
    """Both directions work."""
    a.sendall(b"there")
    equal(receive(b, 5), b"there")
    b.sendall(b"and back")
    equal(receive(a, 8), b"and back")


def pair(host=LO, port=0):
    """A connection: listener, the side that connected, the accepted one."""
    lsn = listener(port, host)
    c = tcp(lsn.family)
    c.connect(lsn.getsockname()[:2])
    return lsn, c, lsn.accept()[0]


def sessions():
    with open("/proc/net/rsess") as f:
        return len(f.readlines()) - 1


# --- without a filter

def talk(host):
    """A client and a server in one process."""
    lsn, c, s = pair(host)
    for one in (lsn, c, s):
        assert is_rsess(one)
        equal(protocol(one), socket.IPPROTO_TCP)
        equal(one.getsockopt(socket.SOL_SOCKET, socket.SO_TYPE),
              socket.SOCK_STREAM)
    equal(c.getpeername()[:2], lsn.getsockname()[:2])
    assert sessions() >= 2
    exchange_words(c, s)
    c.close()
    equal(s.recv(1), b"")


def protocol_is_named():
    """socket() with IPPROTO_TCP is meant too."""
    s = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    assert is_rsess(s)


def others_stay():
    """What is no TCP socket is left alone."""
    for family, kind, proto in (
            (socket.AF_INET, socket.SOCK_DGRAM, 0),
            (socket.AF_INET6, socket.SOCK_DGRAM, 0),
            (socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP),
            (socket.AF_UNIX, socket.SOCK_STREAM, 0)):
        s = socket.socket(family, kind, proto)
        assert not is_rsess(s)
        equal(s.getsockopt(socket.SOL_SOCKET, socket.SO_TYPE), kind)
    equal(protocol(s), 0)
    equal(s.getsockopt(socket.SOL_SOCKET, socket.SO_DOMAIN), socket.AF_UNIX)


def flags(s):
    return (bool(fcntl.fcntl(s.fileno(), fcntl.F_GETFL) & os.O_NONBLOCK),
            bool(fcntl.fcntl(s.fileno(), fcntl.F_GETFD) & fcntl.FD_CLOEXEC))


def libc_socket(kind):
    libc = ctypes.CDLL(None, use_errno=True)
    ctypes.set_errno(errno.EXDEV)
    fd = libc.socket(socket.AF_INET, kind, 0)
    assert fd >= 0
    equal(ctypes.get_errno(), errno.EXDEV)
    return socket.socket(fileno=fd, family=socket.AF_INET,
                         type=socket.SOCK_STREAM)


def flags_of_socket():
    """SOCK_NONBLOCK and SOCK_CLOEXEC are passed on, and errno is kept."""
    for nonblock in (False, True):
        for cloexec in (False, True):
            s = libc_socket(socket.SOCK_STREAM |
                            nonblock * socket.SOCK_NONBLOCK |
                            cloexec * socket.SOCK_CLOEXEC)
            assert is_rsess(s)
            equal(flags(s), (nonblock, cloexec))


def run_self(*args, **kwargs):
    return subprocess.run([sys.executable, __file__, *args], check=True,
                          timeout=WAIT, **kwargs)


def child(fd):
    """A connection that the parent had opened, and one of its own."""
    s = socket.socket(fileno=int(fd))
    assert is_rsess(s)
    equal(protocol(s), socket.IPPROTO_TCP)
    s.sendall(b"child")
    assert is_rsess(tcp())


def fork_exec():
    """A child has the parent's sockets, and rsessrun for its own."""
    _, c, s = pair()
    run_self("child", str(c.fileno()), pass_fds=[c.fileno()])
    equal(receive(s, 5), b"child")
    pid = os.fork()
    if not pid:
        c.sendall(b"fork")
        os._exit(not is_rsess(tcp()))
    equal(os.waitpid(pid, 0)[1], 0)
    equal(receive(s, 4), b"fork")
    exchange_words(c, s)


def dup():
    _, c, s = pair()
    other = c.dup()
    c.close()
    assert is_rsess(other)
    equal(protocol(other), socket.IPPROTO_TCP)
    exchange_words(other, s)


def scm_rights():
    """A connection is given to a process that has not made it."""
    _, c, s = pair()
    mine, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    pid = os.fork()
    if not pid:
        c.close()
        _, data, _, _ = its.recvmsg(1, socket.CMSG_SPACE(4))
        got = socket.socket(fileno=array.array("i", data[0][2])[0])
        assert is_rsess(got)
        got.sendall(b"passed")
        os._exit(0)
    mine.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS,
                           array.array("i", [c.fileno()]))])
    equal(os.waitpid(pid, 0)[1], 0)
    equal(receive(s, 6), b"passed")


def activated():
    """As a service that systemd gives its listening socket."""
    equal(os.environ["LISTEN_FDS"], "1")
    lsn = socket.socket(fileno=3)
    assert is_rsess(lsn)
    equal(protocol(lsn), socket.IPPROTO_TCP)
    s, _ = lsn.accept()
    assert is_rsess(s)
    s.sendall(receive(s, 5).upper())


def connect_soon(port):
    """The server may not be there yet."""
    for _ in range(10 * WAIT):
        s = tcp()
        if not s.connect_ex((LO, port)):
            return s
        s.close()
        time.sleep(0.1)
    raise AssertionError("nobody listens")


def say_hello(port):
    """The client of what is above."""
    s = connect_soon(int(port))
    assert is_rsess(s)
    s.sendall(b"hello")
    equal(receive(s, 5), b"HELLO")


def many_threads():
    """Threads that connect at once do not get into each other's way."""
    lsn = listener()
    lsn.listen(200)
    failures = []

    def connect_some():
        try:
            for _ in range(10):
                c = tcp()
                c.connect(lsn.getsockname())
                assert is_rsess(c)
                c.sendall(b"x")
                c.close()
        except (AssertionError, OSError) as e:
            failures.append(e)

    threads = [threading.Thread(target=connect_some) for _ in range(8)]
    for t in threads:
        t.start()
    for _ in range(80):
        s, _ = lsn.accept()
        equal(receive(s, 2), b"x")
    for t in threads:
        t.join()
    equal(failures, [])


# --- with a filter

def by_port(wanted, other):
    """-p WANTED"""
    for port, yes in ((int(wanted), True), (int(other), False)):
        lsn, c, s = pair(port=port)
        for one in (lsn, c, s):
            equal(is_rsess(one), yes)
            equal(protocol(one), socket.IPPROTO_TCP)
        exchange_words(c, s)


def before_use_it_is_tcp():
    """-p: nothing is touched before it is known what for."""
    s = tcp()
    assert not is_rsess(s)
    s.bind((LO, 0))
    assert not is_rsess(s)


def serve(port):
    """-l: what is connected stays."""
    lsn = listener(int(port))
    assert is_rsess(lsn)
    s, _ = lsn.accept()
    assert is_rsess(s)
    s.sendall(receive(s, 5).upper())
    c = tcp()
    equal(c.connect_ex((LO, 1)), errno.ECONNREFUSED)
    assert not is_rsess(c)


def call(port):
    """-c: what listens stays."""
    assert not is_rsess(listener())
    say_hello(port)


OPTIONS = (
    (socket.SOL_SOCKET, socket.SO_REUSEADDR, 1),
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    (socket.SOL_SOCKET, socket.SO_MARK, 77),
    (socket.SOL_SOCKET, socket.SO_RCVLOWAT, 5),
    (socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 7)),
    (socket.SOL_SOCKET, 20, struct.pack("ll", 3, 0)),   # SO_RCVTIMEO
    (socket.SOL_SOCKET, 21, struct.pack("ll", 4, 0)),   # SO_SNDTIMEO
    (socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"lo\0"),
    (socket.SOL_SOCKET, socket.SO_SNDBUF, 20000),
    (socket.SOL_SOCKET, socket.SO_RCVBUF, 30000),
    (socket.IPPROTO_IP, socket.IP_TOS, 0x10),
    (socket.IPPROTO_IP, socket.IP_TTL, 33),
    (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),
    (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 11),
    (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 12),
    (socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 4),
    (socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 5000),
    (socket.IPPROTO_TCP, socket.TCP_SYNCNT, 3),
    (socket.IPPROTO_TCP, socket.TCP_CONGESTION, b"reno"),
    (socket.SOL_SOCKET, socket.SO_PRIORITY, 3),         # IP_TOS changes it
)
OPTIONS6 = (
    (socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1),
    (socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS, 9),
    (socket.IPPROTO_IPV6, socket.IPV6_TCLASS, 0x10),
)


def get(s, level, name):
    return s.getsockopt(level, name, 64)


def rsess(family):
    s = socket.socket(AF_RSESS, socket.SOCK_STREAM)
    try:
        s.setsockopt(SOL_RSESS, RSESS_FAMILY, family)
    except OSError as e:
        equal(e.errno, errno.ENOPROTOOPT)
    return s


def kept_options(family, host, port, options):
    """Those that AF_RSESS has at all; how many."""
    lsn = listener(port, host)
    native = rsess(family)
    s = tcp(family)
    wanted = []
    for level, name, value in options:
        s.setsockopt(level, name, value)
        try:
            native.setsockopt(level, name, value)
            wanted.append((level, name))
        except OSError as e:
            equal(e.errno, errno.ENOPROTOOPT)
    values = [get(s, level, name) for level, name in wanted]
    s.connect((host, port))
    assert is_rsess(s)
    for (level, name), value in zip(wanted, values):
        equal((level, name, get(s, level, name)), (level, name, value))
    lsn.close()
    return len(wanted)


def options(port):
    port = int(port)
    assert kept_options(socket.AF_INET, LO, port, OPTIONS) >= 11
    assert kept_options(socket.AF_INET6, "::1", port, OPTIONS6) >= 1


def defaults(port):
    """What was not set is not copied from TCP."""
    lsn = listener(int(port))
    c = tcp()
    before = c.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF)
    c.connect((LO, int(port)))
    native = rsess(socket.AF_INET)
    for name in (socket.SO_SNDBUF, socket.SO_RCVBUF, socket.SO_REUSEADDR):
        equal(get(c, socket.SOL_SOCKET, name),
              get(native, socket.SOL_SOCKET, name))
    assert c.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF) != before
    lsn.close()


def flags_at_exchange(port):
    lsn = listener(int(port))
    for nonblock in (False, True):
        for cloexec in (False, True):
            c = tcp()
            c.setblocking(not nonblock)
            os.set_inheritable(c.fileno(), not cloexec)
            fd = c.fileno()
            equal(c.connect_ex((LO, int(port))),
                  errno.EINPROGRESS if nonblock else 0)
            equal(c.fileno(), fd)
            assert is_rsess(c)
            equal(flags(c), (nonblock, cloexec))
            lsn.accept()


def not_blocking(port):
    """A socket that connects is not exchanged again."""
    lsn = listener(int(port))
    c = tcp()
    c.setblocking(False)
    equal(c.connect_ex((LO, int(port))), errno.EINPROGRESS)
    first = inode(c)
    for _ in range(1000):
        if select.select([], [c], [], WAIT)[1]:
            break
    equal(c.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR), 0)
    assert c.connect_ex((LO, int(port))) in (0, errno.EISCONN)
    equal(inode(c), first)
    c.setblocking(True)
    exchange_words(c, lsn.accept()[0])


def refused(port):
    """The error of connect() is what it was, and the next one can succeed."""
    c = tcp()
    equal(c.connect_ex((LO, int(port))), errno.ECONNREFUSED)
    assert is_rsess(c)
    lsn = listener(int(port))
    c.connect((LO, int(port)))
    exchange_words(c, lsn.accept()[0])


def bound(port):
    """What bind() has chosen stays."""
    lsn = listener(int(port), "0.0.0.0")
    for address in (("127.0.0.5", 0), ("0.0.0.0", 0), ("127.0.0.6", int(port) + 1)):
        c = tcp()
        c.bind(address)
        name = c.getsockname()
        c.connect((LO, int(port)))
        assert is_rsess(c)
        equal(c.getsockname()[1], name[1])
        if name[0] != "0.0.0.0":
            equal(c.getsockname()[0], name[0])
        s, peer = lsn.accept()
        equal(peer, c.getsockname())
        exchange_words(c, s)


def bound_elsewhere(port):
    """A local port that is in the list says nothing about a client."""
    plain = listener()
    c = tcp()
    c.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    c.bind((LO, int(port)))
    c.connect(plain.getsockname())
    assert not is_rsess(c)
    exchange_words(c, plain.accept()[0])


def in_use(port):
    """An address is not bound twice."""
    lsn = listener(int(port))
    assert is_rsess(lsn)
    for s in (tcp(), tcp()):
        try:
            s.bind((LO, int(port)))
            raise AssertionError("bound twice")
        except OSError as e:
            equal(e.errno, errno.EADDRINUSE)


def any_port():
    """-l: bind() to port 0, the kernel chooses, listen()."""
    lsn, c, s = None, None, None
    lsn = tcp()
    lsn.bind((LO, 0))
    name = lsn.getsockname()
    lsn.listen()
    assert is_rsess(lsn)
    equal(lsn.getsockname(), name)
    lsn = tcp()
    lsn.listen()
    assert is_rsess(lsn)
    assert lsn.getsockname()[1]


def watched(port):
    """epoll that was told of a socket before it was connected."""
    lsn = listener(int(port))
    level, edge = select.epoll(), select.epoll()
    many = [socket.socketpair() for _ in range(60)]
    c = tcp()
    for one, _ in many[:30]:
        level.register(one, select.EPOLLIN)
    level.register(c, select.EPOLLIN)
    edge.register(c, select.EPOLLIN | select.EPOLLOUT | select.EPOLLET)
    for one, _ in many[30:]:
        level.register(one, select.EPOLLIN)
    c.connect((LO, int(port)))
    assert is_rsess(c)
    s, _ = lsn.accept()
    equal([fd for fd, _ in edge.poll(WAIT)], [c.fileno()])
    equal(level.poll(0), [])
    s.sendall(b"x")
    equal(level.poll(WAIT), [(c.fileno(), select.EPOLLIN)])
    equal([fd for fd, event in edge.poll(WAIT) if event & select.EPOLLIN],
          [c.fileno()])
    level.modify(c, 0)
    equal(level.poll(0), [])
    for epoll in (level, edge):
        with open(f"/proc/self/fdinfo/{epoll.fileno()}") as f:
            lines = [line.split()[1] for line in f if "tfd:" in line]
        equal(lines.count(str(c.fileno())), 1)


def datagrams(port):
    """A connected UDP socket has the same port."""
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.connect((LO, int(port)))
    equal(protocol(s), socket.IPPROTO_UDP)
    equal(s.getpeername(), (LO, int(port)))


def restart(port):
    """A server that comes back while a session lives."""
    lsn, c, s = pair(port=int(port))
    lsn.close()
    again = listener(int(port))
    assert is_rsess(again)
    exchange_words(c, s)
    other = socket.create_connection((LO, int(port)))
    exchange_words(other, again.accept()[0])


def listen_again(fd, connected):
    """-p: what is used already stays, whoever made it."""
    lsn = socket.socket(fileno=int(fd))
    before = inode(lsn)
    lsn.listen(7)
    equal(inode(lsn), before)
    c = socket.socket(fileno=int(connected))
    before = inode(c)
    equal(c.connect_ex(lsn.getsockname()), errno.EISCONN)
    equal(inode(c), before)
    exchange_words(c, lsn.accept()[0])


def hand_over(port, *command):
    """A program without rsessrun gives its sockets to one with it."""
    lsn = listener(int(port))
    c = socket.create_connection((LO, int(port)))
    fds = [lsn.fileno(), c.fileno()]
    subprocess.run([*command, sys.executable, __file__, "listen_again",
                    *map(str, fds)], check=True, pass_fds=fds)


def full_table(port):
    """The exchange takes three descriptors; without them it is TCP."""
    port = int(port)
    lsn = listener(port)
    epoll = select.epoll()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (100, hard))
    for free in range(5):
        c, other = tcp(), tcp()
        epoll.register(c, select.EPOLLIN)
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind((LO, port + 1))
        held = fill_table()
        for _ in range(free):
            os.close(held.pop())
        c.connect((LO, port))
        equal((free, is_rsess(c)), (free, free >= 3))
        other.listen()
        equal((free, is_rsess(other)), (free, free >= 3))
        for fd in held:
            os.close(fd)
        s, _ = lsn.accept()
        s.sendall(b"x")
        equal(epoll.poll(WAIT), [(c.fileno(), select.EPOLLIN)])
        equal(receive(c, 1), b"x")
        exchange_words(c, s)
        for one in (c, s, other):
            one.close()


def fill_table():
    held = []
    while True:
        try:
            held.append(os.open("/dev/null", os.O_RDONLY))
        except OSError as e:
            equal(e.errno, errno.EMFILE)
            return held


def bad_calls(port):
    """What fails, fails as it did."""
    libc = ctypes.CDLL(None, use_errno=True)
    s = tcp()
    for function, arguments, code in (
            ("connect", (s.fileno(), None, 16), errno.EFAULT),
            ("connect", (-1, struct.pack("=HH12x", socket.AF_INET,
                         socket.htons(int(port))), 16), errno.EBADF),
            ("connect", (s.fileno(), b"\2\0", 2), errno.EINVAL),
            ("listen", (-1, 5), errno.EBADF),
            ("listen", (0, 5), errno.ENOTSOCK)):
        equal(getattr(libc, function)(*arguments), -1)
        equal(ctypes.get_errno(), code)
    assert not is_rsess(s)


# --- without the module

def plain():
    """Everything is TCP."""
    lsn, c, s = pair()
    for one in (lsn, c, s):
        assert not is_rsess(one)
        equal(protocol(one), socket.IPPROTO_TCP)
    exchange_words(c, s)
    libc_socket(socket.SOCK_STREAM)


# --- where nothing but TCP is allowed

def forbid(code):
    """A filter of system calls that refuses other families, as systemd's does."""
    number = {"x86_64": 41, "aarch64": 198}[os.uname().machine]
    load, jump_equal, ret = 0x20, 0x15, 0x06
    allow, refuse = 0x7fff0000, 0x00050000
    code = (
        (load, 0, 0, 0),                    # seccomp_data.nr
        (jump_equal, 0, 5, number),
        (load, 0, 0, 16),                   # args[0]: the family
        (jump_equal, 3, 0, socket.AF_INET),
        (jump_equal, 2, 0, socket.AF_INET6),
        (jump_equal, 1, 0, socket.AF_UNIX),
        (ret, 0, 0, refuse | int(code)),
        (ret, 0, 0, allow),
    )
    text = ctypes.create_string_buffer(
        b"".join(struct.pack("HBBI", *line) for line in code))
    program = struct.pack("HxxxxxxQ", len(code), ctypes.addressof(text))
    libc = ctypes.CDLL(None, use_errno=True)
    equal(libc.prctl(38, 1, 0, 0, 0), 0)    # PR_SET_NO_NEW_PRIVS
    equal(libc.prctl(22, 2, program), 0)    # PR_SET_SECCOMP


def sandboxed(code):
    forbid(code)
    plain()


def sandboxed_later(code):
    """A program that does so when it has what it needs."""
    _, c, s = pair()
    assert is_rsess(c)
    forbid(code)
    plain()
    exchange_words(c, s)


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
