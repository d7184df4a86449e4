/* jail.c - seccomp filter, resource limits and lost privileges of a worker.
 *
 * The filter is compiled by libseccomp once in the zygote and kept as BPF, so
 * that a fresh worker costs one system call.  Allowed is what decoding needs:
 * memory, clocks, futexes, threads, pread on descriptors that came from the
 * broker, messages on its socket.  Decoders were used once before the jail is
 * closed, so that nothing is opened later.
 *
 * What is allowed must not help one who has taken the worker over:
 *   mmap      private memory counts for RLIMIT_DATA; shared memory without a file and
 *             stacks that grow do not, so neither can be had
 *   madvise   only advice about one's own memory: root could have the kernel
 *             give up pages of the machine (MADV_HWPOISON)
 *   clone     with the flags of pthread_create, no others: no process, no namespace
 *   sendmsg   the one socket ends at the broker, which closes descriptors that come
 *   write     descriptors 0 to 2 are /dev/null or, once closed, evidence open for reading
 *
 * Answered with an error instead of death: clone3 (the C library then uses
 * clone, whose flags can be checked), newfstatat, tgkill and tkill (abort();
 * the process then dies of its own SIGSEGV and cannot signal others), ioctl
 * (isatty on a FILE), sysinfo.
 */
#include "jail.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* A sanitizer's shadow memory would count as data, and its report is a file. */
#ifdef AS_SANITIZED
enum { SANITIZED = 1 };
#else
enum { SANITIZED = 0 };
#endif

/* Address space beside what is counted: programs, libraries, reservations.  A bound
 * is needed because the tables of what is mapped count nowhere.                   */
#define SPACE_BESIDE (UINT64_C(64) << 30)

#define NO_SECCOMP                                                                                 \
    "examiners cannot be jailed: this kernel or container refuses (%s); use a kernel of 4.14 or "  \
    "later with CONFIG_SECCOMP_FILTER, and a container that allows seccomp; --no-sandbox is for "  \
    "debugging only"

struct as_jail {
    struct sock_fprog program;
};

static const int ALLOWED[] = {
    SCMP_SYS(munmap),
    SCMP_SYS(brk),
    SCMP_SYS(mremap),
    SCMP_SYS(futex),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigaction),
    SCMP_SYS(clock_gettime),
    SCMP_SYS(gettimeofday),
    SCMP_SYS(time),
    SCMP_SYS(getrandom),
    SCMP_SYS(sched_yield),
    SCMP_SYS(restart_syscall),
    SCMP_SYS(getpid),
    SCMP_SYS(gettid),
    SCMP_SYS(poll),
    SCMP_SYS(ppoll),
    SCMP_SYS(pread64),
    SCMP_SYS(recvmsg),
    SCMP_SYS(sendmsg),
    SCMP_SYS(fstat),
    SCMP_SYS(close),
    SCMP_SYS(nanosleep),
    SCMP_SYS(clock_nanosleep),
    SCMP_SYS(set_robust_list),
    SCMP_SYS(rseq),
    SCMP_SYS(sched_getaffinity),
    SCMP_SYS(sigaltstack),
    SCMP_SYS(getrusage),
    SCMP_SYS(membarrier),
};

static const struct {
    int call, error;
} REFUSED[] = {
    {SCMP_SYS(clone3), ENOSYS}, {SCMP_SYS(newfstatat), ENOSYS}, {SCMP_SYS(tgkill), EPERM},
    {SCMP_SYS(tkill), EPERM},   {SCMP_SYS(ioctl), ENOTTY},      {SCMP_SYS(sysinfo), ENOSYS},
};

/* What pthread_create asks for. */
enum {
    THREAD_FLAGS = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD |
                   CLONE_SYSVSEM | CLONE_SETTLS | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID
};

/* Advice about one's own memory that the allocators give. */
static const int ADVICE[] = {MADV_NORMAL,   MADV_RANDOM,     MADV_SEQUENTIAL,
                             MADV_WILLNEED, MADV_DONTNEED,   MADV_FREE,
                             MADV_HUGEPAGE, MADV_NOHUGEPAGE, MADV_DONTDUMP};

/* Nothing executable is ever mapped or made, and what is mapped counts. */
static int add_memory_rules(scmp_filter_ctx ctx)
{
    struct scmp_arg_cmp no_exec = SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0);
    int bad = 0;

    bad |= seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1, no_exec);
    bad |= seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 2, no_exec,
                            SCMP_A3(SCMP_CMP_MASKED_EQ, MAP_SHARED | MAP_GROWSDOWN, 0));
    bad |= seccomp_rule_add(
        ctx, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 2, no_exec,
        SCMP_A3(SCMP_CMP_MASKED_EQ, MAP_SHARED | MAP_GROWSDOWN | MAP_ANONYMOUS, MAP_SHARED));
    for (size_t i = 0; i < sizeof ADVICE / sizeof *ADVICE; i++)
        bad |= seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(madvise), 1,
                                SCMP_A2(SCMP_CMP_EQ, (scmp_datum_t)ADVICE[i], 0));
    return bad;
}

static int add_rules(scmp_filter_ctx ctx)
{
    int bad = 0;

    /* the doors of other architectures (int 0x80, x32) are as deadly */
    bad |= seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
    for (size_t i = 0; i < sizeof ALLOWED / sizeof *ALLOWED; i++)
        bad |= seccomp_rule_add(ctx, SCMP_ACT_ALLOW, ALLOWED[i], 0);
    for (size_t i = 0; i < sizeof REFUSED / sizeof *REFUSED; i++)
        bad |=
            seccomp_rule_add(ctx, SCMP_ACT_ERRNO((uint32_t)REFUSED[i].error), REFUSED[i].call, 0);
    bad |= add_memory_rules(ctx);
    /* threads, never processes */
    bad |= seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
                            SCMP_A0(SCMP_CMP_EQ, THREAD_FLAGS, 0));
    bad |= seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(prctl), 1,
                            SCMP_A0(SCMP_CMP_EQ, PR_SET_NAME, 0));
    /* stdout and stderr are /dev/null; a library may still write there */
    bad |= seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(write), 1, SCMP_A0(SCMP_CMP_LE, 2, 0));
    bad |= seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(writev), 1, SCMP_A0(SCMP_CMP_LE, 2, 0));
    return bad;
}

enum as_status as_jail_new(struct as_jail **jail, struct as_err *err)
{
    enum as_status status = AS_OK;
    scmp_filter_ctx ctx = NULL;
    struct as_jail *j = NULL;
    int fd = -1;
    off_t size;

    *jail = NULL;
    if ((j = calloc(1, sizeof *j)) == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory for the jail");
    /* the library asks the kernel whether it knows the filter's actions */
    if ((ctx = seccomp_init(SCMP_ACT_KILL_PROCESS)) == NULL || add_rules(ctx) != 0)
        AS_FAIL(err, AS_EMISSING, NO_SECCOMP, "the filter cannot be made");
    if ((fd = memfd_create("jail", MFD_CLOEXEC)) < 0 || seccomp_export_bpf(ctx, fd) != 0 ||
        (size = lseek(fd, 0, SEEK_END)) <= 0)
        AS_FAIL(err, AS_EIO, "the seccomp filter cannot be compiled");
    j->program.len = (unsigned short)((size_t)size / sizeof(struct sock_filter));
    if ((j->program.filter = malloc((size_t)size)) == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory for the jail");
    if (pread(fd, j->program.filter, (size_t)size, 0) != size)
        AS_FAIL(err, AS_EIO, "the seccomp filter cannot be read back");
    *jail = j;
    j = NULL;
done:
    as_jail_free(j);
    seccomp_release(ctx);
    if (fd >= 0)
        close(fd);
    return status;
}

void as_jail_free(struct as_jail *jail)
{
    if (jail)
        free(jail->program.filter);
    free(jail);
}

/* Capabilities of a worker that runs as root: none, so that it is no more than its user. */
static bool drop_capabilities(void)
{
    struct __user_cap_header_struct head = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct none[2] = {{0, 0, 0}, {0, 0, 0}};

    return syscall(SYS_capset, &head, none) == 0;
}

/* Private memory that the libraries had before any evidence came, mostly buffers of BLAS that were
 * never touched: items do not pay for it. 0 where /proc is not to be seen.                    */
static uint64_t memory_before(void)
{
    char text[128] = "";
    unsigned long long pages = 0;
    const int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return 0;
    if (read(fd, text, sizeof text - 1) <= 0 ||
        sscanf(text, "%*u %*u %*u %*u %*u %llu", &pages) != 1)
        pages = 0;
    close(fd);
    return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

/* False where the job itself has a lower limit. */
static bool limit_memory(uint64_t memory, uint64_t shared)
{
    struct rlimit none = {0, 0}, data, space;

    memory += memory_before();
    data.rlim_cur = data.rlim_max = memory;
    space.rlim_cur = space.rlim_max = memory + shared + SPACE_BESIDE;
    return SANITIZED || (setrlimit(RLIMIT_FSIZE, &none) == 0 &&
                         setrlimit(RLIMIT_DATA, &data) == 0 && setrlimit(RLIMIT_AS, &space) == 0);
}

enum as_status as_jail_enter(const struct as_jail *jail, uint64_t memory, uint64_t shared,
                             struct as_err *err)
{
    enum as_status status = AS_OK;
    struct rlimit none = {0, 0};

    if (setrlimit(RLIMIT_CORE, &none) != 0 || !limit_memory(memory, shared))
        AS_FAIL(err, AS_EMISSING,
                "the memory limits of examiners cannot be set (%s): ulimit -d "
                "unlimited; ulimit -v unlimited; or a smaller --examiner-memory",
                strerror(errno));
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 ||
        (jail && !drop_capabilities()))
        AS_FAIL(err, AS_EMISSING, NO_SECCOMP, strerror(errno));
    if (jail && syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &jail->program) != 0)
        AS_FAIL(err, AS_EMISSING, NO_SECCOMP, strerror(errno));
done:
    return status;
}

enum as_status as_jail_try(const struct as_jail *jail, uint64_t memory, uint64_t shared,
                           struct as_err *err)
{
    enum as_status status = AS_OK;
    struct as_err *told =
        mmap(NULL, sizeof *told, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int wstatus = -1;
    pid_t pid;

    if (told == MAP_FAILED || (pid = fork()) < 0)
        AS_FAIL(err, AS_EIO, "no process for a worker: %s", strerror(errno));
    if (pid == 0)
        _exit((int)as_jail_enter(jail, memory, shared, told));
    if (waitpid(pid, &wstatus, 0) != pid)
        AS_FAIL(err, AS_EIO, "a worker cannot be waited for: %s", strerror(errno));
    if (wstatus != 0 && told->status == AS_OK)
        AS_FAIL(err, AS_EMISSING, NO_SECCOMP, "a process that enters the jail dies");
    if (wstatus != 0)
        AS_FAIL(err, told->status, "%s", told->text);
done:
    if (told != MAP_FAILED)
        munmap(told, sizeof *told);
    return status;
}
