// SPDX-License-Identifier: GPL-2.0
/*
 * See world.h.  What the module gets from files of its own that are not compiled
 * here is in this file too: the listener's queues, TCP, options, secrets.
 */
#include "auth.h"
#include "blackhole.h"
#include "cast.h"
#include "genl.h"
#include "inner.h"
#include "listener.h"
#include "net.h"
#include "owner.h"
#include "fallback.h"
#include "recvq.h"
#include "solsock.h"
#include "stamp.h"
#include "table.h"
#include "turn.h"
#include "urgent.h"
#include "work.h"
#include "world.h"

struct world world;
u8 world_in[CONNS][CONN_IN];
int rsess_family = AF_RSESS;
int rsess_protocol = IPPROTO_RSESS;
struct workqueue_struct *rsess_wq;
struct workqueue_struct *rsess_close_wq;

struct net world_net;
static struct rsess_mib world_mib;
static struct rsess_net world_rn = { .mib = &world_mib };
static struct rsess_listener world_lsn;
static struct sock *world_parent;
static void (*world_destruct)(struct sock *sk);

struct proto rsess_proto = {
	.obj_size		= sizeof(struct rsess_inet_sock),
	.stream_memory_free	= rsess_memory_free,
	.release_cb		= rsess_work_release,
};

/* There is no user in the kernel. */
struct proto rsess_kernel_proto;

void rsess_cast_setup(struct sock *sk)
{
}

void rsess_cast_end(struct sock *sk)
{
}

void rsess_cast_listens(struct sock *sk, bool listens)
{
}

struct rsess_net *rsess_net(const struct net *net)
{
	return &world_rn;
}

/* --- no packet has a time ------------------------------------------------------ */

void rsess_stamp_copy(struct sk_buff *to, const struct sk_buff *from)
{
}

void rsess_stamp_note(const struct sock *sk, struct sk_buff *skb,
		      struct sk_buff **last)
{
}

void rsess_stamp_tell(struct sock *sk, struct msghdr *msg, struct sk_buff *last)
{
}

/* --- secrets: enough to see who knows them ----------------------------------- */

static void mix(u8 *mac, const void *p, size_t len)
{
	u64 h[4], hash = siphash(p, len, NULL);
	int i;

	memcpy(h, mac, sizeof(h));
	for (i = 0; i < 4; i++)
		h[i] = (h[i] ^ hash) * (2 * i + 0x9e3779b97f4a7c15);
	memcpy(mac, h, sizeof(h));
}

int rsess_auth_secret(const u8 *dialer_key, const u8 *acceptor_key,
		      const struct rsess_psk *psk, const u8 *id, u8 *secret)
{
	memset(secret, 1, RSESS_WIRE_MAC_LEN);
	mix(secret, dialer_key, RSESS_WIRE_KEY_LEN);
	mix(secret, acceptor_key, RSESS_WIRE_KEY_LEN);
	mix(secret, id, RSESS_WIRE_ID_LEN);
	return 0;
}

/* No session has a pre-shared key. */
int rsess_auth_hello(const struct rsess_psk *psk, const u8 *hdr, const u8 *p,
		     u32 len, u8 *mac)
{
	CHECK(false);
	return 0;
}

int rsess_auth_welcome(const u8 *secret, const u8 *hdr, const u8 *p, u32 len,
		       u8 *mac)
{
	memset(mac, 4, RSESS_WIRE_MAC_LEN);
	mix(mac, secret, RSESS_WIRE_MAC_LEN);
	mix(mac, hdr, RSESS_HDR_LEN);
	mix(mac, p, len);
	return 0;
}

int rsess_auth_proof(const u8 *secret, u8 *proof)
{
	CHECK(false);
	return 0;
}

int rsess_auth_resume(const u8 *secret, const u8 *hdr,
		      const struct rsess_wire_resume *r, u8 *mac)
{
	u8 m[RSESS_WIRE_MAC_LEN];

	memset(m, 2, sizeof(m));
	mix(m, secret, RSESS_WIRE_MAC_LEN);
	mix(m, hdr, RSESS_HDR_LEN);
	mix(m, r, offsetof(struct rsess_wire_resume, mac));
	memcpy(mac, m, sizeof(m));
	return 0;
}

int rsess_auth_mask(const u8 *secret, u8 *hdr, struct rsess_wire_resume *r)
{
	u8 m[RSESS_WIRE_MAC_LEN];
	int i;

	memset(m, 5, sizeof(m));
	mix(m, secret, RSESS_WIRE_MAC_LEN);
	mix(m, r->id, sizeof(r->id));
	mix(m, r->nonce, sizeof(r->nonce));
	for (i = 0; i < RSESS_MASKED_LEN; i++)
		hdr[RSESS_HDR_LEN - RSESS_MASKED_LEN + i] ^= m[i];
	for (i = 0; i < sizeof(r->epoch); i++)
		((u8 *)&r->epoch)[i] ^= m[RSESS_MASKED_LEN + i];
	return 0;
}

int rsess_auth_resumed(const u8 *secret, const u8 *hdr, const u8 *id,
		       __be32 epoch, const u8 *dialer_nonce,
		       const u8 *acceptor_nonce, u8 *mac)
{
	u8 m[RSESS_WIRE_MAC_LEN];

	memset(m, 3, sizeof(m));
	mix(m, secret, RSESS_WIRE_MAC_LEN);
	mix(m, hdr, RSESS_HDR_LEN);
	mix(m, id, RSESS_WIRE_ID_LEN);
	mix(m, &epoch, sizeof(epoch));
	mix(m, dialer_nonce, RSESS_WIRE_NONCE_LEN);
	mix(m, acceptor_nonce, RSESS_WIRE_NONCE_LEN);
	memcpy(mac, m, sizeof(m));
	return 0;
}

bool rsess_auth_equal(const u8 *a, const u8 *b)
{
	return !memcmp(a, b, RSESS_WIRE_MAC_LEN);
}

/* --- options ----------------------------------------------------------------- */

int rsess_sockopt_inherit(struct rsess_sock *rs, const struct sock *parent)
{
	rs->opt.tag = world.tagged ? RSESS_TAG_ALWAYS : RSESS_TAG_NEVER;
	return 0;
}

void rsess_solsock_memory(const struct sock *sk, struct sock *inner)
{
}

void rsess_solsock_update(struct rsess_sock *rs, struct socket *sock)
{
}

void rsess_solsock_buffers(struct sock *sk, const struct sock *from)
{
}

void rsess_solsock_grow(struct rsess_sock *rs)
{
}

/* --- fallback: there is none, every peer has the protocol --------------------- */

void rsess_fallback_fall_back(struct rsess_sock *rs, enum rsess_reason reason)
{
	CHECK(false);
}

void rsess_blackhole_note(struct rsess_net *rn, const union rsess_addr *addr)
{
	CHECK(false);
}

void rsess_blackhole_clear(struct rsess_net *rn, const union rsess_addr *addr)
{
}

enum rsess_path rsess_blackhole_path(struct rsess_net *rn,
				     const union rsess_addr *addr)
{
	return RSESS_PATH_OPEN;
}

/* --- the session comes and goes ---------------------------------------------- */

static void world_gone(struct sock *sk)
{
	if (world.rs && sk == rsess_to_sk(world.rs)) {
		CHECK(!world.app.sk);
		world.rs = NULL;
	}
	world_destruct(sk);
}

/* The application is told of something, but never by what reads a connection. */
static void world_told(struct sock *sk)
{
	CHECK(!world.reading);
}

static void world_adopt(struct rsess_sock *rs)
{
	struct sock *sk = rsess_to_sk(rs);

	sk->sk_state_change = world_told;
	sk->sk_data_ready = world_told;
	sk->sk_error_report = world_told;
	world.rs = rs;
	world_destruct = sk->sk_destruct;
	sk->sk_destruct = world_gone;
	sk->sk_rcvbuf = world.rcvbuf;
	sk->sk_sndbuf = world.sndbuf;
	memset(&world.m, 0, sizeof(world.m));
	world.m.una = world.start;
	world.epoch = 0;
	world.told = false;
	world.window = rsess_window(rs);
}

static void world_graft(struct rsess_sock *rs)
{
	rs->queued = false;
	world.app.sk = rsess_to_sk(rs);
	world.app.sk->sk_socket = &world.app;
}

/* accept(), if a session waits for it. */
void world_take(void)
{
	if (world.rs && world.rs->queued && !world.rs->deferred)
		world_graft(world.rs);
}

/* A session is for accept() now. */
static void world_present(struct rsess_sock *rs)
{
	if (!world.waits)
		world_graft(rs);
}

/* --- the listener ------------------------------------------------------------ */

void rsess_listener_put(struct rsess_listener *lsn)
{
	CHECK(lsn->users > 0);
	lsn->users--;
}

void rsess_listener_bereave(struct rsess_sock *rs)
{
	if (rs->lsn)
		rsess_listener_put(rs->lsn);
	rs->lsn = NULL;
}

struct rsess_listener *rsess_listener_bury(struct rsess_sock *rs)
{
	struct rsess_listener *lsn = rs->lsn;

	rs->lsn = NULL;
	return lsn;
}

void rsess_listener_exhume(struct rsess_listener *lsn)
{
	rsess_listener_put(lsn);
}

void rsess_listener_forgotten(struct rsess_net *rn)
{
}

void rsess_listener_dismiss(struct rsess_listener *lsn)
{
}

/* Nobody listens to events. */
void rsess_event_session(struct rsess_sock *rs, u8 cmd)
{
}

void rsess_limit_reached(struct rsess_net *rn, enum rsess_limit limit,
			 unsigned int counter)
{
}

/* Nobody ends it. */
bool rsess_listener_is_gone(const struct rsess_sock *rs)
{
	return false;
}

struct rsess_listener *rsess_listener_abort(struct rsess_sock *rs)
{
	CHECK(false);
	return rs->lsn;
}

void rsess_listener_aborted(struct rsess_listener *lsn)
{
}

/* Nobody knocks. */
int rsess_knock_watch(struct net *net)
{
	return 0;
}

void rsess_knock_allow(struct rsess_net *rn, struct rsess_tomb *tomb,
		       const struct rsess_sock *rs)
{
}

void rsess_knock_forbid(struct rsess_net *rn, struct rsess_tomb *tomb)
{
}

void rsess_acceptq_claim(struct rsess_transport *tr)
{
	CHECK(!list_empty(&tr->link));
	list_del_init(&tr->link);
	tr->parked = false;
}

void rsess_acceptq_forget(struct rsess_transport *tr, bool reset)
{
	rsess_transport_close(tr, reset);
	if (list_empty(&tr->link))
		return;
	list_del_init(&tr->link);
	rsess_transport_put(tr);
}

struct sock *rsess_acceptq_reserve(struct rsess_listener *lsn,
				   struct rsess_transport *tr)
{
	if (world.rs || world.admit == 1)
		return ERR_PTR(-ECONNREFUSED);
	if (world.admit) {
		tr->parked = true;
		return NULL;
	}
	sock_hold(world_parent);
	lsn->users++;
	return world_parent;
}

/* Nobody keeps the socket that listens locked. */
void rsess_acceptq_postpone(struct rsess_transport *tr, struct sock *parent)
{
	CHECK(false);
}

void rsess_acceptq_inherit(struct rsess_sock *rs, const struct sock *parent,
			   struct rsess_transport *tr)
{
	rs->lsn = tr->lsn;
	rs->ops = tr->ops;
	rsess_set_family(rs, AF_INET);
	rsess_sendq_init(&rs->sq, world.start);
	rs->acknow_at = world.start;
	world_adopt(rs);
	world.m.begun = true;
	world.m.start = tr->rx.f.seq;
	world.m.rcv = tr->rx.f.seq;
	world.m.copied = tr->rx.f.seq;
	world.m.limit = tr->rx.f.limit;
}

void rsess_acceptq_commit(struct rsess_listener *lsn, struct sock *parent,
			  struct sock *child)
{
	if (child) {
		rsess_sk(child)->queued = true;
		if (!rsess_sk(child)->deferred)
			world_present(rsess_sk(child));
	}
	sock_put(parent);
}

void rsess_acceptq_defer(struct rsess_sock *rs)
{
	if (!world.defer)
		return;
	rs->deferred = true;
	rsess_timer_arm(rs, RSESS_TIMER_DEFER, HZ);
}

void rsess_acceptq_plain(struct rsess_transport *tr)
{
	CHECK(false);
}

void rsess_acceptq_proven(struct rsess_sock *rs)
{
	CHECK(false);
}

void rsess_acceptq_present(struct rsess_sock *rs)
{
	if (!rs->deferred)
		return;
	rs->deferred = false;
	world_present(rs);
}

/* What waits for room is not kept here. */
void rsess_acceptq_again(struct rsess_listener *lsn, const u8 *id)
{
}

bool rsess_acceptq_withdraw(struct rsess_sock *rs)
{
	bool was = rs->queued;

	rs->deferred = false;
	rs->queued = false;
	return was;
}

/* --- connections ------------------------------------------------------------- */

static struct conn *conn_of(const struct socket *sock)
{
	return container_of(sock, struct conn, sock);
}

/* The acceptor attaches a connection while nobody looks.  By RESUME, it is one that
 * knows the secret, and says where to go on.
 */
static void conn_sync(struct conn *c)
{
	struct rsess_sock *rs = world.rs;
	struct rsess_wire_resume r;
	u8 mac[RSESS_WIRE_MAC_LEN];
	u8 hdr[RSESS_HDR_LEN];
	struct rsess_frame f;
	struct model_view v;

	if (!rs || rs->dialer || !rs->tr || rs->tr->sock != &c->sock ||
	    c->rx.live)
		return;
	c->rx.live = true;
	c->rx.whole = false;
	if (c->rx.f.type != RSESS_RESUME) {
		CHECK(c->rx.f.type == RSESS_HELLO && !rs->epoch);
		model_tags(&c->rx, rs, rs->secret, 0);
		return;
	}
	memcpy(hdr, c->rx.hdr, sizeof(hdr));
	memcpy(&r, c->rx.ctrl, sizeof(r));
	rsess_auth_mask(rs->secret, hdr, &r);
	rsess_wire_decode(hdr, &f);
	rsess_auth_resume(rs->secret, hdr, &r, mac);
	model_tags(&c->rx, rs, rs->secret, be32_to_cpu(r.epoch));
	CHECK(!memcmp(mac, r.mac, sizeof(mac)));
	CHECK(!memcmp(r.id, rs->id, sizeof(r.id)));
	CHECK(rsess_epoch_newer(be32_to_cpu(r.epoch), world.epoch));
	world.epoch = be32_to_cpu(r.epoch);
	CHECK(world.epoch == rs->epoch);
	model_look(rs, &v);
	model_resumed(&world.m, &f, &v);
}

/* --- what the module sends --------------------------------------------------- */

/* Where the peer begins it is known what can be told. */
static bool world_tells(void)
{
	if (world.m.begun && !world.told) {
		world.told = true;
		world.told_ack = world.m.start;
		world.told_limit = world.m.start;
		world.last_limit = world.m.start;
	}
	return world.told;
}

/* Did the application make the byte before this offset urgent?  A frame that was
 * begun before the last such byte says so of an older one.
 */
static bool was_urgent(const struct rsess_sock *rs, u64 end)
{
	u32 i;

	if (end == rs->snd_up)
		return true;
	for (i = 0; i < min_t(u32, world.urgents, URGENTS); i++)
		if (world.urgent[i] == end)
			return true;
	return world.urgents > URGENTS;
}

/* What a frame acknowledges, and the credit that it gives. */
static void conn_tells(const struct rsess_frame *f)
{
	if (f->type == RSESS_HELLO || !world_tells())
		return;
	CHECK(!rsess_before(f->ack, world.told_ack));
	CHECK(!rsess_after(f->ack, world.m.rcv));
	CHECK(!rsess_before(f->limit, world.told_limit));
	world.told_ack = f->ack;
	world.told_limit = f->limit;
}

/* RESUME is read by who has the secret. */
static void conn_resumes(struct conn *c, const struct rsess_sock *rs)
{
	u8 mac[RSESS_WIRE_MAC_LEN];
	struct rsess_wire_resume r;
	struct rsess_frame f;

	memcpy(&r, c->out_buf + RSESS_HDR_LEN, sizeof(r));
	rsess_auth_mask(rs->secret, c->out_buf, &r);
	rsess_auth_resume(rs->secret, c->out_buf, &r, mac);
	CHECK(!memcmp(mac, r.mac, sizeof(mac)));
	rsess_wire_decode(c->out_buf, &f);
	conn_tells(&f);
}

static void conn_frame_begins(struct conn *c, struct rsess_sock *rs)
{
	const struct rsess_frame *f = &c->out;
	bool first = !c->frames++;

	CHECK(!c->out_buf[2] && !c->out_buf[3] && !(f->flags & ~7));
	CHECK(!rsess_wire_decode(c->out_buf, &c->out));
	CHECK(first || f->type > RSESS_RESUMED);
	if (!rs)
		return;
	CHECK(!first || f->type <= RSESS_RESUMED || f->type == RSESS_ABORT);
	CHECK(f->type <= RSESS_RESUMED || f->type == RSESS_ABORT ||
	      rs->link == RSESS_LINK_LIVE || rs->tr->pending || rs->reason);
	if (f->type != RSESS_RESUME)
		conn_tells(f);
	if (f->type == RSESS_DATA) {
		CHECK(!c->fin);
		/* A copy counts as sent when it is made. */
		CHECK(f->seq == rs->sq.snd_nxt ||
		      f->seq + f->length == rs->sq.snd_nxt);
		CHECK(!rsess_after(f->seq + f->length, world.m.limit));
		CHECK(!rsess_after(f->seq + f->length, rs->sq.write_seq));
		CHECK(!(f->flags & RSESS_F_URGENT) ||
		      was_urgent(rs, f->seq + f->length));
	} else if (f->type == RSESS_FIN) {
		CHECK(!c->fin && f->seq == rs->sq.write_seq &&
		      f->seq == rs->sq.snd_nxt);
		c->fin = true;
	} else if (f->type == RSESS_STOP) {
		CHECK((c->fin || world.m.fin_acked) && world.m.closed);
	}
}

/* A header is there.  What opens has no tag; what comes behind it has one from the time on
 * when both are agreed.
 */
static void conn_tag_begins(struct conn *c, struct rsess_sock *rs)
{
	c->out_tag_left = 0;
	if (!rs || !rs->tagged || !rsess_wire_tagged(c->out.type))
		return;
	if (!c->out_tags)
		rsess_tag_start(&c->out_tag, rs->secret, rs->salt, rs->epoch,
				rs->dialer);
	c->out_tags = true;
	rsess_tag_begin(&c->out_tag, c->out_buf);
	c->out_tag_left = RSESS_WIRE_TAG_LEN;
	CHECK(c->out.length <= RSESS_DATA_TAGGED);
}

static u32 conn_tag(struct conn *c, const u8 *p, u32 len)
{
	u8 *tag = c->out_buf + sizeof(c->out_buf) - RSESS_WIRE_TAG_LEN;
	u8 want[RSESS_WIRE_TAG_LEN];

	len = min(len, c->out_tag_left);
	memcpy(tag + sizeof(want) - c->out_tag_left, p, len);
	c->out_tag_left -= len;
	if (!c->out_tag_left) {
		rsess_tag_end(&c->out_tag, want);
		CHECK(!memcmp(tag, want, sizeof(want)));
	}
	return len;
}

static void conn_frame_ends(struct conn *c, const struct rsess_sock *rs)
{
	if (rs && c->out.type == RSESS_RESUME)
		conn_resumes(c, rs);
	if (c->out.type == RSESS_PONG)
		CHECK(!memcmp(c->out_buf + RSESS_HDR_LEN, world.m.ping,
			      sizeof(world.m.ping)));
	c->out_have = 0;
}

static void conn_out(struct conn *c, struct rsess_sock *rs, const u8 *p,
		     u32 len)
{
	u64 seq;
	u32 n;

	while (len) {
		if (c->out_have < RSESS_HDR_LEN) {
			n = min_t(u32, len, RSESS_HDR_LEN - c->out_have);
			memcpy(c->out_buf + c->out_have, p, n);
			c->out_have += n;
			if (c->out_have == RSESS_HDR_LEN) {
				rsess_wire_decode(c->out_buf, &c->out);
				c->out_left = c->out.length;
				conn_frame_begins(c, rs);
				conn_tag_begins(c, rs);
			}
		} else if (!c->out_left) {
			n = conn_tag(c, p, len);
		} else {
			n = min(len, c->out_left);
			if (c->out_tag_left)
				rsess_tag_bytes(&c->out_tag, p, n);
			seq = c->out.seq + c->out.length - c->out_left;
			if (c->out.type != RSESS_DATA) {
				memcpy(c->out_buf + RSESS_HDR_LEN +
				       c->out.length - c->out_left, p, n);
			} else {
				u32 i;

				for (i = 0; i < n; i++)
					CHECK(p[i] == pattern(seq + i));
			}
			c->out_left -= n;
		}
		p += n;
		len -= n;
		if (c->out_have == RSESS_HDR_LEN && !c->out_left &&
		    !c->out_tag_left)
			conn_frame_ends(c, rs);
	}
}

static struct conn *conn_new(void)
{
	struct conn *c;
	int slot;

	for (slot = 0; slot < CONNS && world.conn[slot]; slot++)
		;
	if (slot == CONNS)
		return NULL;
	c = kzalloc(sizeof(*c), GFP_KERNEL);
	if (!c)
		return NULL;
	fuzz_sock_init(&c->sk, &world_net, NULL);
	c->sk.sk_family = AF_INET;
	c->sk.sk_socket = &c->sock;
	c->sock.sk = &c->sk;
	c->slot = slot;
	c->room = ~0U;
	world.conn[slot] = c;
	return c;
}

int sock_create_kern(struct net *net, int family, int type, int protocol,
		     struct socket **sock)
{
	struct conn *c = conn_new();

	if (!c)
		return -ENFILE;
	*sock = &c->sock;
	return 0;
}

void sock_release(struct socket *sock)
{
	struct conn *c = conn_of(sock);

	CHECK(!c->sk.sk_lock.owned && !c->sk.sk_user_data && c->sk.sk_refcnt == 1);
	world.conn[c->slot] = NULL;
	kfree(c);
}

/* Nobody asks here whose a socket is. */
void rsess_owner_set(struct socket *inner, const struct sock *outer)
{
}

void rsess_owner_uid(struct socket *inner, kuid_t uid)
{
	inner->sk->sk_uid = uid;
}

bool rsess_owner_is_labelled(struct sock *sk)
{
	return false;
}

void rsess_owner_attach(struct socket *inner, const struct sock *outer)
{
}

int rsess_owner_label(struct socket *inner, const struct rsess_sock *rs)
{
	return 0;
}

int rsess_owner_may_connect(const struct rsess_sock *rs, struct socket *inner,
			    union rsess_addr *addr)
{
	return 0;
}

void rsess_owner_learn(struct sock *sk, const struct sock *inner)
{
}

int rsess_owner_label_dial(struct socket *inner, const struct rsess_sock *rs)
{
	return 0;
}

void rsess_owner_forget(struct rsess_sock *rs)
{
}

int rsess_owner_stand_in(struct socket *inner, const struct rsess_sock *rs)
{
	return 0;
}

int rsess_owner_may_dial(const struct rsess_sock *rs,
			 const union rsess_addr *addr)
{
	return 0;
}

const struct cred *rsess_owner_assume(const struct rsess_sock *rs)
{
	return NULL;
}

void rsess_owner_drop(const struct cred *saved)
{
}

void rsess_owner_release(struct socket *inner)
{
	sock_release(inner);
}

void rsess_charge_as(struct sock *sk, const struct sock *owner)
{
}

int kernel_bind(struct socket *sock, struct sockaddr *addr, int len)
{
	return 0;
}

int sock_bind_add(struct sock *sk, struct sockaddr *addr, int len)
{
	return 0;
}

int rsess_inner_recvmsg(struct socket *sock, struct msghdr *msg,
			struct kvec *vec, size_t n, size_t len, int flags)
{
	CHECK(false);
	return 0;
}

static int conn_connect(struct rsess_transport *tr, union rsess_addr *addr,
			int len, enum rsess_ask ask)
{
	if (!world.connects)
		return -ENETUNREACH;
	conn_of(tr->sock)->state = RSESS_INNER_OPENING;
	return -EINPROGRESS;
}

static enum rsess_answer_kind conn_answer(struct rsess_transport *tr)
{
	return RSESS_ANSWER_YES;
}

static void conn_end(struct rsess_transport *tr)
{
}

int kernel_getsockname(struct socket *sock, struct sockaddr *addr)
{
	addr->sa_family = AF_INET;
	return sizeof(struct sockaddr_in);
}

int kernel_getpeername(struct socket *sock, struct sockaddr *addr)
{
	return kernel_getsockname(sock, addr);
}

int rsess_inner_sendmsg(struct socket *sock, struct msghdr *msg,
			struct kvec *vec, size_t n, size_t len)
{
	CHECK(n == 1 && vec->iov_len == len);
	conn_out(conn_of(sock), NULL, vec->iov_base, len);
	return len;
}

int kernel_sock_shutdown(struct socket *sock, int how)
{
	conn_of(sock)->shut = true;
	return 0;
}

static void conn_tune(struct socket *sock)
{
}

static enum rsess_inner_state conn_state(const struct socket *sock)
{
	conn_sync(conn_of(sock));
	return conn_of(sock)->state;
}

static ssize_t conn_send(struct socket *sock, const struct bio_vec *bv,
			 unsigned int n, size_t len, enum rsess_more more)
{
	struct conn *c = conn_of(sock);
	size_t done = 0;
	unsigned int i;

	CHECK(!c->sk.sk_lock.owned && !c->shut);
	conn_sync(c);
	if (c->state != RSESS_INNER_UP && c->state != RSESS_INNER_EOF)
		return -EPIPE;
	for (i = 0; i < n; i++) {
		u32 part = min(bv[i].bv_len, c->room);

		CHECK(bv[i].bv_len && bv[i].bv_page->ref > 0);
		c->room -= part;
		conn_out(c, world.rs, (u8 *)page_address(bv[i].bv_page) +
				      bv[i].bv_offset, part);
		done += part;
		if (part < bv[i].bv_len)
			break;
	}
	CHECK(done == len || i < n);
	return done ?: -EAGAIN;
}

/* One piece.  False when reading stops. */
static bool conn_read_piece(struct conn *c, struct rsess_transport *tr)
{
	struct rsess_sock *rs = tr->sk ? rsess_sk(tr->sk) : NULL;
	u32 len = min(world.piece, c->in_come - c->in_off);
	const u8 *p = world_in[c->slot] + c->in_off;
	struct model_view v = {};
	struct sk_buff *skb;
	u32 n;

	/* It does not fail: it is TCP's. */
	n = fuzz_alloc_fails;
	fuzz_alloc_fails = 0;
	skb = alloc_skb(len, GFP_ATOMIC);
	/* What is taken of a frame with a tag before memory is short the model cannot
	 * know.
	 */
	if (!world.tagged)
		fuzz_alloc_fails = n;
	memcpy(skb_put(skb, len), p, len);
	if (world.tight)
		skb->truesize = len;

	if (rs)
		model_look(rs, &v);
	/* The answer has been read, and seen to. */
	if (rs && c->rx.live && !c->rx.tagged)
		model_tags(&c->rx, rs, rs->secret, rs->epoch);
	n = rsess_input(tr, skb, 0, len);
	CHECK(n <= len);
	c->in_off += n;
	kfree_skb(skb);

	model_bytes(&world.m, &c->rx, &v, rs, p,
		    tr->rx.error == -ENOMEM || tr->rx.error == -EINPROGRESS ||
		    (rs && tr->rx.whole) ? n : len);
	CHECK(n == len || tr->rx.error || tr->rx.whole);
	/* What a control frame says counts when the reading has stopped. */
	if (rs && tr->rx.whole)
		return false;
	if (rs) {
		model_compare_read(&world.m, rs);
		CHECK(rs->sq.write_seq == v.write_seq);
	}
	CHECK(c->rx.whole == tr->rx.whole);
	/* An error behind the end of the session is none. */
	CHECK(world.m.ended ||
	      c->rx.error == (tr->rx.error && tr->rx.error != -ENOMEM &&
			      tr->rx.error != -EINPROGRESS));
	return n == len;
}

static int conn_receive(struct rsess_transport *tr)
{
	struct conn *c = conn_of(tr->sock);

	if (rsess_input_start(tr))
		return tr->rx.error;
	world.reading = true;
	while (c->in_off < c->in_come && conn_read_piece(c, tr))
		;
	world.reading = false;
	return tr->rx.error;
}

static int conn_read(struct rsess_transport *tr)
{
	struct conn *c = conn_of(tr->sock);
	int err;

	conn_sync(c);
	lock_sock(&c->sk);
	err = conn_receive(tr);
	release_sock(&c->sk);
	return err;
}

/* The transport of this world does not copy. */
int rsess_copied_read(struct rsess_transport *tr)
{
	abort();
}

void rsess_copied_free(struct rsess_copied *c)
{
}

const struct rsess_transport_ops rsess_tcp_ops = {
	.protocol	= IPPROTO_TCP,
	.filtered	= true,
	.set_defaults	= conn_tune,
	.connect	= conn_connect,
	.answer		= conn_answer,
	.end		= conn_end,
	.state		= conn_state,
	.send		= conn_send,
	.push		= conn_tune,
	.read		= conn_read,
	.receive	= conn_receive,
	.discard	= conn_tune,
};

/* --- invariants -------------------------------------------------------------- */

static void check_sendq(const struct rsess_sock *rs)
{
	const struct rsess_sendq *q = &rs->sq;
	struct rsess_chunk *c;
	u64 seq = q->snd_una;
	bool cursor = !q->cursor;
	u64 truesize = 0;

	CHECK(!rsess_after(q->snd_una, q->snd_nxt));
	CHECK(!rsess_after(q->snd_nxt, q->snd_max));
	CHECK(!rsess_after(q->snd_max, q->write_seq));
	list_for_each_entry(c, &q->chunks, list) {
		CHECK(c->seq == seq && c->len);
		CHECK(c->page->ref > 0 && *(u8 *)page_address(c->page) >= 0);
		if (c == q->cursor) {
			CHECK(!rsess_after(c->seq, q->snd_nxt));
			cursor = true;
		}
		seq += c->len;
		truesize += (c->borrowed ? c->len : page_size(c->page)) + 64;
	}
	CHECK(cursor);
	truesize += q->kept ? page_size(q->frag.page) : 0;
	CHECK(truesize == q->truesize);
	CHECK(truesize == (u64)rsess_to_sk(rs)->sk_wmem_queued);
	CHECK(!list_empty(&q->chunks) || !q->frag.page || q->kept);
	if (rs->reason)
		CHECK(list_empty(&q->chunks));
	else
		CHECK(seq == q->write_seq);
}

static void check_recvq(const struct rsess_sock *rs)
{
	struct sock *sk = rsess_to_sk(rs);
	struct sk_buff *skb;
	u64 bytes = 0;
	int rmem = 0;

	list_for_each_entry(skb, &sk->sk_receive_queue.list, list) {
		const struct rsess_skb_cb *cb = rsess_skb_cb(skb);

		CHECK(cb->len && cb->off + cb->len <= skb->len);
		bytes += cb->len;
		rmem += skb->truesize;
	}
	if (rs->tr && rs->tr->tags)
		list_for_each_entry(skb, &rs->tr->tags->held.list, list)
			rmem += skb->truesize;
	CHECK(rmem == sk->sk_rmem);
	if (!world.m.closed && !sock_flag(sk, SOCK_DEAD) && world.m.begun)
		CHECK(bytes == rsess_readable(rs));
}

/* Never more than was allowed, and never more allowed than there is room for. */
static void check_credit(const struct rsess_sock *rs)
{
	const struct rsess_credit *c = &rs->credit;

	if (!world_tells())
		return;
	CHECK(!rsess_before(c->limit, world.last_limit));
	CHECK(c->limit == world.last_limit ||
	      c->limit - c->copied_seq <= world.window);
	CHECK(!rsess_after(c->rcv_nxt - rs->rcv_fin, c->limit));
	CHECK(!rsess_after(c->acked, c->rcv_nxt));
	world.last_limit = c->limit;
}

static int expected_state(const struct rsess_sock *rs)
{
	if (rs->reason)
		return TCP_CLOSE;
	if (!world.m.begun)
		return TCP_SYN_SENT;
	if (!rs->fin_queued)
		return rs->rcv_fin ? TCP_CLOSE_WAIT : TCP_ESTABLISHED;
	if (!rs->rcv_fin)
		return rs->fin_acked ? TCP_FIN_WAIT2 : TCP_FIN_WAIT1;
	if (rs->fin_acked)
		return TCP_TIME_WAIT;
	return world.m.passive ? TCP_LAST_ACK : TCP_CLOSING;
}

static bool conn_is_read(const struct socket *sock)
{
	return conn_of(sock)->in_off == conn_of(sock)->in_come;
}

static void check_session(struct rsess_sock *rs)
{
	struct sock *sk = rsess_to_sk(rs);

	/* A session may end for many reasons; here it is known that it did. */
	if (rs->reason)
		world.m.ended = true;
	CHECK(sk->sk_lock.owned == (world.held && sk == world.app.sk));
	model_compare(&world.m, rs);
	CHECK(sk->sk_state == expected_state(rs));
	CHECK(!rs->reason || (!rs->tr && !rs->armed));
	CHECK((rs->link == RSESS_LINK_NONE) == !rs->tr);
	CHECK(!rs->tr || (rs->tr->sk == sk && rs->tr->sock));
	/* The work sees to what softirq has found, when the application lets it. */
	CHECK(!rs->tr || sk->sk_lock.owned ||
	      !conn_of(rs->tr->sock)->rx.error);
	CHECK(!rs->tr || (!rs->tr->rx.whole && !rs->tr->rx.events));
	/* Nothing tells again of bytes that were left behind a frame, or for the reader. */
	CHECK(rs->link < RSESS_LINK_GREETING || sk->sk_lock.owned ||
	      rs->armed & (BIT(RSESS_TIMER_RETRY) | BIT(RSESS_TIMER_LEFT)) ||
	      conn_is_read(rs->tr->sock));
	/* Who has not ended its direction sees no end of it before it has written. */
	CHECK(rs->shown != TCP_CLOSE_WAIT ||
	      (rs->stopped && !sk->sk_err &&
	       !(sk->sk_shutdown & SEND_SHUTDOWN)));
	CHECK(rs->shown != TCP_CLOSE || sk->sk_shutdown == SHUTDOWN_MASK);
	/* Without a connection somebody comes, or a clock runs. */
	CHECK(rs->tr || rs->reason || rs->armed);
	CHECK(rs->fin_tried >= rs->fin_acked &&
	      (!rs->tr || rs->fin_queued >= rs->tr->fin_sent));
	CHECK(!world.app.sk || !sock_flag(sk, SOCK_DEAD));
	check_sendq(rs);
	check_recvq(rs);
	check_credit(rs);
}

/* --- what happens ------------------------------------------------------------ */

/* Let the module do what it has to do now. */
void world_settle(void)
{
	int i;

	while (fuzz_work_run())
		;
	for (i = 0; i < CONNS; i++)
		if (world.conn[i])
			conn_sync(world.conn[i]);
	if (world.rs)
		check_session(world.rs);
	CHECK(!world_rn.lock.held);
}

/* Bytes have come on a connection: the module is called back in softirq. */
void world_bytes(struct conn *c)
{
	spin_lock(&c->sk.sk_lock.slock);
	c->sk.sk_data_ready(&c->sk);
	spin_unlock(&c->sk.sk_lock.slock);
}

/* Something happened on a connection: the module is called back. */
void world_event(struct conn *c)
{
	c->sk.sk_state_change(&c->sk);
}

/* connect() */
void world_connect(void)
{
	union rsess_addr addr = { .sa.sa_family = AF_INET };
	struct rsess_sock *rs;
	struct sock *sk;

	sk = rsess_sock_alloc(&world_net, &rsess_proto, &rsess_tcp_ops,
			      GFP_KERNEL, 0);
	if (!sk)
		return;
	rs = rsess_sk(sk);
	lock_sock(sk);
	world_adopt(rs);
	world_graft(rs);
	rsess_session_init(rs, true);
	rs->opt.tag = world.tagged ? RSESS_TAG_ALWAYS : RSESS_TAG_NEVER;
	rsess_sendq_init(&rs->sq, world.start);
	rs->acknow_at = world.start;
	get_random_bytes(rs->id, sizeof(rs->id));
	get_random_bytes(rs->key, sizeof(rs->key));
	rsess_set_raddr(rs, &addr);
	CHECK(!rsess_table_list(rs));
	rsess_state_set(sk, TCP_SYN_SENT);
	if (rsess_dial(rs))
		rsess_session_end(rs, RSESS_REASON_CONNECT, ENETUNREACH);
	release_sock(sk);
}

/* A connection comes to the listener. */
void world_accept(void)
{
	struct conn *c = conn_new();
	struct rsess_transport *tr;

	if (!c)
		return;
	tr = rsess_transport_new(&rsess_tcp_ops, &c->sock, NULL, &world_lsn);
	if (!tr) {
		sock_release(&c->sock);
		return;
	}
	tr->serial = world_lsn.serial++;
	c->state = RSESS_INNER_UP;
	list_add_tail(&tr->link, &world_lsn.pending);
	rsess_transport_hook(tr);
	rsess_transport_queue(tr);
}

/* The application sleeps in the middle of a call, or goes on. */
void world_hold(bool on)
{
	if (!world.app.sk || world.held == on)
		return;
	world.held = on;
	if (on)
		lock_sock(world.app.sk);
	else
		release_sock(world.app.sk);
}

/* close(); @cut: with SO_LINGER {1, 0} */
void world_close(bool cut)
{
	struct sock *sk = world.app.sk;
	struct rsess_sock *rs = rsess_sk(sk);

	sock_hold(sk);
	lock_sock(sk);
	sk->sk_shutdown = SHUTDOWN_MASK;
	if (sk->sk_state == TCP_CLOSE) {
		rsess_recvq_purge(sk);
	} else if (sk->sk_state == TCP_SYN_SENT || cut) {
		rsess_session_abort(rs, RSESS_REASON_APP, 0);
	} else {
		world.m.closed = true;
		world.m.copied = world.m.rcv - world.m.fin;
		rsess_session_close(rs);
	}
	rsess_inner_forget(rs);
	sock_set_flag(sk, SOCK_DEAD);
	sk->sk_socket = NULL;
	world.app.sk = NULL;
	rsess_session_orphan(rs);
	release_sock(sk);
	sock_put(sk);
}

/* shutdown(); @how: RCV_SHUTDOWN, SEND_SHUTDOWN */
void world_shutdown(int how)
{
	struct sock *sk = world.app.sk;

	lock_sock(sk);
	sk->sk_shutdown |= how;
	if (how & SEND_SHUTDOWN && sk->sk_state != TCP_CLOSE &&
	    sk->sk_state != TCP_SYN_SENT)
		rsess_session_shutdown(rsess_sk(sk));
	if (how & SEND_SHUTDOWN && rsess_sk(sk)->shown == TCP_CLOSE_WAIT)
		rsess_sk(sk)->shown = 0;
	release_sock(sk);
}

static u8 world_buf[65536];

/* What is sent lies in a page, in the middle. */
static void world_lend(struct iov_iter *iter, struct bio_vec *bv)
{
	const u32 off = 8;

	bvec_set_page(bv, fuzz_page(), min(iter->count, PAGE_SIZE - off), off);
	iter->p = (u8 *)page_address(bv->bv_page) + off;
	iter->count = bv->bv_len;
	iter->bvec = bv;
}

/* send() */
void world_write(u32 len, int flags)
{
	struct rsess_sock *rs = rsess_sk(world.app.sk);
	u64 seq = rs->sq.write_seq;
	struct msghdr msg = {
		.msg_iter = {
			.p = world_buf,
			.count = min_t(u32, len, sizeof(world_buf)),
		},
		.msg_flags = MSG_DONTWAIT | flags,
	};
	bool ended = rs->fin_queued || rs->reason;
	bool unheard = rs->shown == TCP_CLOSE_WAIT;
	struct bio_vec page = { };
	u32 i;
	int n;

	if (flags & MSG_SPLICE_PAGES)
		world_lend(&msg.msg_iter, &page);
	len = msg.msg_iter.count;
	for (i = 0; i < len; i++)
		msg.msg_iter.p[i] = pattern(seq + i);
	n = rsess_sendmsg(&world.app, &msg, len);
	if (page.bv_page)
		put_page(page.bv_page);
	if (flags & MSG_OOB && n > 0 && !unheard)
		world.urgent[world.urgents++ % URGENTS] = seq + n;
	CHECK(n <= (int)len);
	CHECK(!ended || unheard || n <= 0);
	CHECK(rs->sq.write_seq - seq == (n > 0 && !unheard ? (u64)n : 0));
	/* Once. */
	CHECK(!unheard || (rs->shown == TCP_CLOSE) == (n > 0));
}

/* recv() with MSG_OOB */
static void world_read_urgent(struct msghdr *msg, int flags)
{
	bool can = world.m.urg == RSESS_URG_VALID &&
		   !sock_flag(world.app.sk, SOCK_URGINLINE);
	int n = rsess_recvmsg(&world.app, msg, 1, flags);

	CHECK(n == 1 || n < 0);
	CHECK(n < 0 || can);
	if (n < 0)
		return;
	CHECK(world_buf[0] == model_byte(&world.m, world.m.urg_seq));
	if (!(flags & MSG_PEEK))
		world.m.urg = RSESS_URG_READ;
}

/* recv(): up to the mark, past it if the reader stands before it */
void world_read(u32 len, int flags)
{
	struct rsess_sock *rs = rsess_sk(world.app.sk);
	bool in = sock_flag(world.app.sk, SOCK_URGINLINE);
	struct msghdr msg = {
		.msg_iter = { .p = world_buf,
			      .count = min_t(u32, len, sizeof(world_buf)) },
	};
	struct model *m = &world.m;
	u64 from, end;
	u32 i;
	int n;

	flags |= MSG_DONTWAIT;
	len = msg.msg_iter.count;
	if (flags & MSG_OOB) {
		world_read_urgent(&msg, flags);
		return;
	}
	from = m->copied + model_hole(m, in);
	end = m->rcv - m->fin;
	if (m->urg && rsess_after(m->urg_seq, from))
		end = m->urg_seq;
	n = rsess_recvmsg(&world.app, &msg, len, flags);
	if (!m->begun) {
		CHECK(n <= 0);
		return;
	}
	CHECK(max(n, 0) == (int)min_t(u64, len, end - from));
	if (!(flags & MSG_TRUNC))
		for (i = 0; (int)i < n; i++)
			CHECK(world_buf[i] == model_byte(m, from + i));
	if (!(flags & MSG_PEEK))
		model_read(m, from + max(n, 0) - m->copied);
	CHECK(rs->credit.copied_seq == m->copied);
}

/* A new world. */
void world_begin(void)
{
	if (!world_parent) {
		rsess_transport_use(&rsess_link_user);
		rsess_table_init(&world_rn);
		rsess_turn_init(&world_rn);
		refcount_set(&world_lsn.ref, 1);
		INIT_LIST_HEAD(&world_lsn.pending);
		world_parent = rsess_sock_alloc(&world_net, &rsess_proto,
						&rsess_tcp_ops, GFP_KERNEL, 0);
	}
	memset(&world, 0, sizeof(world));
	world.piece = CONN_IN;
	world.connects = true;
	jiffies = (u32)(-300 * HZ);
	fuzz_random_seed();
	fuzz_live = 0;
	fuzz_alloc_fails = 0;
	fuzz_work_lifo = false;
	world_rn.timeout_ms = 300000;
	world_rn.stall_timeout_ms = 20000;
	world_rn.probe_interval_ms = 60000;
	world_rn.handshake_timeout_ms = 10000;
	world_rn.orphan_timeout_ms = 60000;
	world_rn.dial_max_ms = 2000;
	world_rn.max_sessions = 10;
	world_rn.max_orphans = 10;
	world_rn.max_tombstones = 10;
	world_rn.max_early_bytes = UINT_MAX;
	world_rn.max_errors = 32;
	world_rn.max_resumes = 4;
	world_rn.max_redials = 4;
	world_rn.turns = 0;
	world_rn.turns_at = 0;
	world_net.ipv4.sysctl_tcp_keepalive_time = 7200 * HZ;
	world_net.ipv4.sysctl_tcp_keepalive_intvl = 75 * HZ;
	world_net.ipv4.sysctl_tcp_keepalive_probes = 9;
}

/* All is closed, and nothing may be left. */
void world_end(void)
{
	unsigned long at;
	int i, turns;

	fuzz_alloc_fails = 0;
	world.connects = false;
	for (turns = 0; turns < 100; turns++) {
		world_hold(false);
		world_take();
		if (world.app.sk)
			world_close(false);
		for (i = 0; i < CONNS; i++) {
			if (!world.conn[i])
				continue;
			world.conn[i]->state = RSESS_INNER_DEAD;
			world_event(world.conn[i]);
		}
		world_settle();
		if (!world.rs)
			break;
		jiffies += 60 * HZ;
	}
	CHECK(!world.rs);
	rsess_table_exit(&world_rn);
	rsess_turn_exit(&world_rn);
	CHECK(list_empty(&world_rn.turns_next));
	CHECK(!fuzz_work_next(&at));
	CHECK(!world_lsn.users && world_lsn.ref.n == 1);
	CHECK(list_empty(&world_lsn.pending));
	CHECK(!world_rn.users.n);
	CHECK(!world_rn.roll[RSESS_ROLL_SESSIONS].socks.entries);
	CHECK(!world_rn.nsessions && !world_rn.norphans && !world_rn.ntombs);
	CHECK(world_parent->sk_refcnt == 1);
	CHECK(!fuzz_live);
}
