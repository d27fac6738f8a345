/* SPDX-License-Identifier: MIT */
/*
 * Limits the system calls of a process that sends a capture. In: the descriptors that
 * it writes to. Out: a seccomp(2) filter for the rest of the process.
 *
 * Theory of operation
 *
 * The kernel checks CAP_NET_RAW when a packet socket is opened, and never again: an
 * attacker who controls the process later could send any frame with it, bind it to
 * another interface or join the fanout group of another program. So once the capture
 * is open, only the calls of the list below are allowed.
 *
 * seccomp(2) sees numbers, not the memory that pointers refer to. Calls that write
 * are therefore allowed by the number of their descriptor, and no allowed call can
 * assign another file to such a number: no dup(2), no socket(2) or open(2), and
 * close(2) of all numbers but these. sendto(2) on the connection must have no
 * address. On the journal's socket the address is in memory and cannot be checked,
 * but its size can: only a unix socket with a name of the same length could be
 * reached. sendmsg(2) is not allowed, because it can pass descriptors on, the packet
 * socket included.
 *
 * No call with a path is allowed, because it would reveal which files exist.
 * newfstatat(2) and statx(2), which some libc use for fstat(3), accept a path even
 * with AT_EMPTY_PATH; to send a capture needs neither.
 *
 * The program is a list of rules: each compares the number of the call, and decides
 * or continues with the next one. The default is EPERM instead of a signal, because
 * libpcap calls setsockopt(2) when it closes its socket.
 */
#include "worker/syscall_filter.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <linux/sockios.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(memory_sanitizer) ||                         \
	__has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif

/* The kernel's name of the calling convention that the numbers belong to. */
#if defined(SANITIZED)
#define ARCHITECTURE 0
#elif defined(__x86_64__) && !defined(__ILP32__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__) && defined(__AARCH64EL__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#elif defined(__arm__) && defined(__ARM_EABI__) && defined(__ARMEL__)
#define ARCHITECTURE AUDIT_ARCH_ARM
#elif defined(__riscv) && __riscv_xlen == 64
#define ARCHITECTURE AUDIT_ARCH_RISCV64
#elif defined(__powerpc64__) && defined(__LITTLE_ENDIAN__)
#define ARCHITECTURE AUDIT_ARCH_PPC64LE
#elif defined(__loongarch64)
#define ARCHITECTURE AUDIT_ARCH_LOONGARCH64
#else
#define ARCHITECTURE 0
#endif

/* The first number of the second set of x86-64. */
#define X32_CALLS 0x40000000U

#define ALLOW SECCOMP_RET_ALLOW
#define REFUSE (SECCOMP_RET_ERRNO | EPERM)

enum {
	PROGRAM_MAX = 256, /* instructions; the range of a jump */
	VALUES_MAX = 3,
};

/* Offsets of the halves of an argument in struct seccomp_data. */
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
enum { LOWER = 4, UPPER = 0 };
#else
enum { LOWER = 0, UPPER = 4 };
#endif

struct seccomp_program {
	struct sock_filter insns[PROGRAM_MAX];
	unsigned short length;
};

/* Calls that are harmless with any arguments. */
static const long allowed[] = {
/* to wait and to read */
#ifdef SYS_poll
	SYS_poll,
#endif
	SYS_ppoll,
#ifdef SYS_ppoll_time64
	SYS_ppoll_time64,
#endif
	SYS_read,
	SYS_pread64,
	SYS_recvfrom,
#ifdef SYS_recv
	SYS_recv,
#endif
	SYS_getsockopt,
	SYS_getsockname,
	SYS_restart_syscall,
	/* to end the connection */
	SYS_shutdown,
	SYS_exit,
	SYS_exit_group,
	/* clocks, where the vDSO lacks them */
	SYS_clock_gettime,
#ifdef SYS_clock_gettime64
	SYS_clock_gettime64,
#endif
	SYS_gettimeofday,
	/* used by libc for memory and signals */
	SYS_brk,
	SYS_munmap,
	SYS_mremap,
	SYS_madvise,
	SYS_getrandom,
	SYS_futex,
	SYS_rt_sigprocmask,
	SYS_rt_sigreturn,
	/* used by libc to query; none with a path */
	SYS_getpid,
	SYS_gettid,
#ifdef SYS_fstat
	SYS_fstat,
#endif
#ifdef SYS_fstat64
	SYS_fstat64,
#endif
};

static void append(
	struct seccomp_program *program, uint16_t code, uint32_t k, uint8_t yes, uint8_t no)
{
	if (program->length < PROGRAM_MAX)
		program->insns[program->length++] = (struct sock_filter){code, yes, no, k};
}

static void add_load(struct seccomp_program *program, size_t offset)
{
	append(program, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0);
}

static void add_return(struct seccomp_program *program, uint32_t action)
{
	append(program, BPF_RET | BPF_K, action, 0, 0);
}

/* The offset of one half of an argument. */
static size_t argument(unsigned index, size_t half)
{
	return offsetof(struct seccomp_data, args) + index * sizeof(uint64_t) + half;
}

static void load_number(struct seccomp_program *program)
{
	add_load(program, offsetof(struct seccomp_data, nr));
}

/*
 * Starts a rule: skips the next length instructions unless it is this call.
 */
static void add_call(struct seccomp_program *program, long number, uint8_t length)
{
	append(program, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)number, 0, length);
}

static void allow_call(struct seccomp_program *program, long number)
{
	add_call(program, number, 1);
	add_return(program, ALLOW);
}

/*
 * Decides by the lower half of an argument, the only one that the kernel uses of
 * descriptors: the first action if it is one of the values, else the second. Values
 * of -1 are ignored.
 */
static void decide_by_values(struct seccomp_program *program, long number, unsigned index,
	const int values[VALUES_MAX], const uint32_t actions[2])
{
	/* the load, the comparisons, both actions */
	add_call(program, number, 1 + VALUES_MAX + 2);
	add_load(program, argument(index, LOWER));
	for (unsigned i = 0; i < VALUES_MAX; i++)
		/* a comparison with -1 must never match */
		append(program, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)values[i],
			values[i] < 0 ? 0 : (uint8_t)(VALUES_MAX - i), 0);
	add_return(program, actions[1]);
	add_return(program, actions[0]);
}

static void allow_on(
	struct seccomp_program *program, long number, const int descriptors[VALUES_MAX])
{
	static const uint32_t actions[] = {ALLOW, REFUSE};

	decide_by_values(program, number, 0, descriptors, actions);
}

/*
 * Allows sendto(2) on the connection without an address, and on the journal's socket
 * with an address of the journal's size. Other calls jump to the end, which refuses.
 */
static void allow_send(struct seccomp_program *program, const struct syscall_filter_fds *fds)
{
	enum { ADDRESS = 4, ADDRESS_SIZE = 5 };

	add_call(program, SYS_sendto, 12);
	add_load(program, argument(0, LOWER));
	append(program, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)fds->connection, 0, 5);
	add_load(program, argument(ADDRESS, LOWER));
	append(program, BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 7);
	add_load(program, argument(ADDRESS, UPPER));
	append(program, BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 5);
	add_return(program, ALLOW);
	/* not the connection: A still has the descriptor */
	append(program, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)fds->journal, 0, 3);
	add_load(program, argument(ADDRESS_SIZE, LOWER));
	append(program, BPF_JMP | BPF_JEQ | BPF_K, fds->journal_address_size, 0, 1);
	add_return(program, ALLOW);
	add_return(program, REFUSE);
}

/* Allows fcntl(2) to set the flags of one descriptor, which other programs may share. */
static void allow_flags(struct seccomp_program *program, int fd)
{
#ifdef SYS_fcntl64
	const long number = SYS_fcntl64;
#else
	const long number = SYS_fcntl;
#endif

	add_call(program, number, 6);
	add_load(program, argument(0, LOWER));
	append(program, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)fd, 0, 3);
	add_load(program, argument(1, LOWER));
	append(program, BPF_JMP | BPF_JEQ | BPF_K, F_SETFL, 0, 1);
	add_return(program, ALLOW);
	add_return(program, REFUSE);
}

/* Allows memory that is not executable: the third argument is the protection. */
static void allow_memory(struct seccomp_program *program, long number)
{
	add_call(program, number, 4);
	add_load(program, argument(2, LOWER));
	append(program, BPF_JMP | BPF_JSET | BPF_K, PROT_EXEC, 0, 1);
	add_return(program, REFUSE);
	add_return(program, ALLOW);
}

static void add_architecture(struct seccomp_program *program)
{
	add_load(program, offsetof(struct seccomp_data, arch));
	append(program, BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0);
	add_return(program, REFUSE);
	load_number(program);
	append(program, BPF_JMP | BPF_JGE | BPF_K, X32_CALLS, 0, 1);
	add_return(program, REFUSE);
}

/* The most frequent calls first; the kernel caches the harmless ones. */
static void add_rules(struct seccomp_program *program, const struct syscall_filter_fds *fds)
{
	/* the last is libpcap's, when a device goes down */
	static const int questions[] = {TCGETS, SIOCGIFNAME, SIOCGIFFLAGS};
	static const uint32_t ask[] = {ALLOW, REFUSE};
	static const uint32_t keep[] = {REFUSE, ALLOW};
	const int kept[] = {fds->connection, fds->journal, fds->errors};
	const int written[] = {fds->connection, fds->errors, -1};
	const int connection[] = {fds->connection, -1, -1};

	allow_send(program, fds);
#ifdef SYS_send
	allow_on(program, SYS_send, connection);
#endif
	for (size_t i = 0; i < sizeof(allowed) / sizeof(*allowed); i++)
		allow_call(program, allowed[i]);
	allow_on(program, SYS_write, written);
	allow_on(program, SYS_writev, connection);
	decide_by_values(program, SYS_close, 0, kept, keep);
	decide_by_values(program, SYS_ioctl, 1, questions, ask);
	if (fds->is_pipe)
		allow_flags(program, fds->connection);
#ifdef SYS_mmap
	allow_memory(program, SYS_mmap);
#endif
#ifdef SYS_mmap2
	allow_memory(program, SYS_mmap2);
#endif
	allow_memory(program, SYS_mprotect);
}

bool syscall_filter_is_supported(void)
{
	return ARCHITECTURE != 0;
}

bool syscall_filter_install(const struct syscall_filter_fds *fds, struct error *error)
{
	struct seccomp_program program = {.length = 0};
	struct sock_fprog filter = {.filter = program.insns};

	add_architecture(&program);
	add_rules(&program, fds);
	add_return(&program, REFUSE);
	filter.len = program.length;
	/* prctl(2), because the unit's own filter does not allow seccomp(2) */
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
		prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0) == 0)
		return true;
	return error_set(error, 500, "cannot limit system calls: %s", strerror(errno));
}
