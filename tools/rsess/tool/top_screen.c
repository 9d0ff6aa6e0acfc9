// SPDX-License-Identifier: GPL-2.0
/*
 * The terminal of "rsess top".
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <curses.h>
#include <term.h>

#include "top.h"

static struct screen *screen;
static int y;

/* SIGWINCH would end calls that nobody makes again: it comes while a key is waited for. */
static sigset_t while_waiting;

static void hold_winch(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGWINCH);
	sigprocmask(SIG_BLOCK, &set, &while_waiting);
	sigdelset(&while_waiting, SIGWINCH);
}

static int no_terminal(void)
{
	const char *term = getenv("TERM");

	screen_close();
	return fail(STATUS_FAILED, "top: no terminal that it knows ('%s'); -b needs none",
		    term ? term : "");
}

/**
 * screen_open() - take the terminal
 *
 * Whatever is said by fail() gives it back before.
 */
int screen_open(void)
{
	const char *move;

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return fail(STATUS_FAILED, "top: this is no terminal; -b needs none");
	hold_winch();
	/* initscr() would end the program. */
	screen = newterm(NULL, stdout, stdin);
	if (!screen)
		return no_terminal();
	say_before = screen_close;
	move = tigetstr("cup");
	if (!move || move == (char *)-1)
		return no_terminal();
	cbreak();
	noecho();
	nonl();
	curs_set(0);
	set_escdelay(25);
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	return STATUS_OK;
}

void screen_close(void)
{
	if (!screen)
		return;
	endwin();
	delscreen(screen);
	screen = NULL;
	say_before = NULL;
}

void screen_begin(void)
{
	erase();
	y = 0;
}

/* What does not fit is cut. */
void screen_put(const char *line, bool head)
{
	if (y >= LINES)
		return;
	attrset(head ? A_REVERSE : A_NORMAL);
	mvaddnstr(y++, 0, line, COLS);
	attrset(A_NORMAL);
}

void screen_end(void)
{
	refresh();
}

size_t screen_lines(void)
{
	return LINES;
}

static enum wish key_of(int c)
{
	switch (c) {
	case ERR:
		return WISH_NONE;
	case KEY_LEFT:
	case '<':
		return WISH_BEFORE;
	case KEY_RIGHT:
	case '>':
		return WISH_AFTER;
	case 'r':
		return WISH_REVERSE;
	case ' ':
	case '\n':
	case '\r':
		return WISH_READ;
	case 'q':
		return WISH_LEAVE;
	}
	/* Of any other one the screen is drawn again: it may have come with a new size. */
	return WISH_SIZE;
}

/**
 * screen_wait() - for a key, or until the time is over
 * @ms: that time
 */
enum wish screen_wait(int ms)
{
	struct timespec ts = { ms / 1000, ms % 1000 * 1000000L };
	struct pollfd p = { .fd = STDIN_FILENO, .events = POLLIN };
	int c = getch(), n;

	if (c != ERR)
		return key_of(c);
	n = ppoll(&p, 1, &ts, &while_waiting);
	c = getch();
	/* There is something, and it is no key: the terminal is gone. */
	if (c == ERR && (n > 0 || (n < 0 && errno != EINTR)))
		return WISH_LEAVE;
	return key_of(c);
}
