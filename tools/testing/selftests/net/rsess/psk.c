// SPDX-License-Identifier: GPL-2.0
/*
 * RSESS_PSK: who does not have the key neither opens nor takes over a session, also
 * when it has seen all that went over the network.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <netinet/tcp.h>
#include <string.h>
#include <unistd.h>

#include "harness.h"
#include "pair.h"
#include "stream.h"

#define KEY	"a key of 20 bytes..."
#define OTHER	"another of 20 bytes."
#define KEY_LEN	20

/* Without tags: frames of those who only have recordings have none. */
static int set_key(int fd, const char *key)
{
	int tag = 0;

	return setsockopt(fd, SOL_RSESS, RSESS_PSK, key, key ? KEY_LEN : 0) ?:
	       setsockopt(fd, SOL_RSESS, RSESS_TAG, &tag, sizeof(tag));
}

FIXTURE(psk) {
	int lfd;
	int c;
	int s;
};

FIXTURE_SETUP(psk)
{
	self->s = -1;
	OK(netns_new());
	self->lfd = new_socket(AF_RSESS, SOCK_NONBLOCK);
	self->c = new_socket(AF_RSESS, 0);
	ASSERT_LE(0, self->lfd);
	ASSERT_LE(0, self->c);
}

FIXTURE_TEARDOWN(psk)
{
	close(self->c);
	close(self->s);
	close(self->lfd);
}

static int start_listening(int fd, const char *key)
{
	struct sockaddr_storage ss;
	socklen_t len = loopback(&ss, AF_INET, PORT);

	return set_key(fd, key) ?: bind(fd, (struct sockaddr *)&ss, len) ?:
	       listen(fd, 16);
}

static int take(int lfd)
{
	int ret = wait_for(lfd, POLLIN);

	return ret < 0 ? ret : accept(lfd, NULL, NULL);
}

static int talk(int a, int b)
{
	return write_all(a, 0, 100000) ?: read_all(b, 0, 100000) ?:
	       write_all(b, 0, 100000) ?: read_all(a, 0, 100000);
}

CASE(psk, same_key)
{
	OK(start_listening(self->lfd, KEY));
	OK(set_key(self->c, KEY));
	OK(dial(self->c, AF_INET));
	self->s = take(self->lfd);
	ASSERT_LE(0, self->s);
	OK(talk(self->c, self->s));
	ASSERT_LT(0, tear(PORT));
	OK(talk(self->c, self->s));
	ASSERT_EQ(0, stat_get("HelloAuth"));
}

/* The proof may be on the connection that is lost: then RESUME is one. */
CASE(psk, same_key_and_reset_at_once)
{
	int i;

	OK(start_listening(self->lfd, KEY));
	for (i = 0; i < 20; i++) {
		OK(set_key(self->c, KEY));
		OK(dial(self->c, AF_INET));
		tear(PORT);
		self->s = take(self->lfd);
		ASSERT_LE(0, self->s);
		OK(talk(self->c, self->s));
		close(self->s);
		close(self->c);
		self->s = -1;
		self->c = new_socket(AF_RSESS, 0);
		ASSERT_LE(0, self->c);
	}
	ASSERT_EQ(0, stat_get("HelloAuth"));
}

CASE(psk, other_key)
{
	OK(start_listening(self->lfd, KEY));
	OK(set_key(self->c, OTHER));
	FAILS(EKEYREJECTED, dial(self->c, AF_INET));
	FAILS(EAGAIN, accept(self->lfd, NULL, NULL));
	ASSERT_EQ(1, stat_get("HelloAuth"));
	close(self->c);
	self->c = -1;
	OK(no_sessions());
}

CASE(psk, client_has_none)
{
	OK(start_listening(self->lfd, KEY));
	FAILS(EKEYREJECTED, dial(self->c, AF_INET));
	FAILS(EAGAIN, accept(self->lfd, NULL, NULL));
	ASSERT_EQ(1, stat_get("HelloAuth"));
}

CASE(psk, server_has_none)
{
	OK(start_listening(self->lfd, NULL));
	OK(set_key(self->c, KEY));
	FAILS(EKEYREJECTED, dial(self->c, AF_INET));
	ASSERT_EQ(1, stat_get("HelloAuth"));
}

/* Who takes the option out of the SYN gets no plain connection for it. */
CASE(psk, no_fallback_of_client)
{
	close(self->lfd);
	self->lfd = new_listener(AF_INET, AF_INET);
	OK(file_write("/proc/sys/net/rsess/handshake_timeout_ms", "200"));
	OK(set_key(self->c, KEY));
	FAILS(EPROTONOSUPPORT, dial(self->c, AF_INET));
}

CASE(psk, no_fallback_of_server)
{
	char c;

	OK(start_listening(self->lfd, KEY));
	close(self->c);
	self->c = new_socket(AF_INET, 0);
	OK(dial(self->c, AF_INET));
	OK(write_all(self->c, 0, 100));
	FAILS(ECONNRESET, recv(self->c, &c, 1, 0));
	FAILS(EAGAIN, accept(self->lfd, NULL, NULL));
}

CASE(psk, lengths)
{
	char key[RSESS_PSK_MAX + 1] = "";
	socklen_t len;
	int n;

	for (n = 0; n <= RSESS_PSK_MAX + 1; n++) {
		bool good = !n || (n >= RSESS_PSK_MIN && n <= RSESS_PSK_MAX);

		errno = 0;
		ASSERT_EQ(good ? 0 : -1, setsockopt(self->c, SOL_RSESS,
						    RSESS_PSK, key, n));
		ASSERT_EQ(good ? 0 : EINVAL, errno);
	}
	FAILS(EFAULT, setsockopt(self->c, SOL_RSESS, RSESS_PSK, (void *)1, 20));
	/* It can be had back by nobody. */
	len = sizeof(key);
	FAILS(ENOPROTOOPT, getsockopt(self->c, SOL_RSESS, RSESS_PSK, key, &len));
	OK(start_listening(self->lfd, KEY));
	FAILS(EISCONN, set_key(self->lfd, OTHER));
}

/* With TCP_DEFER_ACCEPT the proof is not the byte that accept() waits for. */
CASE(psk, deferred)
{
	int one = 30;

	OK(setsockopt(self->lfd, SOL_TCP, TCP_DEFER_ACCEPT, &one, sizeof(one)));
	OK(start_listening(self->lfd, KEY));
	OK(set_key(self->c, KEY));
	OK(dial(self->c, AF_INET));
	FAILS(EAGAIN, accept(self->lfd, NULL, NULL));
	ASSERT_EQ(1, send(self->c, "x", 1, 0));
	self->s = take(self->lfd);
	ASSERT_LE(0, self->s);
}

/* Sees a HELLO of the kernel's on its way, and says it once more by itself. */
static int record(int c, struct peer *p, u8 *hello, size_t len)
{
	int ret = peer_listen(p, AF_INET, PORT + 1);
	struct sockaddr_storage ss;
	socklen_t alen = loopback(&ss, AF_INET, PORT + 1);

	fcntl(c, F_SETFL, O_NONBLOCK);
	if (!ret && (!connect(c, (struct sockaddr *)&ss, alen) ||
		     errno != EINPROGRESS))
		return -EINVAL;
	ret = ret ?: peer_accept(p);
	if (ret)
		return ret;
	return recv(p->fd, hello, len, MSG_WAITALL) == (ssize_t)len ? 0 :
	       -EBADMSG;
}

#define HELLO_LEN	(RSESS_HDR_LEN + sizeof(struct rsess_wire_hello) + \
			 RSESS_TLV_MAC_LEN)

static int replay(struct peer *p, const u8 *hello, size_t len)
{
	peer_init(p, true, 0);
	p->addrlen = loopback(&p->addr, AF_INET, PORT);
	return peer_dial(p) ?: peer_send_raw(p, hello, len);
}

/* A thief has recorded a HELLO and says it to the real server. */
static int steal(int lfd, int c, struct peer *tap, struct peer *thief)
{
	u8 hello[HELLO_LEN];
	int ret;

	peer_init(tap, false, 0);
	ret = start_listening(lfd, KEY) ?: set_key(c, KEY) ?:
	      record(c, tap, hello, sizeof(hello)) ?:
	      replay(thief, hello, sizeof(hello));
	/* It is answered, for it may be the dialer's; but that is all. */
	return ret ?: peer_expect(thief, RSESS_WELCOME);
}

CASE(psk, recorded_hello)
{
	static struct peer tap, thief;

	OK(file_write("/proc/sys/net/rsess/handshake_timeout_ms", "500"));
	OK(steal(self->lfd, self->c, &tap, &thief));
	FAILS(EAGAIN, accept(self->lfd, NULL, NULL));
	ASSERT_EQ(RSESS_ABORT, peer_read(&thief));
	FAILS(EAGAIN, accept(self->lfd, NULL, NULL));
	ASSERT_EQ(1, stat_get("HelloAuth"));
	peer_free(&thief);
	peer_free(&tap);
}

CASE(psk, recorded_hello_and_bytes)
{
	static struct peer tap, thief;
	u8 buf[200];

	OK(steal(self->lfd, self->c, &tap, &thief));
	OK(peer_send_raw(&thief, buf, peer_make_data(&thief, 0, 100, buf)));
	OK(peer_gone(&thief));
	FAILS(EAGAIN, accept(self->lfd, NULL, NULL));
	ASSERT_EQ(1, stat_get("FramesUnexpected"));
	peer_free(&thief);
	peer_free(&tap);
}

CASE(psk, guessed_proof)
{
	static struct peer tap, thief;
	u8 proof[8] = "guessed";

	OK(steal(self->lfd, self->c, &tap, &thief));
	OK(peer_send(&thief, RSESS_PONG, proof, sizeof(proof)));
	OK(peer_gone(&thief));
	FAILS(EAGAIN, accept(self->lfd, NULL, NULL));
	ASSERT_EQ(1, stat_get("HelloAuth"));
	peer_free(&thief);
	peer_free(&tap);
}

/* A bit of HELLO that was changed on the way. */
CASE(psk, altered_hello)
{
	static struct peer tap, thief;
	u8 hello[HELLO_LEN];
	size_t at;

	OK(start_listening(self->lfd, KEY));
	OK(set_key(self->c, KEY));
	peer_init(&tap, false, 0);
	OK(record(self->c, &tap, hello, sizeof(hello)));
	/* From the key on, which the codec has nothing to say of. */
	for (at = HELLO_LEN - RSESS_TLV_MAC_LEN - RSESS_WIRE_KEY_LEN;
	     at < HELLO_LEN; at += 7) {
		if (at >= HELLO_LEN - RSESS_TLV_MAC_LEN &&
		    at < HELLO_LEN - RSESS_WIRE_MAC_LEN)
			continue;
		hello[at] ^= 1;
		OK(replay(&thief, hello, sizeof(hello)));
		ASSERT_EQ(RSESS_ABORT, peer_read(&thief));
		hello[at] ^= 1;
		peer_free(&thief);
	}
	FAILS(EAGAIN, accept(self->lfd, NULL, NULL));
	peer_free(&tap);
}

/* A server that has no key answers the HELLO that it was sent. */
CASE(psk, false_server)
{
	static struct peer p;
	u8 hello[HELLO_LEN];
	struct rsess_wire_hello h;

	OK(set_key(self->c, KEY));
	peer_init(&p, false, 0);
	OK(record(self->c, &p, hello, sizeof(hello)));
	memcpy(&h, hello + RSESS_HDR_LEN, sizeof(h));
	memcpy(p.id, h.id, sizeof(p.id));
	memcpy(p.peer_key, h.key, sizeof(p.peer_key));
	OK(peer_send_welcome(&p));
	ASSERT_LT(0, wait_for(self->c, POLLOUT));
	ASSERT_EQ(EKEYREJECTED, socket_error(self->c));
	ASSERT_EQ(1, stat_get("HelloAuth"));
	peer_free(&p);
}

TEST_HARNESS_MAIN
