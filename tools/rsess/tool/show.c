// SPDX-License-Identifier: GPL-2.0
/*
 * "rsess show": a line or an object of JSON for each socket.
 */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "out.h"
#include "tool.h"

/* What the columns take. */
struct widths {
	int	local;
	int	peer;
};

static void put_addr(struct out *o, const char *name, const struct addr *a)
{
	char buf[ADDR_LEN];

	out_word(o, name, addr_print(a, buf));
}

static void put_columns(struct out *o, const struct row *r, const struct widths *w)
{
	char local[ADDR_LEN], peer[ADDR_LEN];

	addr_print(&r->local, local);
	addr_print(&r->peer, peer);
	if (o->json) {
		out_word(o, "state", state_name(r->state));
		out_number(o, "recv_q", r->recv_q);
		out_number(o, "send_q", r->send_q);
		out_word(o, "local", local);
		out_word(o, "peer", peer);
		return;
	}
	printf("%-10s %6u %6u %*s %*s", state_name(r->state), r->recv_q, r->send_q,
	       w->local, local, w->peer, peer);
}

static void put_info(struct out *o, const struct row *r)
{
	const struct rsess_info *i = &r->info;

	if (i->plain)
		out_word(o, "fallback", reason_name(i->reason));
	else if (i->reason)
		out_word(o, "ended", reason_name(i->reason));
	if (r->has_times) {
		out_word(o, "role", role_name(r));
		out_word(o, "link", link_name(i->link));
		out_number(o, "resumes", i->resumes);
		out_number(o, "lost", i->lost);
		out_number(o, "epoch", i->epoch);
		out_number(o, "retained", row_ahead(i->write_seq, i->snd_una));
		out_number(o, "unsent", row_ahead(i->write_seq, i->snd_nxt));
		out_number(o, "sent", i->snd_nxt);
		out_number(o, "received", i->rcv_nxt);
		out_number(o, "error", i->error);
		out_flag(o, "tagged", i->tagged);
	}
	if (r->has_waits) {
		out_number(o, "pending", r->waits.pending);
		out_number(o, "parked", r->waits.parked);
		out_number(o, "queued", r->waits.queued);
		out_number(o, "backlog", r->waits.backlog);
		out_number(o, "retained", r->waits.retained);
	}
}

static void put_times(struct out *o, const struct row *r)
{
	if (!r->has_times)
		return;
	out_ms(o, "age", r->times.age);
	out_ms(o, "down", r->times.down);
	out_ms(o, "downtime", r->times.downtime);
	out_ms(o, "redial", r->times.redial);
	out_number(o, "attempts", r->times.attempts);
}

static void put_transport(struct out *o, const struct row *r)
{
	if (!r->has_transport)
		return;
	out_group_begin(o, "transport");
	out_word(o, "protocol", protocol_name(r));
	put_addr(o, "local", &r->inner_local);
	put_addr(o, "peer", &r->inner_peer);
	out_hex(o, "cookie", r->transport);
	out_group_end(o);
}

static void put_memory(struct out *o, const struct row *r)
{
	static const char * const names[] = {
		[SK_MEMINFO_RMEM_ALLOC]	= "rmem",
		[SK_MEMINFO_RCVBUF]	= "rcvbuf",
		[SK_MEMINFO_WMEM_ALLOC]	= "wmem",
		[SK_MEMINFO_SNDBUF]	= "sndbuf",
		[SK_MEMINFO_FWD_ALLOC]	= "forward",
		[SK_MEMINFO_WMEM_QUEUED] = "queued",
		[SK_MEMINFO_OPTMEM]	= "optmem",
		[SK_MEMINFO_BACKLOG]	= "backlog",
		[SK_MEMINFO_DROPS]	= "drops",
	};
	size_t i;

	if (!r->has_mem)
		return;
	out_group_begin(o, "memory");
	for (i = 0; i < ARRAY_SIZE(names); i++)
		out_number(o, names[i], r->mem[i]);
	out_group_end(o);
}

static void put_details(struct out *o, const struct row *r)
{
	char id[ID_LEN];

	out_number(o, "uid", r->uid);
	out_number(o, "inode", r->inode);
	out_hex(o, "sk", r->cookie);
	out_number(o, "cgroup", r->cgroup);
	if (r->has_id)
		out_word(o, "id", id_print(r->info.id, id));
}

static void put_processes(struct out *o, const struct row *r)
{
	size_t i;

	if (o->json) {
		out_list_begin(o, "users");
		for (i = 0; i < r->nprocesses; i++) {
			out_item_begin(o);
			out_word(o, "name", r->processes[i].name);
			out_number(o, "pid", r->processes[i].pid);
			out_number(o, "fd", r->processes[i].fd);
			out_item_end(o);
		}
		out_list_end(o);
		return;
	}
	for (i = 0; i < r->nprocesses; i++)
		printf("%s(\"%s\",pid=%d,fd=%d)", i ? "," : " users:(",
		       r->processes[i].name, r->processes[i].pid,
		       r->processes[i].fd);
	if (i)
		putchar(')');
}

/* Programs get all that costs nothing. */
static void put_row(struct out *o, const struct row *r, const struct show *show,
		    const struct widths *w)
{
	out_object_begin(o);
	put_columns(o, r, w);
	if (show->processes)
		put_processes(o, r);
	if (show->processes && r->unit)
		out_word(o, "unit", r->unit);
	if (show->details || o->json)
		put_details(o, r);
	if (show->info || o->json)
		put_info(o, r);
	if (show->times || o->json)
		put_times(o, r);
	if (show->transport || o->json)
		put_transport(o, r);
	if (show->memory || o->json)
		put_memory(o, r);
	if (show->info && r->tcp)
		tcp_put(o, r->tcp);
	out_object_end(o);
}

static void widen(int *width, const struct addr *a)
{
	char buf[ADDR_LEN];
	int len = strlen(addr_print(a, buf));

	if (len > *width)
		*width = len;
}

/**
 * show_rows() - show sockets in lines
 * @s: sockets
 * @show: what of them
 * @header: with a line above
 */
void show_rows(const struct socks *s, const struct show *show, bool header)
{
	struct widths w = { sizeof("Local Address:Port") - 1,
			    sizeof("Peer Address:Port") - 1 };
	struct out o = {};
	size_t i;

	for (i = 0; i < s->n; i++) {
		widen(&w.local, &s->rows[i].local);
		widen(&w.peer, &s->rows[i].peer);
	}
	if (header)
		printf("%-10s %6s %6s %*s %*s%s\n", "State", "Recv-Q", "Send-Q",
		       w.local, "Local Address:Port", w.peer, "Peer Address:Port",
		       show->processes ? " Process" : "");
	for (i = 0; i < s->n; i++)
		put_row(&o, &s->rows[i], show, &w);
}

static void show_json(const struct socks *s, const struct show *show)
{
	struct out o = { .json = true };
	size_t i;

	out_array_begin(&o);
	for (i = 0; i < s->n; i++)
		put_row(&o, &s->rows[i], show, NULL);
	out_array_end(&o);
}

static int show_selected(struct selection *sel, const struct show *show, bool json,
			 bool header)
{
	int err = select_socks(sel);

	if (!err && show->info)
		err = tcp_join(&sel->socks);
	/* An array, whatever happens; the status says what it is worth. */
	if (err)
		sel->socks.n = 0;
	if (json)
		show_json(&sel->socks, show);
	else if (!err)
		show_rows(&sel->socks, show, header);
	select_free(sel);
	tcp_free();
	return err;
}

int cmd_show(int argc, char **argv)
{
	static const struct option options[] = {
		{ "all", no_argument, NULL, 'a' },
		{ "listening", no_argument, NULL, 'l' },
		{ "info", no_argument, NULL, 'i' },
		{ "transport", no_argument, NULL, 't' },
		{ "memory", no_argument, NULL, 'm' },
		{ "processes", no_argument, NULL, 'p' },
		{ "extended", no_argument, NULL, 'e' },
		{ "timers", no_argument, NULL, 'o' },
		{ "json", no_argument, NULL, 'j' },
		{ "no-header", no_argument, NULL, 'H' },
		{}
	};
	bool json = false, header = true;
	struct selection sel = {};
	struct show show = {};
	int c, err;

	while ((c = getopt_long(argc, argv, "+alitmpeojHn", options, NULL)) != -1) {
		switch (c) {
		case 'a':
			sel.all = true;
			break;
		case 'l':
			sel.listening = true;
			break;
		case 'i':
			show.info = true;
			show.times = true;
			break;
		case 't':
			show.transport = true;
			break;
		case 'm':
			show.memory = true;
			break;
		case 'p':
			show.processes = true;
			sel.processes = true;
			break;
		case 'e':
			show.details = true;
			break;
		case 'o':
			show.times = true;
			break;
		case 'j':
			json = true;
			break;
		case 'H':
			header = false;
			break;
		case 'n':
			break;		/* for those who are used to it from ss */
		default:
			return usage(NULL);
		}
	}
	err = select_filter(&sel, argv + optind);
	return err ? err : show_selected(&sel, &show, json, header);
}
