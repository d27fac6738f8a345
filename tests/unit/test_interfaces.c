/* SPDX-License-Identifier: MIT */
/*
 * Names of interfaces in JSON: valid UTF-8 stays, all other bytes are escaped, and
 * the result is always valid UTF-8. An interface is found by its whole name.
 */
#include "worker/interfaces.h"

#include "unit.h"

#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

static void check_name(const char *name, const char *expected)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	interfaces_print_name(out, name);
	fclose(out);
	assert_string_equal(text, expected);
	free(text);
}

static void interfaces_name_plain_is_unchanged(void **state)
{
	(void)state;
	check_name("eth0", "\"eth0\"");
	check_name("", "\"\"");
	check_name("a\"\\b", "\"a\\\"\\\\b\"");
	check_name("\x01\x7f", "\"\\u0001\\u007f\"");
}

static void interfaces_name_utf8_is_unchanged(void **state)
{
	(void)state;
	check_name("\xc3\xa9", "\"\xc3\xa9\"");
	check_name("\xe0\xa0\x80\xed\x9f\xbf", "\"\xe0\xa0\x80\xed\x9f\xbf\"");
	check_name("\xf0\x90\x80\x80\xf4\x8f\xbf\xbf", "\"\xf0\x90\x80\x80\xf4\x8f\xbf\xbf\"");
}

/* RFC 3629: overlong forms, surrogates and numbers after U+10FFFF are not UTF-8. */
static void interfaces_name_other_bytes_are_escaped(void **state)
{
	(void)state;
	check_name("\xff", "\"\\u00ff\"");
	check_name("\xc3", "\"\\u00c3\"");
	check_name("\xc0\x80", "\"\\u00c0\\u0080\"");
	check_name("\xe0\x80\x80", "\"\\u00e0\\u0080\\u0080\"");
	check_name("\xed\xa0\x80", "\"\\u00ed\\u00a0\\u0080\"");
	check_name("\xf0\x80\x80\x80", "\"\\u00f0\\u0080\\u0080\\u0080\"");
	check_name("\xf4\x90\x80\x80", "\"\\u00f4\\u0090\\u0080\\u0080\"");
}

/* 15 characters, the most. */
static const char LONGEST[] = "lo-fifteen-long";

/* Renames the loopback interface and brings it up, in a network of this process alone. */
static bool change_loopback(int socket)
{
	struct ifreq request = {.ifr_name = "lo"};

	memcpy(request.ifr_newname, LONGEST, sizeof(LONGEST));
	if (ioctl(socket, SIOCSIFNAME, &request) != 0)
		return false;
	memcpy(request.ifr_name, LONGEST, sizeof(LONGEST));
	request.ifr_flags = IFF_UP;
	return ioctl(socket, SIOCSIFFLAGS, &request) == 0;
}

static bool list_has(const char *words)
{
	char *list = interfaces_json();
	const bool has = list && strstr(list, words);

	free(list);
	return has;
}

enum { CANNOT = 77 };

/* Returns the status of a child: 0, what is wrong, or CANNOT. */
static int look_at_loopback(void)
{
	char name[IF_NAMESIZE];
	struct error error;
	uint32_t index;
	int fd;

	if (unshare(CLONE_NEWNET) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0)
		return CANNOT;
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (fd < 0 || !change_loopback(fd))
		return CANNOT;
	interfaces_name(fd, 1, name);
	if (strcmp(name, LONGEST) != 0)
		return 1;
	if (!interfaces_index(LONGEST, &index, &error) || index != 1 || !interfaces_has(fd, 1))
		return 2;
	if (!interfaces_index("lo", &index, &error) || index != 0 || interfaces_has(fd, 7))
		return 3;
	if (!list_has("\"name\":\"lo-fifteen-long\"") || !list_has("\"127.0.0.1\""))
		return 4;
	if (access("/proc/net/if_inet6", F_OK) == 0 && !list_has("\"::1\""))
		return 5;
	return 0;
}

static void interface_with_the_longest_name_is_found_with_its_addresses(void **state)
{
	int status;
	pid_t child;

	(void)state;
	if (is_emulated())
		return; /* qemu-user does not rename interfaces */
	child = fork();
	if (child == 0)
		_exit(look_at_loopback());
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == CANNOT)
		skip();
	assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(interfaces_name_plain_is_unchanged),
		cmocka_unit_test(interfaces_name_utf8_is_unchanged),
		cmocka_unit_test(interfaces_name_other_bytes_are_escaped),
		cmocka_unit_test(interface_with_the_longest_name_is_found_with_its_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
