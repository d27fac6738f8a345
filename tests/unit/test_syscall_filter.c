/* SPDX-License-Identifier: MIT */
/*
 * What a process can still do once its system calls are limited: each attempt
 * runs in a child of its own, before the limits, where it must work, and behind
 * them.
 */
#include "unit.h"
#include "worker/syscall_filter.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

/* The descriptors of a child; a packet socket takes CAP_NET_RAW, else -1. */
static struct fds {
	int connection;
	int peer;
	int journal;
	int journal_peer;
	int other_peer;
	int packets; /* bound to the loopback interface */
	int file;
} fds;

enum { ATTEMPT_REFUSED = 10, ATTEMPT_WORKED, ATTEMPT_IMPOSSIBLE };

/* Abstract names, in the journal's place: one is of the size that it has. */
static struct sockaddr_un journal_address;
static struct sockaddr_un other_address;
static socklen_t other_address_size;

enum { JOURNAL_NAME_SIZE = offsetof(struct sockaddr_un, sun_path) + 28 };

static bool write_connection(void)
{
	return write(fds.connection, "x", 1) == 1;
}

static bool write_errors(void)
{
	return write(STDERR_FILENO, "", 0) == 0;
}

static bool send_connection(void)
{
	return send(fds.connection, "x", 1, MSG_NOSIGNAL) == 1;
}

static bool read_connection(void)
{
	char byte;

	return recv(fds.connection, &byte, 1, MSG_DONTWAIT) == 1;
}

static bool end_connection(void)
{
	return shutdown(fds.connection, SHUT_WR) == 0;
}

static bool send_message(int fd)
{
	char byte = 'x';
	struct iovec part = {&byte, 1};
	const struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};

	return sendmsg(fd, &message, MSG_NOSIGNAL) == 1;
}

/* To the very name that may have datagrams. */
static bool send_descriptor(void)
{
	union {
		struct cmsghdr head;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = {.head = {.cmsg_len = CMSG_LEN(sizeof(int)),
			     .cmsg_level = SOL_SOCKET,
			     .cmsg_type = SCM_RIGHTS}};
	char byte = 'x';
	struct iovec part = {&byte, 1};
	const struct msghdr message = {
		.msg_name = &journal_address,
		.msg_namelen = JOURNAL_NAME_SIZE,
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};

	memcpy(CMSG_DATA(&control.head), &fds.file, sizeof(int));
	return sendmsg(fds.journal, &message, MSG_NOSIGNAL) == 1;
}

static bool report(void)
{
	return sendto(fds.journal, "x", 1, MSG_NOSIGNAL, (const struct sockaddr *)&journal_address,
		       JOURNAL_NAME_SIZE) == 1;
}

static bool take_memory(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) !=
	       MAP_FAILED;
}

static bool find_name(void)
{
	struct ifreq request = {.ifr_ifindex = 1};

	return ioctl(fds.connection, SIOCGIFNAME, &request) == 0;
}

static bool close_other(void)
{
	return close(fds.file) == 0;
}

static bool send_frame(void)
{
	static const char frame[ETH_HLEN + 46] = {0};

	return write(fds.packets, frame, sizeof(frame)) == sizeof(frame);
}

static bool send_frame_by_send(void)
{
	static const char frame[ETH_HLEN + 46] = {0};

	return send(fds.packets, frame, sizeof(frame), 0) == sizeof(frame);
}

static bool send_frame_by_writev(void)
{
	static char frame[ETH_HLEN + 46];
	const struct iovec part = {frame, sizeof(frame)};

	return writev(fds.packets, &part, 1) == sizeof(frame);
}

static bool send_frame_by_message(void)
{
	static char frame[ETH_HLEN + 46];
	struct iovec part = {frame, sizeof(frame)};
	const struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};

	return sendmsg(fds.packets, &message, 0) == sizeof(frame);
}

static bool send_frames(void)
{
	static char frame[ETH_HLEN + 46];
	struct iovec part = {frame, sizeof(frame)};
	struct mmsghdr messages = {.msg_hdr = {.msg_iov = &part, .msg_iovlen = 1}};

	return sendmmsg(fds.packets, &messages, 1, 0) == 1;
}

static bool send_frame_from_file(void)
{
	off_t start = 0;

	return sendfile(fds.packets, fds.file, &start, 60) == 60;
}

static bool bind_elsewhere(void)
{
	const struct sockaddr_ll nowhere = {.sll_family = AF_PACKET};

	return bind(fds.packets, (const struct sockaddr *)&nowhere, sizeof(nowhere)) == 0;
}

static bool join_fanout(void)
{
	const int group = 4711 | PACKET_FANOUT_HASH << 16;

	return setsockopt(fds.packets, SOL_PACKET, PACKET_FANOUT, &group, sizeof(group)) == 0;
}

static bool be_promiscuous(void)
{
	const struct packet_mreq request = {.mr_ifindex = 1, .mr_type = PACKET_MR_PROMISC};

	return setsockopt(fds.packets, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &request,
		       sizeof(request)) == 0;
}

static bool duplicate(void)
{
	return dup(fds.file) >= 0;
}

static bool duplicate_over_connection(void)
{
	return dup2(fds.file, fds.connection) >= 0;
}

static bool duplicate_by_fcntl(void)
{
	return fcntl(fds.file, F_DUPFD, 0) >= 0;
}

static bool own_signals(void)
{
	return fcntl(fds.connection, F_SETOWN, getpid()) == 0;
}

static bool close_connection(void)
{
	return close(fds.connection) == 0;
}

static bool close_journal(void)
{
	return close(fds.journal) == 0;
}

static bool close_errors(void)
{
	return close(STDERR_FILENO) == 0;
}

static bool close_range_over_all(void)
{
#ifdef SYS_close_range
	return syscall(SYS_close_range, 3, ~0U, 0) == 0;
#else
	return close(fds.file) == 0 && errno == 0;
#endif
}

static bool open_file(void)
{
	return open("/dev/null", O_RDONLY | O_CLOEXEC) >= 0;
}

static bool look_for_file(void)
{
	return access("/dev/null", F_OK) == 0;
}

static bool examine_file(void)
{
	struct stat status;

	return stat("/dev/null", &status) == 0;
}

/* The flag lets a path be empty, but takes any. */
static bool examine_file_with_flag(void)
{
	struct stat status;

	return fstatat(AT_FDCWD, "/dev/null", &status, AT_EMPTY_PATH) == 0;
}

static bool examine_file_at_length(void)
{
#ifdef SYS_statx
	/* musl has no function for it, and the structure is as long */
	char status[256];

	return syscall(SYS_statx, AT_FDCWD, "/dev/null", 0, 1, status) == 0;
#else
	return examine_file();
#endif
}

static bool open_socket(void)
{
	return socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0) >= 0;
}

static bool open_sockets(void)
{
	int pair[2];

	return socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) == 0;
}

static bool open_pipe(void)
{
	int pair[2];

	return pipe(pair) == 0;
}

static bool receive_message(void)
{
	char byte;
	struct iovec part = {&byte, 1};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};

	return recvmsg(fds.connection, &message, MSG_DONTWAIT) == 1;
}

static bool send_to_address(void)
{
	return sendto(fds.journal, "x", 1, 0, (const struct sockaddr *)&other_address,
		       other_address_size) == 1;
}

static bool send_message_to_client(void)
{
	return send_message(fds.connection);
}

static bool write_file(void)
{
	return write(fds.file, "x", 1) == 1;
}

static bool write_at(void)
{
	return pwrite(fds.file, "x", 1, 0) == 1;
}

/* Of standard error, which other programs may share. */
static bool set_flags(void)
{
	return fcntl(fds.file, F_SETFL, O_RDWR) == 0;
}

static bool change_limits(void)
{
	struct rlimit limit;

	return prlimit(getpid(), RLIMIT_CORE, NULL, &limit) == 0;
}

static bool begin_process(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	return pid > 0;
}

static bool run_code(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) !=
	       MAP_FAILED;
}

static bool send_signal(void)
{
	return kill(getpid(), 0) == 0;
}

static bool execute(void)
{
	char *const none[] = {NULL};

	/* that there is no such program is found behind the filter */
	return execve("/none", none, none) != 0 && errno == ENOENT;
}

static const struct attempt {
	const char *name;
	bool (*run)(void);
	bool is_left; /* a capture takes it */
	bool takes_packets;
} attempts[] = {
	{"write to the connection", write_connection, true, false},
	{"write an error", write_errors, true, false},
	{"send to the connection", send_connection, true, false},
	{"receive from the connection", read_connection, true, false},
	{"end the connection", end_connection, true, false},
	{"report to the journal", report, true, false},
	{"take memory", take_memory, true, false},
	{"find an interface's name", find_name, true, false},
	{"close any other descriptor", close_other, true, false},
	{"write(2) a frame", send_frame, false, true},
	{"send(2) a frame", send_frame_by_send, false, true},
	{"writev(2) a frame", send_frame_by_writev, false, true},
	{"sendmsg(2) a frame", send_frame_by_message, false, true},
	{"sendmmsg(2) frames", send_frames, false, true},
	{"sendfile(2) a frame", send_frame_from_file, false, true},
	{"bind to all interfaces", bind_elsewhere, false, true},
	{"join a fanout group", join_fanout, false, true},
	{"switch promiscuous mode on", be_promiscuous, false, true},
	{"dup(2)", duplicate, false, false},
	{"dup2(2) over the connection", duplicate_over_connection, false, false},
	{"F_DUPFD", duplicate_by_fcntl, false, false},
	{"F_SETOWN", own_signals, false, false},
	{"close the connection", close_connection, false, false},
	{"close the journal's socket", close_journal, false, false},
	{"close standard error", close_errors, false, false},
	{"close a range", close_range_over_all, false, false},
	{"open a file", open_file, false, false},
	{"look for a file", look_for_file, false, false},
	{"stat(2)", examine_file, false, false},
	{"fstatat(2) with AT_EMPTY_PATH", examine_file_with_flag, false, false},
	{"statx(2)", examine_file_at_length, false, false},
	{"open a socket", open_socket, false, false},
	{"open two sockets", open_sockets, false, false},
	{"open a pipe", open_pipe, false, false},
	{"receive descriptors", receive_message, false, false},
	{"send a descriptor to a name", send_descriptor, false, false},
	{"send to a name of another length", send_to_address, false, false},
	{"send a message to the client", send_message_to_client, false, false},
	{"write to another descriptor", write_file, false, false},
	{"pwrite(2)", write_at, false, false},
	{"set the flags of a file", set_flags, false, false},
	{"prlimit(2)", change_limits, false, false},
	{"fork(2)", begin_process, false, false},
	{"make memory executable", run_code, false, false},
	{"send a signal", send_signal, false, false},
	{"execute a program", execute, false, false},
};

enum { ATTEMPTS = sizeof(attempts) / sizeof(*attempts) };

/* Only an interface that is up takes frames. */
static int open_packets(void)
{
	const struct sockaddr_ll loopback = {
		.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_802_EX1), .sll_ifindex = 1};
	struct ifreq request = {.ifr_name = "lo"};
	int fd = socket(AF_PACKET, SOCK_RAW, 0);

	if (fd < 0)
		return -1;
	if (ioctl(fd, SIOCGIFFLAGS, &request) == 0 && request.ifr_flags & IFF_UP &&
		bind(fd, (const struct sockaddr *)&loopback, sizeof(loopback)) == 0)
		return fd;
	close(fd);
	return -1;
}

static void open_all(void)
{
	static unsigned times_opened;
	static const char content[4096] = {0};
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	fds.connection = pair[0];
	fds.peer = pair[1];
	assert_int_equal(write(fds.peer, "x", 1), 1);
	fds.journal = socket(AF_UNIX, SOCK_DGRAM, 0);
	fds.journal_peer = socket(AF_UNIX, SOCK_DGRAM, 0);
	journal_address.sun_family = AF_UNIX;
	/* another each time: what forked before may still have the last one */
	snprintf(journal_address.sun_path + 1, 28, "ddump-test-%-8d%-8u", (int)getpid(),
		++times_opened);
	assert_int_equal(
		bind(fds.journal_peer, (struct sockaddr *)&journal_address, JOURNAL_NAME_SIZE), 0);
	fds.other_peer = socket(AF_UNIX, SOCK_DGRAM, 0);
	/* a name that the kernel chooses */
	other_address.sun_family = AF_UNIX;
	assert_int_equal(
		bind(fds.other_peer, (struct sockaddr *)&other_address, sizeof(sa_family_t)), 0);
	other_address_size = sizeof(other_address);
	assert_int_equal(
		getsockname(fds.other_peer, (struct sockaddr *)&other_address, &other_address_size),
		0);
	fds.packets = open_packets();
	fds.file = memfd_create("file", 0);
	assert_int_equal(write(fds.file, content, sizeof(content)), sizeof(content));
}

static void close_all(void)
{
	close(fds.connection);
	close(fds.peer);
	close(fds.journal);
	close(fds.journal_peer);
	close(fds.other_peer);
	close(fds.file);
	if (fds.packets >= 0)
		close(fds.packets);
}

static int attempt_in_child(const struct attempt *attempt, bool is_limited)
{
	const struct syscall_filter_fds kept = {
		.connection = fds.connection,
		.journal = fds.journal,
		.errors = STDERR_FILENO,
		.journal_address_size = JOURNAL_NAME_SIZE,
	};
	struct error error = {0};

	if (attempt->takes_packets && fds.packets < 0)
		return ATTEMPT_IMPOSSIBLE;
	if (is_limited && !syscall_filter_install(&kept, &error))
		return 1;
	errno = 0;
	if (attempt->run())
		return ATTEMPT_WORKED;
	/* the limits must be what it fails of */
	return errno == EPERM ? ATTEMPT_REFUSED : 1;
}

static bool is_standard_input; /* the connection, as a program has it that ssh runs */

static int run_attempt(const struct attempt *attempt, bool is_limited)
{
	int status;
	pid_t child;

	open_all();
	child = fork();
	if (child == 0) {
		if (is_standard_input)
			fds.connection = dup2(fds.connection, STDIN_FILENO);
		_exit(attempt_in_child(attempt, is_limited));
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	close_all();
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void expect(const struct attempt *attempt, bool is_limited, int expected)
{
	int result = run_attempt(attempt, is_limited);

	if (result != expected && result != ATTEMPT_IMPOSSIBLE)
		fail_msg("%s, %s limits: %d instead of %d", attempt->name,
			is_limited ? "with" : "without", result, expected);
}

/* An attempt that fails anyway would prove nothing. */
static void syscalls_all_attempts_work_without_limits(void **state)
{
	(void)state;
	/* an emulator does not offer every option of a packet socket */
	for (size_t i = 0; i < ATTEMPTS; i++)
		if (!is_emulated() || !attempts[i].takes_packets)
			expect(&attempts[i], false, ATTEMPT_WORKED);
}

static void syscalls_of_a_capture_are_allowed(void **state)
{
	(void)state;
	if (is_emulated() || !syscall_filter_is_supported())
		return; /* a sanitizer's build, or such an architecture */
	for (size_t i = 0; i < ATTEMPTS; i++)
		if (attempts[i].is_left)
			expect(&attempts[i], true, ATTEMPT_WORKED);
}

static void syscalls_of_a_capture_on_standard_input_are_allowed(void **state)
{
	is_standard_input = true;
	syscalls_of_a_capture_are_allowed(state);
	is_standard_input = false;
}

static void syscalls_of_an_attack_are_refused(void **state)
{
	(void)state;
	if (is_emulated() || !syscall_filter_is_supported())
		return; /* a sanitizer's build, or such an architecture */
	for (size_t i = 0; i < ATTEMPTS; i++)
		if (!attempts[i].is_left)
			expect(&attempts[i], true, ATTEMPT_REFUSED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(syscalls_all_attempts_work_without_limits),
		cmocka_unit_test(syscalls_of_a_capture_are_allowed),
		cmocka_unit_test(syscalls_of_a_capture_on_standard_input_are_allowed),
		cmocka_unit_test(syscalls_of_an_attack_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
