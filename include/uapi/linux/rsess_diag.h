/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * AF_RSESS: sockets of a namespace, over NETLINK_SOCK_DIAG; see
 * Documentation/networking/rsess/diag.rst.
 *
 * A request is struct inet_diag_req_v2 with sdiag_family AF_RSESS, and attributes of
 * enum rsess_diag_req.  All in it that is not mentioned there is 0.  An answer is struct
 * inet_diag_msg and attributes of enum rsess_diag.  Later versions may append attributes,
 * and fields to the structures in them.
 */
#ifndef _UAPI_LINUX_RSESS_DIAG_H
#define _UAPI_LINUX_RSESS_DIAG_H

#include <linux/types.h>

/**
 * enum rsess_diag_req - attributes of a request
 * @RSESS_DIAG_REQ_UNSPEC: not used
 * @RSESS_DIAG_REQ_ID: %RSESS_ID_LEN bytes: the session with this id.  A session of this
 *	host with itself is two, and one of them is chosen, unless there is a cookie too.
 *	Not with %NLM_F_DUMP
 * @RSESS_DIAG_REQ_MAX: the last one
 */
enum rsess_diag_req {
	RSESS_DIAG_REQ_UNSPEC	= 0,
	RSESS_DIAG_REQ_ID	= 1,
	__RSESS_DIAG_REQ_AFTER_LAST,
	RSESS_DIAG_REQ_MAX	= __RSESS_DIAG_REQ_AFTER_LAST - 1,
};

/**
 * enum rsess_diag - attributes of an answer
 * @RSESS_DIAG_UNSPEC: not used
 * @RSESS_DIAG_PAD: aligns the next one
 * @RSESS_DIAG_INFO: struct rsess_info, as %RSESS_INFO; its id is 0 where
 *	%RSESS_DIAG_ID is missing
 * @RSESS_DIAG_ID: %RSESS_ID_LEN bytes, the id of the session; for its user and with
 *	CAP_NET_ADMIN
 * @RSESS_DIAG_TRANSPORT: nested, enum rsess_diag_transport; missing when there is none
 * @RSESS_DIAG_SKMEMINFO: array of __u32, as %INET_DIAG_SKMEMINFO
 * @RSESS_DIAG_TIMES: struct rsess_diag_times, of a session
 * @RSESS_DIAG_LISTENER: struct rsess_diag_listener, of a socket that listens
 * @RSESS_DIAG_CGROUP_ID: __u64, as %INET_DIAG_CGROUP_ID
 * @RSESS_DIAG_MAX: the last one
 */
enum rsess_diag {
	RSESS_DIAG_UNSPEC	= 0,
	RSESS_DIAG_PAD		= 1,
	RSESS_DIAG_INFO		= 2,
	RSESS_DIAG_ID		= 3,
	RSESS_DIAG_TRANSPORT	= 4,
	RSESS_DIAG_SKMEMINFO	= 5,
	RSESS_DIAG_TIMES	= 6,
	RSESS_DIAG_LISTENER	= 7,
	RSESS_DIAG_CGROUP_ID	= 8,
	__RSESS_DIAG_AFTER_LAST,
	RSESS_DIAG_MAX		= __RSESS_DIAG_AFTER_LAST - 1,
};

/**
 * enum rsess_diag_transport - in %RSESS_DIAG_TRANSPORT
 * @RSESS_DIAG_TRANSPORT_UNSPEC: not used
 * @RSESS_DIAG_TRANSPORT_PROTOCOL: __u32, IPPROTO_TCP, IPPROTO_SCTP, ...; 0 over AF_VSOCK
 * @RSESS_DIAG_TRANSPORT_COOKIE: two __u32, idiag_cookie of the socket of the transport,
 *	as the diag module of its protocol has it
 * @RSESS_DIAG_TRANSPORT_LOCAL: its local address: struct sockaddr_in, sockaddr_in6 or
 *	sockaddr_vm
 * @RSESS_DIAG_TRANSPORT_PEER: that of the peer, likewise
 * @RSESS_DIAG_TRANSPORT_MAX: the last one
 */
enum rsess_diag_transport {
	RSESS_DIAG_TRANSPORT_UNSPEC	= 0,
	RSESS_DIAG_TRANSPORT_PROTOCOL	= 1,
	RSESS_DIAG_TRANSPORT_COOKIE	= 2,
	RSESS_DIAG_TRANSPORT_LOCAL	= 3,
	RSESS_DIAG_TRANSPORT_PEER	= 4,
	__RSESS_DIAG_TRANSPORT_AFTER_LAST,
	RSESS_DIAG_TRANSPORT_MAX	= __RSESS_DIAG_TRANSPORT_AFTER_LAST - 1,
};

/**
 * struct rsess_diag_times - milliseconds
 * @age: since the session began
 * @down: since when it has no transport on which bytes flow, if it had one; else 0
 * @downtime: how long it had none altogether, @down included
 * @redial: until the next attempt to dial, 0: none is planned
 * @attempts: to dial, since bytes flowed
 */
struct rsess_diag_times {
	__u64	age;
	__u64	down;
	__u64	downtime;
	__u32	redial;
	__u32	attempts;
};

/**
 * struct rsess_diag_listener - what waits at the address of a socket that listens
 * @pending: connections that have said nothing yet
 * @parked: those that wait for room in the queue of accept()
 * @queued: in that queue, of all sockets that listen there
 * @backlog: of listen()
 * @retained: sessions, and remains of ended ones, that need the address
 */
struct rsess_diag_listener {
	__u32	pending;
	__u32	parked;
	__u32	queued;
	__u32	backlog;
	__u32	retained;
};

#endif /* _UAPI_LINUX_RSESS_DIAG_H */
