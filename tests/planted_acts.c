/* planted_acts.c - what planted code does by itself: forbidden system calls, and harm without one.
 *
 *  1. system calls
 *  2. misbehaving without a system call
 */
#include "planted.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { FDS = 64 };

struct seen seen;

int the_socket(void)
{
    struct stat st;

    for (int fd = 0; fd < FDS; fd++)
        if (syscall(SYS_fstat, fd, &st) == 0 && S_ISSOCK(st.st_mode))
            return fd;
    abort(); /* the library's fstat asks by newfstatat, which the jail refuses */
}

void rest_forever(void)
{
    for (;;)
        poll(NULL, 0, -1);
}

/* ---- 1. system calls ---- */

#define PATH (-7001) /* stands for the plant's path   */
#define ZYGOTE (-7002)
#define NEXT_FD (-7003) /* the socket: a descriptor that is open */
#define PAGE (-7004)    /* a page of our own            */

static const struct {
    const char *name;
    long number, arg[6];
} CALLS[] = {
    {"open", SYS_open, {PATH, O_CREAT | O_WRONLY, 0600}},
    {"openat", SYS_openat, {AT_FDCWD, PATH, O_CREAT | O_WRONLY, 0600}},
    {"openat2", SYS_openat2, {AT_FDCWD, PATH, PAGE, 24}},
    {"creat", SYS_creat, {PATH, 0600}},
    {"mkdir", SYS_mkdir, {PATH, 0700}},
    {"mknod", SYS_mknod, {PATH, S_IFIFO | 0600, 0}},
    {"symlink", SYS_symlink, {PATH, PATH}},
    {"unlink", SYS_unlink, {PATH}},
    {"rename", SYS_rename, {PATH, PATH}},
    {"chmod", SYS_chmod, {PATH, 0777}},
    {"truncate", SYS_truncate, {PATH, 0}},
    {"ftruncate", SYS_ftruncate, {NEXT_FD, 0}},
    {"chdir", SYS_chdir, {PATH}},
    {"chroot", SYS_chroot, {PATH}},
    {"pwrite", SYS_pwrite64, {NEXT_FD, PAGE, 1, 0}},
    {"write", SYS_write, {NEXT_FD, PAGE, 1}},
    {"dup", SYS_dup, {NEXT_FD}},
    {"fcntl", SYS_fcntl, {NEXT_FD, F_DUPFD, 9}},
    {"socket", SYS_socket, {AF_INET, SOCK_STREAM, 0}},
    {"socketpair", SYS_socketpair, {AF_UNIX, SOCK_STREAM, 0, PAGE}},
    {"sendto", SYS_sendto, {NEXT_FD, PAGE, 1, 0, 0, 0}},
    {"fork", SYS_fork, {0}},
    {"vfork", SYS_vfork, {0}},
    {"clone", SYS_clone, {SIGCHLD, 0, 0, 0, 0}},
    {"clone-net", SYS_clone, {0x3d0f00 | CLONE_NEWNET, 0, 0, 0, 0}},
    {"clone-user",
     SYS_clone,
     {CLONE_VM | CLONE_SIGHAND | CLONE_THREAD | CLONE_NEWUSER, 0, 0, 0, 0}},
    {"unshare", SYS_unshare, {CLONE_NEWNET}},
    {"setns", SYS_setns, {NEXT_FD, 0}},
    {"kill-zygote", SYS_kill, {ZYGOTE, SIGKILL}},
    {"kill-all", SYS_kill, {-1, 0}},
    {"sigqueue", SYS_rt_sigqueueinfo, {ZYGOTE, SIGTERM, PAGE}},
    {"pidfd", SYS_pidfd_open, {ZYGOTE, 0}},
    {"ptrace", SYS_ptrace, {PTRACE_TRACEME, 0, 0, 0}},
    {"ptrace-zygote", SYS_ptrace, {PTRACE_SEIZE, ZYGOTE, 0, 0}},
    {"peek-zygote", SYS_process_vm_readv, {ZYGOTE, PAGE, 1, PAGE, 1, 0}},
    {"mprotect-exec", SYS_mprotect, {PAGE, 4096, PROT_READ | PROT_EXEC}},
    {"mmap-exec", SYS_mmap, {0, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0}},
    {"mmap-shared", SYS_mmap, {0, 4096, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0}},
    {"mmap-stack",
     SYS_mmap,
     {0, 1 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_GROWSDOWN, -1, 0}},
    {"madvise-poison", SYS_madvise, {PAGE, 0, 100}},
    {"mlock", SYS_mlock, {PAGE, 4096}},
    {"memfd", SYS_memfd_create, {PAGE, 0}},
    {"shmget", SYS_shmget, {0, 4096, 0600}},
    {"io_uring", SYS_io_uring_setup, {1, PAGE}},
    {"userfaultfd", SYS_userfaultfd, {0}},
    {"bpf", SYS_bpf, {0, PAGE, 8}},
    {"keyctl", SYS_keyctl, {0, 0, 0}},
    {"perf", SYS_perf_event_open, {PAGE, 0, -1, -1, 0}},
    {"mount", SYS_mount, {PATH, PATH, PAGE, 0, 0}},
    {"setuid", SYS_setuid, {0}},
    {"capset", SYS_capset, {PAGE, PAGE}},
    {"setrlimit", SYS_prlimit64, {0, RLIMIT_DATA, PAGE, 0}},
    {"prctl-dump", SYS_prctl, {PR_SET_DUMPABLE, 1, 0, 0, 0}},
    {"prctl-death", SYS_prctl, {PR_SET_PDEATHSIG, 0, 0, 0, 0}},
    {"seccomp", SYS_seccomp, {0, 0, 0}},
    {"affinity", SYS_sched_setaffinity, {0, 8, PAGE}},
    {"priority", SYS_setpriority, {0, 0, -20}},
    {"settime", SYS_clock_settime, {0, PAGE}},
    {"getppid", SYS_getppid, {0}},
    {"x32", 0x40000000L | SYS_openat, {AT_FDCWD, PATH, O_CREAT | O_WRONLY, 0600}},
};

static long argument(long a)
{
    static _Alignas(4096) char page[4096];

    switch (a) {
    case PATH:
        return (long)(intptr_t)seen.path;
    case ZYGOTE:
        return seen.zygote;
    case NEXT_FD:
        return the_socket();
    case PAGE:
        return (long)(intptr_t)page;
    default:
        return a;
    }
}

static bool system_call(const char *name)
{
    for (size_t i = 0; i < sizeof CALLS / sizeof *CALLS; i++) {
        long a[6];
        if (strcmp(name, CALLS[i].name) != 0)
            continue;
        for (int k = 0; k < 6; k++)
            a[k] = argument(CALLS[i].arg[k]);
        if (syscall(CALLS[i].number, a[0], a[1], a[2], a[3], a[4], a[5]) == 0 &&
            strstr("fork vfork clone", name) != NULL)
            _exit(0); /* the child that should not be */
        return true;
    }
    return false;
}

static void do_execve(void)
{
    char *argv[] = {(char *)(uintptr_t) "touch", seen.path, NULL}, *env[] = {NULL};

    execve("/usr/bin/touch", argv, env);
}

/* getpid of the 32-bit table, by the 32-bit door. */
static void do_int80(void)
{
#ifdef __x86_64__
    long got = 20;
    __asm__ volatile("int $0x80" : "+a"(got) : : "memory", "r8", "r9", "r10", "r11");
#else
    system_call("open");
#endif
}

/* ---- 2. misbehaving without a system call ---- */

static void do_loop(void)
{
    for (volatile uint64_t i = 0;; i++) {
    }
}

static void do_heap(void)
{
    for (int i = 0; i < 100000; i++) {
        char *p = malloc(1 << 16);
        if (p == NULL)
            return;
        memset(p, 1, 1 << 16);
    }
}

/* Comes back when there is no more; the wraps then give AS_ENOMEM, as a decoder would. */
static void do_allocate(void)
{
    for (;;) {
        char *p = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (p == MAP_FAILED)
            break;
        memset(p, 1, 1 << 20);
    }
    do_heap();
}

static int deeper(uint64_t n)
{
    volatile char here[4096];

    here[0] = 1;
    return (n ? deeper(n - 1) : 0) + here[0];
}

static void do_stack(void)
{
    if (deeper(UINT64_MAX) == 0)
        abort();
}

static void do_exit(void)
{
    exit(0);
}

static void do_close(void)
{
    close(the_socket());
    rest_forever();
}

static void do_sigkill(void)
{
    raise(SIGKILL); /* refused in the jail, so only --no-sandbox dies of it */
}

/* With the broker and all it has started; like the one above without the jail only. */
static void do_kill_group(void)
{
    kill(0, SIGKILL);
}

static void do_kill_group_late(void)
{
    poll(NULL, 0, 300);
    kill(0, SIGKILL);
}

static void do_garbage(void)
{
    struct iovec iov = {seen.path, 3};
    struct msghdr head = {.msg_iov = &iov, .msg_iovlen = 1};

    sendmsg(the_socket(), &head, MSG_NOSIGNAL);
    rest_forever();
}

static const struct {
    const char *name;
    void (*act)(void);
} ACTS[] = {
    {"execve", do_execve},   {"int80", do_int80},       {"loop", do_loop},
    {"sleep", rest_forever}, {"allocate", do_allocate}, {"heap", do_heap},
    {"stack", do_stack},     {"abort", abort},          {"exit", do_exit},
    {"close", do_close},     {"sigkill", do_sigkill},   {"garbage", do_garbage},
    {"kill-group", do_kill_group}, {"kill-group-late", do_kill_group_late},
};

bool act(const char *name)
{
    for (size_t i = 0; i < sizeof ACTS / sizeof *ACTS; i++)
        if (strcmp(name, ACTS[i].name) == 0) {
            ACTS[i].act();
            return true;
        }
    return system_call(name);
}
