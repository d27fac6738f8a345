/* SPDX-License-Identifier: MIT */
/*
 * NEVER run this by hand: it does what it tries, where that is allowed. It
 * refuses to be root anywhere but in a container of tests/fleet.
 *
 * Replaces the worker within its unit, and tries whatever an attacker could who
 * has taken over a worker.
 *
 *     probe PID [limited] <CONNECTION
 *
 * In: the process of another capture, and the client's connection on stdin.
 * With "limited" the attempts are those of a process that was taken over while
 * it sent a capture, when its system calls are limited.
 * Out: "family N" for each kind of socket that it can open while it has
 * CAP_NET_RAW, which it then drops, as the worker does. Then "NAME: yes" or
 * "no" for each attempt, and, unless it is root: "writable PATH" for everything
 * that can be written, "readable PATH" for each file outside of /usr, /proc,
 * and /sys, and "program PATH" for each program that can be run, without
 * libraries. Finally, on stderr, because this attempt loses the client: can the
 * socket be connected anew, to port 22 of this host?
 */
#include "worker/syscall_filter.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <linux/capability.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/klog.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timex.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FAMILIES = 64, WALK_FILES = 16, PAGE = 4096, CONNECT_S = 5 };

static void report(const char *name, bool could)
{
	printf("%s: %s\n", name, could ? "yes" : "no");
}

/* For calls whose other errors mean that the kernel has executed them. */
static bool is_let(long result)
{
	return result >= 0 || (errno != EPERM && errno != ENOSYS);
}

static bool can_open(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC, 0600);

	if (fd < 0)
		return false;
	close(fd);
	return true;
}

static void try_families(const char *when)
{
	static const int types[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_RAW};

	for (int family = 0; family < FAMILIES; family++) {
		bool could = false;

		for (size_t i = 0; i < 3; i++) {
			int fd = socket(family, types[i] | SOCK_CLOEXEC, 0);

			could = could || fd >= 0;
			if (fd >= 0)
				close(fd);
		}
		if (could)
			printf("%s: family %d\n", when, family);
	}
}

static bool drop_capabilities(void)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	const struct __user_cap_data_struct none[2] = {{0}};

	return syscall(SYS_capset, &header, none) == 0;
}

static bool take_capabilities(void)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	const struct __user_cap_data_struct raw[2] = {
		{.effective = 1U << CAP_NET_RAW, .permitted = 1U << CAP_NET_RAW},
	};

	return syscall(SYS_capset, &header, raw) == 0;
}

/* Another process of the same user: all instances share one. */
static void try_capture(pid_t pid)
{
	char path[64];
	char byte;
	const struct iovec here = {&byte, 1};
	const struct iovec there = {&byte, 1};
	long pidfd = syscall(SYS_pidfd_open, pid, 0);

	report("signal a capture", kill(pid, 0) == 0);
	report("signal its thread", syscall(SYS_tgkill, pid, pid, 0) == 0);
	report("signal it by pidfd", syscall(SYS_pidfd_send_signal, pidfd, 0, NULL, 0) == 0);
	report("queue it a signal", is_let(syscall(SYS_rt_sigqueueinfo, pid, 0, NULL)));
	report("take its descriptor", syscall(SYS_pidfd_getfd, pidfd, 0, 0) >= 0);
	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	report("see it", can_open(path, O_RDONLY));
	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	report("read its memory", can_open(path, O_RDWR));
	report("copy its memory", is_let(process_vm_readv(pid, &here, 1, &there, 1, 0)));
	report("trace it", ptrace(PTRACE_SEIZE, pid, 0, 0) == 0);
	report("limit it",
		syscall(SYS_prlimit64, pid, RLIMIT_CORE, NULL, &(struct rlimit){0}) == 0);
	report("signal process 1", kill(1, 0) == 0);
	report("see process 1", can_open("/proc/1/status", O_RDONLY));
}

static bool has_succeeded(pid_t child)
{
	int status = 1;

	return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

static bool can_unshare(int what)
{
	pid_t child = fork();

	if (child == 0)
		_exit(unshare(what) == 0 ? 0 : 1);
	return has_succeeded(child);
}

static bool can_chroot(void)
{
	pid_t child = fork();

	if (child == 0)
		_exit(chroot("/usr") == 0 ? 0 : 1);
	return has_succeeded(child);
}

/* In a child, which becomes the program, if that is allowed. */
static bool can_run(const char *program, const char *argument)
{
	pid_t child = fork();

	if (child == 0) {
		execl(program, program, argument, "-c", ":", NULL);
		_exit(1);
	}
	return has_succeeded(child);
}

static bool can_execute_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	void *memory = mmap(NULL, PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);

	close(fd);
	return memory != MAP_FAILED;
}

static void try_programs(void)
{
	const int all = PROT_READ | PROT_WRITE | PROT_EXEC;
	const int anonymous = MAP_PRIVATE | MAP_ANONYMOUS;
	void *memory = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, anonymous, -1, 0);

	report("shell", can_run("/bin/sh", "-e"));
	report("library shell", can_run("/usr/lib/klibc/bin/sh", "-e"));
	report("shell by the loader", can_run("/lib64/ld-linux-x86-64.so.2", "/bin/sh"));
	report("code of a file", can_execute_file("/usr/share/probe"));
	report("code that it writes", mmap(NULL, PAGE, all, anonymous, -1, 0) != MAP_FAILED);
	report("code that it wrote", mprotect(memory, PAGE, PROT_READ | PROT_EXEC) == 0);
	report("memfd", memfd_create("probe", 0) >= 0);
}

static void try_namespaces(void)
{
	int net = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);

	report("user namespace", can_unshare(CLONE_NEWUSER));
	report("mount namespace", can_unshare(CLONE_NEWNS));
	report("network namespace", can_unshare(CLONE_NEWNET));
	report("pid namespace", can_unshare(CLONE_NEWPID));
	report("setns", setns(net, CLONE_NEWNET) == 0);
	report("mount", mount("none", "/tmp", "tmpfs", 0, NULL) == 0);
	report("umount", is_let(umount2("/nowhere", 0)));
	report("chroot", can_chroot());
}

static void try_clock_and_names(void)
{
	struct timex timex = {0};
	char name[64] = "";

	/* without a time, so that no clock is set */
	report("clock", is_let(syscall(SYS_clock_settime, 0, NULL)));
	report("clock's speed", adjtimex(&timex) >= 0);
	gethostname(name, sizeof(name) - 1);
	report("host name", sethostname(name, strlen(name)) == 0);
	report("kernel log", klogctl(3, name, sizeof(name)) >= 0);
	report("personality", personality(ADDR_NO_RANDOMIZE) >= 0);
}

static void try_modules(void)
{
	report("load module", is_let(syscall(SYS_init_module, "", 0, "")));
	report("load module file", is_let(syscall(SYS_finit_module, -1, "", 0)));
	report("remove module", is_let(syscall(SYS_delete_module, "nowhere", 0)));
	report("kexec", is_let(syscall(SYS_kexec_load, 0, 0, NULL, 0)));
	report("reboot", is_let(syscall(SYS_reboot, 0, 0, 0, NULL)));
	report("swap", is_let(syscall(SYS_swapon, "/nowhere", 0)));
	report("bpf", is_let(syscall(SYS_bpf, 0, NULL, 0)));
	report("perf", is_let(syscall(SYS_perf_event_open, NULL, 0, 0, -1, 0)));
	report("userfaultfd", is_let(syscall(SYS_userfaultfd, 0)));
	report("io_uring", is_let(syscall(SYS_io_uring_setup, 0, NULL)));
	report("fanotify", is_let(syscall(SYS_fanotify_init, 0, 0)));
	report("handles", is_let(syscall(SYS_open_by_handle_at, -1, NULL, 0)));
	report("keyring", is_let(syscall(SYS_keyctl, 0, -3, 0, 0, 0)));
	report("new key", is_let(syscall(SYS_add_key, "", "", "", 0, -3)));
}

static void try_shared(void)
{
	int ends[2];

	report("shared memory", is_let(syscall(SYS_shmget, 0, PAGE, 0600)));
	report("message queue", is_let(syscall(SYS_msgget, 0, 0600)));
	report("semaphores", is_let(syscall(SYS_semget, 0, 1, 0600)));
	report("posix queue", is_let(syscall(SYS_mq_open, "probe", O_CREAT | O_RDWR, 0600, NULL)));
	report("pipe", pipe(ends) == 0);
	report("lock memory", mlock(ends, sizeof(ends)) == 0);
}

static void try_privileges(void)
{
	const struct sched_param first = {.sched_priority = 1};
	const struct rlimit more = {1024, 1024};

	report("capability", take_capabilities());
	report("ambient capability",
		prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_NET_RAW, 0, 0) == 0);
	report("real time", sched_setscheduler(0, SCHED_FIFO, &first) == 0);
	report("priority", setpriority(PRIO_PROCESS, 0, -1) == 0);
	report("more files", setrlimit(RLIMIT_NOFILE, &more) == 0);
	report("chown", is_let(chown("/nowhere", 0, 0)));
	report("device", mknod("/tmp/probe", S_IFCHR | 0600, 259) == 0);
	report("setuid", is_let(setresuid(-1, 0, -1)));
}

static void try_files(void)
{
	report("shadow", can_open("/etc/shadow", O_RDONLY));
	report("passwd", can_open("/etc/passwd", O_RDONLY));
	report("home", can_open("/home/ops/.ssh/authorized_keys", O_RDONLY));
	report("data", can_open("/srv/probe", O_RDONLY));
	report("machine id", can_open("/etc/machine-id", O_RDONLY));
	report("journal", can_open("/var/log/journal", O_RDONLY));
	report("kernel's symbols", can_open("/proc/kallsyms", O_RDONLY));
	report("sysctl", can_open("/proc/sys/kernel/hostname", O_RDONLY));
	report("connections", can_open("/proc/self/net/tcp", O_RDONLY));
	report("packets of others", can_open("/proc/net/packet", O_RDONLY));
}

static bool can_reach(const char *name, int type)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	const size_t size = strlen(name);
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
	bool could;

	memcpy(address.sun_path, name, size);
	if (address.sun_path[0] == '@')
		address.sun_path[0] = '\0';
	could = connect(fd, (const struct sockaddr *)&address,
			offsetof(struct sockaddr_un, sun_path) + size) == 0;
	close(fd);
	return could;
}

static bool can_send(const char *name)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	const size_t size = strlen(name);
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool could;

	memcpy(address.sun_path + 1, name, size);
	could = sendto(fd, "x", 1, 0, (const struct sockaddr *)&address,
			offsetof(struct sockaddr_un, sun_path) + 1 + size) == 1;
	close(fd);
	return could;
}

static void try_sockets(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	const struct sockaddr_un own = {.sun_family = AF_UNIX, .sun_path = "\0probe-own"};

	report("systemd's socket", can_reach("/run/systemd/private", SOCK_STREAM));
	report("bus", can_reach("/run/dbus/system_bus_socket", SOCK_STREAM));
	report("abstract socket", can_reach("@probe", SOCK_STREAM));
	report("abstract datagrams", can_send("probe-datagrams"));
	report("listen",
		bind(fd, (const struct sockaddr *)&own, sizeof(own)) == 0 && listen(fd, 1) == 0);
	close(fd);
}

static bool is_below(const char *path, const char *top)
{
	const size_t size = strlen(top);

	return strncmp(path, top, size) == 0 && (path[size] == '/' || path[size] == '\0');
}

/* An nftw(3) function: checks each file, and opens none. */
static int visit(const char *path, const struct stat *status, int what, struct FTW *place)
{
	const bool is_file = S_ISREG(status->st_mode);

	(void)place;
	if (is_below(path, "/proc"))
		return FTW_SKIP_SUBTREE;
	if (what == FTW_SL || what == FTW_NS)
		return FTW_CONTINUE;
	if (access(path, W_OK) == 0)
		printf("writable %s\n", path);
	if (is_file && !is_below(path, "/usr") && !is_below(path, "/sys") &&
		access(path, R_OK) == 0)
		printf("readable %s\n", path);
	if (is_file && !strstr(path, ".so") && access(path, X_OK) == 0)
		printf("program %s\n", path);
	return FTW_CONTINUE;
}

/* Connects the socket away from the client, to another address. */
static bool can_connect_anew(void)
{
	const struct sockaddr none = {.sa_family = AF_UNSPEC};
	const struct sockaddr_in ssh = {
		.sin_family = AF_INET,
		.sin_port = htons(22),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	const struct timeval limit = {.tv_sec = CONNECT_S};
	char buffer[PAGE];
	int left = 1;

	fflush(stdout);
	while (ioctl(0, SIOCOUTQ, &left) == 0 && left > 0)
		usleep(1000);
	while (recv(0, buffer, sizeof(buffer), MSG_DONTWAIT) > 0)
		;
	if (connect(0, &none, sizeof(none)) != 0)
		return false;
	setsockopt(0, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	return connect(0, (const struct sockaddr *)&ssh, sizeof(ssh)) == 0;
}

/* systemd-nspawn(1) has that in each of its containers. */
static bool is_in_container(void)
{
	return access("/run/host/container-manager", F_OK) == 0;
}

/* A socket of the loopback interface; a capture has one of all interfaces. */
static int open_packets(void)
{
	const struct sockaddr_ll loopback = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = 1,
	};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

	if (fd >= 0 && bind(fd, (const struct sockaddr *)&loopback, sizeof(loopback)) != 0)
		fprintf(stderr, "cannot bind a packet socket: %s\n", strerror(errno));
	return fd;
}

/* Calls that such a socket allows without any capability. */
static void try_packets(int fd)
{
	static const char frame[60] = {0};
	const int group = 4711;
	const struct packet_mreq all = {.mr_ifindex = 1, .mr_type = PACKET_MR_PROMISC};

	report("send a frame", write(fd, frame, sizeof(frame)) > 0);
	report("join another's packets",
		setsockopt(fd, SOL_PACKET, PACKET_FANOUT, &group, sizeof(group)) == 0);
	report("promiscuous mode",
		setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &all, sizeof(all)) == 0);
}

/* stdin and stdout are both the connection; output is sent there. */
static bool limit_calls(void)
{
	const struct syscall_filter_fds fds = {
		.connection = STDOUT_FILENO,
		.journal = -1,
		.errors = STDERR_FILENO,
	};
	struct error error;

	if (syscall_filter_is_supported() && syscall_filter_install(&fds, &error))
		return true;
	fprintf(stderr, "cannot limit system calls\n");
	return false;
}

int main(int argc, char **argv)
{
	const bool is_limited = argc == 3 && strcmp(argv[2], "limited") == 0;
	int packets;

	if ((argc != 2 && !is_limited) || (getuid() == 0 && !is_in_container()))
		return 1;
	packets = open_packets();
	try_families("before");
	if (getuid() != 0)
		drop_capabilities();
	if (is_limited && !limit_calls())
		return 1;
	try_families("after");
	try_packets(packets);
	try_capture((pid_t)strtol(argv[1], NULL, 10));
	try_programs();
	try_namespaces();
	try_clock_and_names();
	try_modules();
	try_shared();
	try_files();
	try_sockets();
	try_privileges();
	if (getuid() != 0)
		nftw("/", visit, WALK_FILES, FTW_PHYS | FTW_ACTIONRETVAL);
	fprintf(stderr, "connect anew: %s\n", can_connect_anew() ? "yes" : "no");
	return 0;
}
