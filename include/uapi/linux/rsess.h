/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * AF_RSESS: a stream socket that outlives its transport connection.
 *
 * socket(AF_RSESS, SOCK_STREAM, IPPROTO_TCP) takes and gives struct sockaddr_in
 * and struct sockaddr_in6, and behaves as a TCP socket; see
 * Documentation/networking/rsess/socket-api.rst.  With IPPROTO_SCTP, IPPROTO_MPTCP or
 * PF_VSOCK (and struct sockaddr_vm) it is carried by these.
 */
#ifndef _UAPI_LINUX_RSESS_H
#define _UAPI_LINUX_RSESS_H

#include <linux/types.h>

/* No number can be added to AF_MAX from outside the tree.  18 was AF_ASH, which
 * no kernel ever registered.  The module parameter "family" overrides it.
 */
#ifndef AF_RSESS
#define AF_RSESS	18
#define PF_RSESS	AF_RSESS
#endif

/* socket(AF_INET or AF_INET6, SOCK_STREAM, IPPROTO_RSESS): the same over TCP.  The module
 * parameter "protocol" overrides it.
 */
#ifndef IPPROTO_RSESS
#define IPPROTO_RSESS	258
#endif

/* Level for setsockopt() and getsockopt(); the ASCII letters "RS". */
#define SOL_RSESS	0x5253

/**
 * enum rsess_sockopt - options at level %SOL_RSESS
 * @RSESS_TIMEOUT: __u32, milliseconds that a session lives without a transport
 *	before it fails with ETIMEDOUT; 0 is never.  Set and get, at any time.
 *	An accepted socket has its listener's value.
 * @RSESS_INFO: struct rsess_info, get only.
 * @RSESS_FAMILY: int, AF_INET or AF_INET6: what the socket() of a TCP socket would
 *	have been given.  Set before bind() and connect(); by default the first
 *	address decides, and the answer is 0 until then.  With PF_VSOCK it is AF_VSOCK.
 * @RSESS_NEGOTIATE: int, enum rsess_negotiate.  Set before connect() and listen(),
 *	EISCONN later; by default net.rsess.negotiate.
 *
 * @RSESS_PSK: %RSESS_PSK_MIN to %RSESS_PSK_MAX bytes, a pre-shared key; 0 bytes:
 *	none, the default.  Set only, before connect() and listen(), EISCONN later.
 *	An accepted socket has its listener's.  The peer must have the same, or
 *	connect() fails with EKEYREJECTED.  There is no fallback then: auto is
 *	require.
 *
 * @RSESS_RETRY_UNKNOWN: int, 0 (default) or 1.  1: a host that does not know the
 *	session may be the wrong one of several behind an address; the side that
 *	connected tries again, as after a reset, until %RSESS_TIMEOUT.  Set and get,
 *	at any time.
 * @RSESS_ADD_ADDR: struct sockaddr_in, sockaddr_in6 or sockaddr_vm, set only, at any
 *	time: one more address of the peer, of the family of the first; port 0, or
 *	VMADDR_PORT_ANY: the same port.
 *	The side that connected dials them in turn when a transport is lost.  At most
 *	%RSESS_ADDRS_MAX, ENOSPC beyond.
 * @RSESS_TAG: int, 0 or 1: every frame has a tag, so that bytes which somebody else
 *	gets into a transport cost that transport, and no more.  The side that connects
 *	asks for it, by default if it has a pre-shared key or net.rsess.tag is 1; the
 *	other side agrees unless this was set to 0.  Set before connect() and listen(),
 *	EISCONN later.
 *
 * On a socket that has fallen back to its transport only %RSESS_INFO and
 * %RSESS_FAMILY can be had, the others fail with ENOPROTOOPT.
 */
enum rsess_sockopt {
	RSESS_TIMEOUT	= 1,
	RSESS_INFO	= 2,
	RSESS_FAMILY	= 3,
	RSESS_NEGOTIATE	= 4,
	RSESS_PSK	= 5,
	RSESS_RETRY_UNKNOWN = 6,
	RSESS_ADD_ADDR	= 7,
	RSESS_TAG	= 8,
};

/* Addresses that %RSESS_ADD_ADDR may add. */
#define RSESS_ADDRS_MAX	8

/* Length of %RSESS_PSK, bytes. */
#define RSESS_PSK_MIN	16
#define RSESS_PSK_MAX	64

/**
 * enum rsess_negotiate - values of %RSESS_NEGOTIATE
 * @RSESS_NEGOTIATE_AUTO: a session with a peer that has this protocol, otherwise
 *	the plain transport
 * @RSESS_NEGOTIATE_REQUIRE: a session, or connect() fails with EPROTONOSUPPORT; a
 *	listener resets who does not begin one.  Where both sides require it, nothing
 *	is asked of the transport's handshake and of the path
 * @RSESS_NEGOTIATE_OFF: the plain transport
 */
enum rsess_negotiate {
	RSESS_NEGOTIATE_AUTO	= 0,
	RSESS_NEGOTIATE_REQUIRE	= 1,
	RSESS_NEGOTIATE_OFF	= 2,
};

/**
 * enum rsess_link - what the session has below it
 * @RSESS_LINK_NONE: no transport: the acceptor waits for the peer to dial, the
 *	dialer waits for its next attempt
 * @RSESS_LINK_DIALING: the transport is connecting
 * @RSESS_LINK_GREETING: HELLO or RESUME was sent, the answer is awaited
 * @RSESS_LINK_LIVE: bytes flow
 */
enum rsess_link {
	RSESS_LINK_NONE		= 0,
	RSESS_LINK_DIALING	= 1,
	RSESS_LINK_GREETING	= 2,
	RSESS_LINK_LIVE		= 3,
};

/**
 * enum rsess_reason - why a session ended, or why there is none; also the payload
 * of an ABORT frame
 * @RSESS_REASON_NONE: the session lives
 * @RSESS_REASON_UNKNOWN: the peer does not know the session (any more)
 * @RSESS_REASON_AUTH: a RESUME or RESUMED could not be authenticated
 * @RSESS_REASON_PROTOCOL: the peer broke the protocol too often
 * @RSESS_REASON_VERSION: no common version of the protocol
 * @RSESS_REASON_APP: the application cut the session (SO_LINGER {1, 0})
 * @RSESS_REASON_ADMIN: an administrator ended the session
 * @RSESS_REASON_RESOURCES: a limit was reached or memory ran out
 * @RSESS_REASON_TIMEOUT: no transport for %RSESS_TIMEOUT
 * @RSESS_REASON_REFUSED: nobody listens for new sessions at that address
 * @RSESS_REASON_CLOSED: both directions ended and are confirmed; never sent
 * @RSESS_REASON_CONNECT: the first transport could not be opened; never sent
 * @RSESS_REASON_PLAIN_PEER: plain: the peer does not have this protocol, or its
 *	sign was lost on the way; never sent, as those below
 * @RSESS_REASON_NO_HELLO: plain: the peer asked for a session, did not confirm that
 *	it got our answer, and then sent no HELLO
 * @RSESS_REASON_BLACKHOLE: plain: the peer gets no SYN that asks for a session
 * @RSESS_REASON_OFF: plain: %RSESS_NEGOTIATE_OFF on this side
 * @RSESS_REASON_SYN_LOST: plain: SYNs that ask for a session got lost, this time, and
 *	the one without was answered
 * @RSESS_REASON_DRAIN: plain: an administrator of this side wants no new sessions
 */
enum rsess_reason {
	RSESS_REASON_NONE	= 0,
	RSESS_REASON_UNKNOWN	= 1,
	RSESS_REASON_AUTH	= 2,
	RSESS_REASON_PROTOCOL	= 3,
	RSESS_REASON_VERSION	= 4,
	RSESS_REASON_APP	= 5,
	RSESS_REASON_ADMIN	= 6,
	RSESS_REASON_RESOURCES	= 7,
	RSESS_REASON_TIMEOUT	= 8,
	RSESS_REASON_REFUSED	= 9,
	RSESS_REASON_CLOSED	= 10,
	RSESS_REASON_CONNECT	= 11,
	RSESS_REASON_PLAIN_PEER	= 12,
	RSESS_REASON_NO_HELLO	= 13,
	RSESS_REASON_BLACKHOLE	= 14,
	RSESS_REASON_OFF	= 15,
	RSESS_REASON_SYN_LOST	= 16,
	RSESS_REASON_DRAIN	= 17,
};

#define RSESS_ID_LEN	16

/**
 * struct rsess_info - answer to %RSESS_INFO, host byte order
 * @state: as TCP_INFO's tcpi_state: TCP_ESTABLISHED, TCP_FIN_WAIT1, ...
 * @link: enum rsess_link
 * @dialer: 1 on the side that connected, 0 on the side that accepted
 * @plain: 1 when the socket has fallen back to its transport: there is no session,
 *	and behind @reason all is 0
 * @reason: enum rsess_reason
 * @epoch: number of the newest transport, 0 for the one that carried HELLO
 * @resumes: transports that were attached by RESUME
 * @lost: transports that were lost
 * @id: the session's identity, chosen by the dialer
 * @error: errno with which the last transport was lost, 0: none was, or in order
 * @write_seq: offset behind the last byte accepted from the application
 * @snd_una: oldest offset that the peer's session has not confirmed
 * @snd_nxt: next offset to be sent on the present transport
 * @snd_limit: the peer's credit: no byte at or beyond this offset may be sent
 * @rcv_nxt: next offset expected from the peer
 * @copied_seq: offset behind the last byte that the application has read
 * @rcv_limit: the credit given to the peer
 * @tagged: 1: every frame has a tag, see %RSESS_TAG
 * @reserved: 0
 *
 * A shorter buffer gets as many bytes as it holds; later versions may append
 * fields.
 */
struct rsess_info {
	__u8	state;
	__u8	link;
	__u8	dialer;
	__u8	plain;
	__u32	reason;
	__u32	epoch;
	__u32	resumes;
	__u32	lost;
	__u8	id[RSESS_ID_LEN];
	__u32	error;
	__u64	write_seq;
	__u64	snd_una;
	__u64	snd_nxt;
	__u64	snd_limit;
	__u64	rcv_nxt;
	__u64	copied_seq;
	__u64	rcv_limit;
	__u8	tagged;
	__u8	reserved[7];
};

#endif /* _UAPI_LINUX_RSESS_H */
