// SPDX-License-Identifier: GPL-2.0
/*
 * Is there a module for this kernel, would it be loaded, and has the next kernel one?
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../../net/rsess/version.h"
#include "check.h"
#include "tool.h"

#define MODULES	"/lib/modules"

static void run_child(int out, const char * const *argv)
{
	int null = open("/dev/null", O_RDWR);

	dup2(null, 0);
	dup2(out, 1);
	dup2(null, 2);
	/* Users' paths often lack these. */
	setenv("PATH", "/usr/sbin:/usr/bin:/sbin:/bin", 1);
	execvp(argv[0], (char **)argv);
	_exit(127);
}

/* The last line that a program prints; false if it fails or prints none. */
static bool ask(char *line, size_t size, const char * const *argv)
{
	int fds[2], status = -1;
	FILE *f;
	pid_t pid;

	line[0] = '\0';
	if (pipe2(fds, O_CLOEXEC))
		return false;
	pid = fork();
	if (!pid)
		run_child(fds[1], argv);
	close(fds[1]);
	f = fdopen(fds[0], "r");
	while (f && fgets(line, size, f))
		;
	if (f)
		fclose(f);
	line[strcspn(line, "\n")] = '\0';
	return pid > 0 && waitpid(pid, &status, 0) == pid && !status && line[0];
}

/* What modprobe would do, behind what it would do for those that rsess needs. */
static bool ask_modprobe(char *line, size_t size, const char *release,
			 const char *name)
{
	const char * const argv[] = {
		"modprobe", "-S", release, "--show-depends", name, NULL
	};

	return ask(line, size, argv);
}

/* The kernel asks for the family's number, which "blacklist" hides. */
static bool is_blacklisted(const char *release)
{
	char line[512], alias[32];

	snprintf(alias, sizeof(alias), "net-pf-%d", AF_RSESS);
	return !ask_modprobe(line, sizeof(line), release, alias);
}

static bool ask_modinfo(char *line, size_t size, const char *release,
			const char *field)
{
	const char * const argv[] = {
		"modinfo", "-k", release, "-F", field, "rsess", NULL
	};

	return ask(line, size, argv);
}

static bool has_headers(const char *release)
{
	char path[512];

	snprintf(path, sizeof(path), MODULES "/%s/build/Makefile", release);
	return !access(path, F_OK);
}

static bool takes_signed_only(void)
{
	char line[64];

	if (read_line(line, sizeof(line), "/sys/module/module/parameters/sig_enforce") &&
	    line[0] == 'Y')
		return true;
	return read_line(line, sizeof(line), "/sys/kernel/security/lockdown") &&
	       !strstr(line, "[none]");
}

/* Keys that the kernel has; without CAP_SYS_ADMIN they are not seen. */
static bool is_trusted(const char *signer)
{
	FILE *f = fopen("/proc/keys", "re");
	bool found = false;
	char line[512];

	while (f && !found && fgets(line, sizeof(line), f))
		found = strstr(line, signer);
	if (f)
		fclose(f);
	return found;
}

static void check_signature(const char *release)
{
	char signer[256];

	if (!takes_signed_only())
		return;
	if (!ask_modinfo(signer, sizeof(signer), release, "signer"))
		check_say(LEVEL_CRITICAL,
			  "the kernel takes signed modules only, and rsess is not signed");
	else if (!is_trusted(signer))
		check_say(LEVEL_WARNING,
			  "the kernel takes signed modules only, and the key of '%s' is not among those that are seen",
			  signer);
	else
		check_say(LEVEL_OK, "rsess is signed by '%s', whose key is trusted",
			  signer);
}

/* It is not loaded; would it be? */
static void check_loadable(const char *release)
{
	char line[512], version[32];

	if (!ask_modprobe(line, sizeof(line), release, "rsess")) {
		check_say(LEVEL_CRITICAL,
			  "kernel %s has no module rsess, and its headers are%s installed",
			  release, has_headers(release) ? "" : " not");
	} else if (!strncmp(line, "install ", 8)) {
		check_say(LEVEL_CRITICAL, "a line of modprobe.d has it not loaded: %s",
			  line);
	} else if (is_blacklisted(release)) {
		check_say(LEVEL_CRITICAL,
			  "a line of modprobe.d, 'blacklist rsess', has no socket load it");
	} else {
		ask_modinfo(version, sizeof(version), release, "version");
		check_say(LEVEL_OK, "rsess %s is installed, the first socket loads it",
			  version);
		check_signature(release);
	}
}

static void check_loaded(const char *release)
{
	char version[32], installed[32];

	read_line(version, sizeof(version), "/sys/module/rsess/version");
	if (strverscmp(version, RSESS_MODULE_VERSION) < 0)
		check_say(LEVEL_WARNING,
			  "rsess %s is loaded, which is older than this program, %s",
			  version, RSESS_MODULE_VERSION);
	else if (ask_modinfo(installed, sizeof(installed), release, "version") &&
		 strcmp(version, installed))
		check_say(LEVEL_WARNING, "rsess %s is loaded, %s is installed", version,
			  installed);
	else
		check_say(LEVEL_OK, "rsess %s is loaded", version);
}

/* One that the boot loader has. */
static int is_kernel(const struct dirent *d)
{
	char path[512];

	snprintf(path, sizeof(path), "/boot/vmlinuz-%s", d->d_name);
	return d->d_name[0] != '.' && !access(path, F_OK);
}

/* What the next boot is likely to start; "" if nothing is found. */
static void newest_kernel(char *release, size_t size)
{
	struct dirent **list;
	int i, n;

	release[0] = '\0';
	n = scandir(MODULES, &list, is_kernel, versionsort);
	if (n < 0)
		return;
	if (n > 0)
		snprintf(release, size, "%s", list[n - 1]->d_name);
	for (i = 0; i < n; i++)
		free(list[i]);
	free(list);
}

static void check_next(const char *release)
{
	char newest[256], version[32];

	newest_kernel(newest, sizeof(newest));
	if (!newest[0] || !strcmp(newest, release))
		return;
	if (ask_modinfo(version, sizeof(version), newest, "version"))
		check_say(LEVEL_OK, "the newest kernel, %s, has a module", newest);
	else if (has_headers(newest))
		check_say(LEVEL_WARNING,
			  "the newest kernel, %s, has no module, but headers: dkms autoinstall -k %s",
			  newest, newest);
	else
		check_say(LEVEL_WARNING,
			  "the newest kernel, %s, has no module, and its headers are not installed",
			  newest);
}

/**
 * check_module() - of this kernel, and of the newest one that is installed
 */
void check_module(void)
{
	struct utsname u;

	uname(&u);
	if (module_is_loaded())
		check_loaded(u.release);
	else
		check_loadable(u.release);
	check_next(u.release);
}
