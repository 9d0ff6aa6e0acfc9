/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is known of a socket of AF_RSESS.
 */
#ifndef _RSESS_TOOL_ROW_H
#define _RSESS_TOOL_ROW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include <linux/rsess.h>
#include <linux/rsess_diag.h>
#include <linux/sock_diag.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/* A unit of systemd has a name of at most 255 characters. */
#define UNIT_LEN	256

/* "[", an address of IPv6, "]:", a port */
#define ADDR_LEN	64
/* Two digits for each byte */
#define ID_LEN		(2 * RSESS_ID_LEN + 1)

/**
 * struct addr - of either end
 * @family: AF_INET, AF_INET6, AF_VSOCK; 0: none
 * @host: network byte order; of AF_VSOCK the context id, host byte order
 * @port: host byte order
 */
struct addr {
	int		family;
	uint8_t		host[16];
	uint32_t	port;
};

/**
 * struct process - a descriptor of a socket
 * @inode: of the socket
 * @pid: who has it
 * @fd: its number there
 * @name: of the process, printable
 */
struct process {
	uint32_t	inode;
	int		pid;
	int		fd;
	char		name[16];
};

struct tcp_seen;

/**
 * struct row - a socket
 * @state: TCP_ESTABLISHED, ...
 * @uid: user
 * @inode: 0: no application has it
 * @recv_q: see diag.rst
 * @send_q: likewise
 * @cookie: SO_COOKIE
 * @cgroup: id
 * @local: its address
 * @peer: that of the peer
 * @info: what it tells of itself
 * @times: of a session
 * @waits: of a socket that listens
 * @mem: as SO_MEMINFO
 * @protocol: of the transport
 * @transport: cookie of its socket
 * @inner_local: its addresses
 * @inner_peer: likewise
 * @has_id: @info has the id
 * @has_times: @times are there, so it is a session
 * @has_waits: @waits is there, so it listens
 * @has_mem: @mem is there
 * @has_transport: what is of the transport is there
 * @knows_unit: it was found out whether it is of one
 * @tcp: what TCP tells of the transport, or NULL
 * @unit: of systemd, whose it is, or NULL
 * @processes: who has it
 * @nprocesses: how many
 */
struct row {
	int		state;
	uint32_t	uid;
	uint32_t	inode;
	uint32_t	recv_q;
	uint32_t	send_q;
	uint64_t	cookie;
	uint64_t	cgroup;
	struct addr	local;
	struct addr	peer;
	struct rsess_info info;
	struct rsess_diag_times times;
	struct rsess_diag_listener waits;
	uint32_t	mem[SK_MEMINFO_VARS];
	uint32_t	protocol;
	uint64_t	transport;
	struct addr	inner_local;
	struct addr	inner_peer;
	bool		has_id;
	bool		has_times;
	bool		has_waits;
	bool		has_mem;
	bool		has_transport;
	bool		knows_unit;
	const struct tcp_seen *tcp;
	const char	*unit;
	const struct process *processes;
	size_t		nprocesses;
};

/* names.c */
const char *state_name(int state);
uint32_t states_of(const char *name);
const char *link_name(unsigned int link);
const char *reason_name(unsigned int reason);
const char *reason_text(uint32_t reason);
const char *protocol_name(const struct row *r);
const char *role_name(const struct row *r);
const char *id_print(const uint8_t *id, char *buf);
const char *addr_print(const struct addr *a, char *buf);
bool slice_name(const char *name, size_t len);
bool unit_name(const char *path, char *name);
bool number_parse(const char *text, uint32_t max, uint32_t *value);
bool seconds_parse(const char *text, uint32_t *seconds);

#define STATES_ALL		0xfffu
#define STATES_CONNECTED	(STATES_ALL & ~(1u << 7 | 1u << 10))

/* fields.c */

/**
 * enum field_kind - what a value looks like
 * @FIELD_NUMBER: digits
 * @FIELD_SIZE: bytes, with K, M, G
 * @FIELD_TIME: milliseconds, with ms, s, m, h, d
 * @FIELD_HEX: a number, in hexadecimal digits
 * @FIELD_WORD: a name, one of some
 * @FIELD_UNIT: name of a unit of systemd
 * @FIELD_PID: of one of the processes
 * @FIELD_PROCESS: name of one of them
 * @FIELD_ID: how the session's id begins, in hexadecimal digits
 * @FIELD_FLAG: it is, or is not
 */
enum field_kind {
	FIELD_NUMBER, FIELD_SIZE, FIELD_TIME, FIELD_HEX, FIELD_WORD, FIELD_UNIT,
	FIELD_PID, FIELD_PROCESS, FIELD_ID, FIELD_FLAG,
};

/**
 * struct field - what can be asked of a row
 * @name: as it is written
 * @kind: of the value
 * @number: gives the value; false if the row has none
 * @word: likewise; NULL if the row has none
 * @words: what it may be, by number, with "?" behind the last one
 */
struct field {
	const char	*name;
	enum field_kind	kind;
	bool		(*number)(const struct row *r, uint64_t *value);
	const char	*(*word)(const struct row *r);
	const char	*(*words)(unsigned int n);
};

/* By how many bytes @seq is ahead of @other. The kernel does not lock a session to tell of it,
 * so the other one may have moved meanwhile.
 */
static inline uint64_t row_ahead(uint64_t seq, uint64_t other)
{
	return seq > other ? seq - other : 0;
}

bool row_is_orphan(const struct row *r);
bool field_has_word(const struct field *f, const char *word);
const struct field *field_find(const char *name);
bool field_value(const struct field *f, const char *text, uint64_t *value);

#endif /* _RSESS_TOOL_ROW_H */
