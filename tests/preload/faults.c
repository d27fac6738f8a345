/* SPDX-License-Identifier: MIT */
/*
 * Makes calls of a program fail: a library for LD_PRELOAD.
 *
 * In: DDUMP_FAULT, or the first line of the file that it names by @FILE:
 *
 *     alloc:N    the Nth allocation of a process fails
 *     call:N     the Nth system call
 *     place:N    the first of either kind at the Nth place of the program's
 *                own code that leads to one
 *     eintr:N    each call that can be interrupted is, N times in a row
 *     short:N    reads and writes do N bytes at most
 *
 * With a '+' at the end, all later ones fail, too. Calls of libraries count,
 * and those of libc's allocations; children continue their parents' count. Out:
 * in the file DDUMP_FAULT_LOG "loaded ORDER" for one of these, or "none";
 * "fault NAME" and the place, for each fault; "killed by N" and the place, if a
 * signal of a crash arrives.
 */
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <link.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum { FRAMES = 48, PLACES = 4096, EARLY = 65536 };

enum kind { ALLOC = 1, CALL = 2, INTERRUPTIBLE = 4 };

static struct {
	enum { NOTHING, EVERY_ALLOC, EVERY_CALL, PLACE, EINTR_ALL, SHORT } mode;
	unsigned long number;
	bool stays; /* all that come later fail, too */
	unsigned long count;
	int log;
	uintptr_t begin; /* of the program's own code */
	uintptr_t end;
	uintptr_t places[PLACES];
} faults = {.log = -1};

static __thread bool inside;

static int find_program(struct dl_phdr_info *info, size_t size, void *unused)
{
	(void)size;
	(void)unused;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *part = &info->dlpi_phdr[i];

		if (part->p_type != PT_LOAD || !(part->p_flags & PF_X))
			continue;
		faults.begin = info->dlpi_addr + part->p_vaddr;
		faults.end = faults.begin + part->p_memsz;
	}
	return 1; /* the first one is the program */
}

static void tell_frames(void)
{
	void *frames[FRAMES];

	backtrace_symbols_fd(frames, backtrace(frames, FRAMES), faults.log);
}

static void on_crash(int signal)
{
	dprintf(faults.log, "killed by %d\n", signal);
	tell_frames();
	raise(signal); /* SA_RESETHAND: it ends here */
}

static void read_order(char *order, size_t size)
{
	const char *given = getenv("DDUMP_FAULT");
	FILE *in = given && *given == '@' ? fopen(given + 1, "re") : NULL;

	snprintf(order, size, "%s", given && !in ? given : "");
	if (in && !fgets(order, (int)size, in))
		*order = '\0';
	order[strcspn(order, "\n")] = '\0';
	if (in)
		fclose(in);
}

static void __attribute__((constructor)) set_up(void)
{
	static const char *const names[] = {
		"none", "alloc:", "call:", "place:", "eintr:", "short:"};
	static const int crashes[] = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL};
	const struct sigaction action = {
		.sa_handler = on_crash, .sa_flags = SA_RESETHAND | SA_NODEFER};
	const char *log = getenv("DDUMP_FAULT_LOG");
	char order[64];
	char *end;
	void *frame;

	inside = true;
	read_order(order, sizeof(order));
	if (log)
		faults.log = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	for (int i = NOTHING; i <= SHORT; i++) {
		const size_t size = strlen(names[i]);

		if (strncmp(order, names[i], size) != 0)
			continue;
		faults.mode = i;
		faults.number = strtoul(order + size, &end, 10);
		faults.stays = *end == '+';
		dprintf(faults.log, "loaded %s\n", order);
	}
	unsetenv("LD_PRELOAD"); /* not for what this program runs */
	dl_iterate_phdr(find_program, NULL);
	backtrace(&frame, 1); /* that loads a library, the first time */
	for (size_t i = 0; i < sizeof(crashes) / sizeof(*crashes); i++)
		sigaction(crashes[i], &action, NULL);
	inside = false;
}

/* Is the place in the program's own code that leads to this call a new one? */
static bool is_new_place(const char *name)
{
	void *frames[FRAMES];
	const int count = backtrace(frames, FRAMES);
	uintptr_t key = 0;

	for (int i = 0; i < count && !key; i++)
		if ((uintptr_t)frames[i] >= faults.begin && (uintptr_t)frames[i] < faults.end)
			key = (uintptr_t)frames[i];
	if (!key)
		return false;
	for (; *name; name++)
		key = key * 33 + (unsigned char)*name;
	for (size_t i = key % PLACES;; i = (i + 1) % PLACES) {
		uintptr_t none = 0;

		if (__atomic_compare_exchange_n(&faults.places[i], &none, key, false,
			    __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
			return true;
		if (none == key)
			return false;
	}
}

static bool is_counted(enum kind kind, const char *name)
{
	if (faults.mode == EVERY_ALLOC)
		return kind & ALLOC;
	if (faults.mode == EVERY_CALL)
		return kind & CALL;
	return faults.mode == PLACE && is_new_place(name);
}

/* libpcap's own reads never block, and so are never interrupted. */
static bool is_libpcap(const void *caller)
{
	Dl_info info;

	return dladdr(caller, &info) && strstr(info.dli_fname, "libpcap");
}

/*
 * Is this the call that fails? turn counts the calls of one function, which are
 * interrupted in turn.
 */
static bool fails_for(enum kind kind, const char *name, unsigned long *turn, const void *caller)
{
	bool fault = false;

	if (faults.mode == NOTHING || faults.mode == SHORT || inside)
		return false;
	inside = true;
	if (faults.mode == EINTR_ALL) {
		fault = kind & INTERRUPTIBLE && !is_libpcap(caller) &&
			(*turn)++ % (faults.number + 1) < faults.number;
	} else if (is_counted(kind, name)) {
		const unsigned long count = __atomic_add_fetch(&faults.count, 1, __ATOMIC_SEQ_CST);

		fault = count == faults.number;
		if (fault) {
			dprintf(faults.log, "fault %s\n", name);
			tell_frames();
		}
	}
	fault = fault || (faults.stays && faults.count > faults.number &&
				 (faults.mode != EVERY_ALLOC || kind & ALLOC));
	inside = false;
	return fault;
}

#define fails(kind, name, turn) fails_for(kind, name, turn, __builtin_return_address(0))

/*
 * Descriptors without a type, as eventfd and signalfd, are read as a whole or
 * not.
 */
static size_t shorter(int fd, size_t size)
{
	const int before = errno;
	struct stat status;

	if (faults.mode == SHORT && size > faults.number && !inside) {
		inside = true;
		if (fstat(fd, &status) == 0 && status.st_mode & S_IFMT)
			size = faults.number;
		inside = false;
	}
	errno = before;
	return size;
}

#define REAL(name)                                                                                 \
	static typeof(name) *real;                                                                 \
	static unsigned long turn;                                                                 \
                                                                                                   \
	if (!real)                                                                                 \
		*(void **)&real = dlsym(RTLD_NEXT, #name);                                         \
	(void)turn

/* A function that fails by returning a value, and errno. */
#define FAULTY(kind, error, failed, type, name, parameters, ...)                                   \
	type name parameters                                                                       \
	{                                                                                          \
		REAL(name);                                                                        \
		if (fails(kind, #name, &turn)) {                                                   \
			errno = INTERRUPTIBLE & (kind) && faults.mode == EINTR_ALL ? EINTR         \
										   : (error);      \
			return failed;                                                             \
		}                                                                                  \
		return real(__VA_ARGS__);                                                          \
	}

/* dlsym() may allocate before the real allocator is known. */
static void *early(size_t size)
{
	static char room[EARLY] __attribute__((aligned(16)));
	static size_t used;
	void *at = room + used;

	used += (size + 15) & ~(size_t)15;
	return used <= sizeof(room) ? at : NULL;
}

static bool resolving;

#define ALLOCATING(name, ...)                                                                      \
	static typeof(name) *real;                                                                 \
                                                                                                   \
	if (!real) {                                                                               \
		if (resolving)                                                                     \
			return early(__VA_ARGS__);                                                 \
		resolving = true;                                                                  \
		*(void **)&real = dlsym(RTLD_NEXT, #name);                                         \
		resolving = false;                                                                 \
	}                                                                                          \
	if (fails(ALLOC, #name, NULL)) {                                                           \
		errno = ENOMEM;                                                                    \
		return NULL;                                                                       \
	}

void *malloc(size_t size)
{
	ALLOCATING(malloc, size)
	return real(size);
}

void *calloc(size_t count, size_t size)
{
	ALLOCATING(calloc, count * size)
	return real(count, size);
}

void *realloc(void *old, size_t size)
{
	ALLOCATING(realloc, size)
	return real(old, size);
}

FAULTY(ALLOC, ENOMEM, NULL, void *, reallocarray, (void *old, size_t count, size_t size), old,
	count, size)
FAULTY(ALLOC, ENOMEM, NULL, void *, aligned_alloc, (size_t align, size_t size), align, size)
FAULTY(ALLOC, ENOMEM, ENOMEM, int, posix_memalign, (void **to, size_t align, size_t size), to,
	align, size)
FAULTY(CALL, ENOMEM, MAP_FAILED, void *, mmap,
	(void *at, size_t size, int protection, int flags, int fd, off_t from), at, size,
	protection, flags, fd, from)

#define INTERRUPTED (CALL | INTERRUPTIBLE)
#define VARIADIC(name, last)                                                                       \
	long more;                                                                                 \
	va_list args;                                                                              \
	REAL(name);                                                                                \
	va_start(args, last);                                                                      \
	more = va_arg(args, long);                                                                 \
	va_end(args)

#define OPENS(name)                                                                                \
	int name(const char *path, int flags, ...)                                                 \
	{                                                                                          \
		VARIADIC(name, flags);                                                             \
		if (fails(CALL, #name, &turn)) {                                                   \
			errno = EMFILE;                                                            \
			return -1;                                                                 \
		}                                                                                  \
		return real(path, flags, (mode_t)more);                                            \
	}

OPENS(open)
OPENS(open64)

/* fcntl(2): to read and set flags never fails. */
int fcntl(int fd, int command, ...)
{
	VARIADIC(fcntl, command);
	if (command != F_GETFL && command != F_SETFL && fails(CALL, "fcntl", &turn)) {
		errno = ENOMEM;
		return -1;
	}
	return real(fd, command, more);
}

int ioctl(int fd, unsigned long request, ...)
{
	VARIADIC(ioctl, request);
	if (fails(CALL, "ioctl", &turn)) {
		errno = ENOMEM;
		return -1;
	}
	return real(fd, request, more);
}

FAULTY(CALL, EMFILE, NULL, FILE *, fopen, (const char *path, const char *mode), path, mode)
FAULTY(CALL, EMFILE, NULL, FILE *, fopen64, (const char *path, const char *mode), path, mode)
FAULTY(CALL, EMFILE, -1, int, socket, (int family, int type, int protocol), family, type, protocol)
FAULTY(CALL, EMFILE, -1, int, socketpair, (int family, int type, int protocol, int fds[2]), family,
	type, protocol, fds)
FAULTY(CALL, EMFILE, -1, int, accept4, (int fd, struct sockaddr *peer, socklen_t *size, int flags),
	fd, peer, size, flags)
FAULTY(CALL, EMFILE, -1, int, epoll_create1, (int flags), flags)
FAULTY(CALL, EMFILE, -1, int, eventfd, (unsigned count, int flags), count, flags)
FAULTY(CALL, EMFILE, -1, int, signalfd, (int fd, const sigset_t *set, int flags), fd, set, flags)
FAULTY(CALL, EMFILE, -1, int, pipe2, (int fds[2], int flags), fds, flags)
FAULTY(CALL, EMFILE, -1, int, dup2, (int from, int to), from, to)
FAULTY(CALL, ENETUNREACH, -1, int, connect, (int fd, const struct sockaddr *to, socklen_t size), fd,
	to, size)
FAULTY(CALL, EADDRINUSE, -1, int, bind, (int fd, const struct sockaddr *to, socklen_t size), fd, to,
	size)
FAULTY(CALL, EADDRINUSE, -1, int, listen, (int fd, int backlog), fd, backlog)
FAULTY(CALL, ENOBUFS, -1, int, setsockopt,
	(int fd, int level, int name, const void *value, socklen_t size), fd, level, name, value,
	size)
FAULTY(CALL, ENOBUFS, -1, int, getsockopt,
	(int fd, int level, int name, void *value, socklen_t *size), fd, level, name, value, size)
FAULTY(CALL, ENOBUFS, -1, int, getsockname, (int fd, struct sockaddr *own, socklen_t *size), fd,
	own, size)
FAULTY(CALL, ENOTCONN, -1, int, getpeername, (int fd, struct sockaddr *peer, socklen_t *size), fd,
	peer, size)
FAULTY(CALL, ENOTCONN, -1, int, shutdown, (int fd, int how), fd, how)
FAULTY(INTERRUPTED, EIO, -1, ssize_t, read, (int fd, void *to, size_t size), fd, to,
	shorter(fd, size))
FAULTY(INTERRUPTED, EIO, -1, ssize_t, write, (int fd, const void *from, size_t size), fd, from,
	shorter(fd, size))
FAULTY(INTERRUPTED, EIO, -1, ssize_t, writev, (int fd, const struct iovec *parts, int count), fd,
	parts, count)
FAULTY(INTERRUPTED, ENOMEM, -1, ssize_t, recv, (int fd, void *to, size_t size, int flags), fd, to,
	shorter(fd, size), flags)
FAULTY(INTERRUPTED, ECONNRESET, -1, ssize_t, send,
	(int fd, const void *from, size_t size, int flags), fd, from, shorter(fd, size), flags)
FAULTY(INTERRUPTED, ENOBUFS, -1, ssize_t, sendto,
	(int fd, const void *from, size_t size, int flags, const struct sockaddr *to,
		socklen_t to_size),
	fd, from, size, flags, to, to_size)
FAULTY(INTERRUPTED, ENOBUFS, -1, ssize_t, sendmsg,
	(int fd, const struct msghdr *message, int flags), fd, message, flags)
FAULTY(INTERRUPTED, ENOBUFS, -1, ssize_t, recvmsg, (int fd, struct msghdr *message, int flags), fd,
	message, flags)
FAULTY(INTERRUPTED, ENOMEM, -1, int, poll, (struct pollfd * fds, nfds_t count, int timeout), fds,
	count, timeout)
FAULTY(INTERRUPTED, ENOMEM, -1, int, epoll_wait,
	(int fd, struct epoll_event *events, int count, int timeout), fd, events, count, timeout)
FAULTY(CALL, ENOMEM, -1, int, epoll_ctl, (int fd, int what, int other, struct epoll_event *event),
	fd, what, other, event)
FAULTY(CALL, EAGAIN, -1, pid_t, fork, (void))
FAULTY(INTERRUPTED, ECHILD, -1, pid_t, waitpid, (pid_t pid, int *status, int flags), pid, status,
	flags)
FAULTY(CALL, ENOMEM, -1, int, fstat, (int fd, struct stat *status), fd, status)
FAULTY(CALL, ENOMEM, -1, int, stat, (const char *path, struct stat *status), path, status)
FAULTY(CALL, ENOMEM, -1, int, lstat, (const char *path, struct stat *status), path, status)
FAULTY(CALL, ESPIPE, -1, off_t, lseek, (int fd, off_t by, int whence), fd, by, whence)
FAULTY(INTERRUPTED, EIO, -1, int, ftruncate, (int fd, off_t size), fd, size)
FAULTY(CALL, EIO, -1, int, unlink, (const char *path), path)
FAULTY(CALL, ENOMEM, -1, int, access, (const char *path, int mode), path, mode)
FAULTY(CALL, EPERM, -1, int, setgroups, (size_t count, const gid_t *list), count, list)
FAULTY(CALL, EAGAIN, -1, int, setresuid, (uid_t a, uid_t b, uid_t c), a, b, c)
FAULTY(CALL, EAGAIN, -1, int, setresgid, (gid_t a, gid_t b, gid_t c), a, b, c)
FAULTY(CALL, EPERM, -1, int, getrlimit, (__rlimit_resource_t what, struct rlimit *limit), what,
	limit)
FAULTY(CALL, EPERM, -1, int, setrlimit, (__rlimit_resource_t what, const struct rlimit *limit),
	what, limit)
FAULTY(INTERRUPTED, ENOSYS, -1, ssize_t, getrandom, (void *to, size_t size, unsigned flags), to,
	size, flags)
FAULTY(CALL, EMFILE, EAI_MEMORY, int, getaddrinfo,
	(const char *host, const char *port, const struct addrinfo *hints, struct addrinfo **found),
	host, port, hints, found)
FAULTY(CALL, EMFILE, EAI_MEMORY, int, getnameinfo,
	(const struct sockaddr *address, socklen_t size, char *host, socklen_t host_size,
		char *port, socklen_t port_size, int flags),
	address, size, host, host_size, port, port_size, flags)
FAULTY(CALL, EMFILE, 0, unsigned, if_nametoindex, (const char *name), name)
FAULTY(CALL, EMFILE, NULL, char *, if_indextoname, (unsigned number, char *name), number, name)
FAULTY(CALL, EAGAIN, EAGAIN, int, posix_spawnp,
	(pid_t * child, const char *file, const posix_spawn_file_actions_t *actions,
		const posix_spawnattr_t *attributes, char *const argv[], char *const environment[]),
	child, file, actions, attributes, argv, environment)
FAULTY(CALL, EAGAIN, EAGAIN, int, pthread_create,
	(pthread_t * thread, const pthread_attr_t *attributes, void *(*start)(void *),
		void *argument),
	thread, attributes, start, argument)

/* A descriptor is closed even if close() fails. */
int close(int fd)
{
	REAL(close);
	if (fails(CALL, "close", &turn)) {
		real(fd);
		errno = EIO;
		return -1;
	}
	return real(fd);
}

int prctl(int what, ...)
{
	unsigned long list[4];
	va_list args;
	REAL(prctl);

	va_start(args, what);
	for (int i = 0; i < 4; i++)
		list[i] = va_arg(args, unsigned long);
	va_end(args);
	if (fails(CALL, "prctl", &turn)) {
		errno = EPERM;
		return -1;
	}
	return real(what, list[0], list[1], list[2], list[3]);
}

/* capget() and capset() have no function of their own. */
long syscall(long number, ...)
{
	long list[6];
	va_list args;
	REAL(syscall);

	va_start(args, number);
	for (int i = 0; i < 6; i++)
		list[i] = va_arg(args, long);
	va_end(args);
	if (fails(CALL, "syscall", &turn)) {
		errno = EPERM;
		return -1;
	}
	return real(number, list[0], list[1], list[2], list[3], list[4], list[5]);
}
