/* planted.c - misbehaviour inside the jail, for tests/s_jail.sh.
 *
 * Linked into a program like assay in which as_media_decode, as_container_open and a
 * few more calls are wrapped.  A picture or archive that ends with a line
 * "ASSAY-PLANT:name path" makes the jailed process do what `name` says, as code would
 * that took the process over.  What is let through goes on as if nothing had
 * happened, so that its row is the one of a healthy file and the test sees it.
 *
 *  1. what the wraps learn
 *  2. system calls
 *  3. misbehaving without a system call
 *  4. an examiner that lies
 *  5. a reader that lies
 *  6. the wraps
 */
#include "../pipeline/evidence/container.h"
#include "../pipeline/examine/slot.h"
#include "../pipeline/examine/zygote.h"
#include "../pipeline/media/media.h"

#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
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

enum { TAIL = 256, FDS = 64 };

/* ---- 1. what the wraps learn ---- */

static struct {
    pid_t zygote;
    uint64_t serial; /* examiner: of the item in hand            */
    uint16_t kind;
    void *result;                      /* examiner: its result area                */
    struct as_batch *arena[AS_ARENAS]; /* reader: as mapped                         */
    uint32_t filled, current;          /* reader: last AS_MSG_FILL; the one in use */
    char path[TAIL];                   /* of the plant in hand                     */
} seen;

static int the_socket(void)
{
    struct stat st;

    for (int fd = 0; fd < FDS; fd++)
        if (syscall(SYS_fstat, fd, &st) == 0 && S_ISSOCK(st.st_mode))
            return fd;
    abort(); /* the library's fstat asks by newfstatat, which the jail refuses */
}

static void rest_forever(void)
{
    for (;;)
        poll(NULL, 0, -1);
}

/* Sends a message whose text is empty. */
static void say(uint32_t type, uint32_t arg, uint64_t v0, uint64_t v1)
{
    static struct as_msg m;

    memset(&m, 0, offsetof(struct as_msg, text));
    m.type = type;
    m.arg = arg;
    m.v[0] = v0;
    m.v[1] = v1;
    if (as_channel_send(the_socket(), &m, NULL, 0) != 0)
        abort();
}

/* ---- 2. system calls ---- */

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

/* ---- 3. misbehaving without a system call ---- */

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

static void do_garbage(void)
{
    struct iovec iov = {seen.path, 3};
    struct msghdr head = {.msg_iov = &iov, .msg_iovlen = 1};

    sendmsg(the_socket(), &head, MSG_NOSIGNAL);
    rest_forever();
}

/* ---- 4. an examiner that lies ---- */

static void tell_done(size_t len)
{
    say(AS_MSG_DONE, AS_OK, len, seen.serial);
    rest_forever();
}

static void forge_crashed(void)
{
    tell_done(as_content_pack_failed(seen.kind, AS_REASON_CRASHED, "decode", "", seen.result,
                                     AS_RECORD_MAX));
}

static void forge_reason(void)
{
    tell_done(as_content_pack_failed(seen.kind, 9999, "decode", "", seen.result, AS_RECORD_MAX));
}

static void forge_kind(void)
{
    tell_done(as_content_pack_failed((uint16_t)(seen.kind + 1), 0, "decode", "", seen.result,
                                     AS_RECORD_MAX));
}

static void forge_short(void)
{
    tell_done(as_content_pack_failed(seen.kind, 0, "decode", "", seen.result, AS_RECORD_MAX) - 1);
}

static void forge_huge(void)
{
    as_content_pack_failed(seen.kind, 0, "decode", "", seen.result, AS_RECORD_MAX);
    tell_done(SIZE_MAX);
}

static void forge_flags(void)
{
    struct as_row row = {.kind = seen.kind, .flags = UINT32_MAX};
    tell_done(as_content_pack(&row, seen.result, AS_RECORD_MAX));
}

static void forge_duration(void)
{
    struct as_row row = {.kind = seen.kind, .duration_s = (double)NAN};
    tell_done(as_content_pack(&row, seen.result, AS_RECORD_MAX));
}

static void forge_measure(void)
{
    static const uint8_t code[4096];
    static float feat[256];
    struct as_row row = {.kind = seen.kind};

    feat[0] = NAN;
    row.det[0] = (struct as_det_row){AS_DET_APPLIES, 0, feat, code};
    tell_done(as_content_pack(&row, seen.result, AS_RECORD_MAX));
}

static void forge_serial(void)
{
    say(AS_MSG_DONE, AS_OK, 0, seen.serial + 1);
    rest_forever();
}

static void forge_message(void)
{
    say(AS_MSG_DIED, 0, 1, 0);
    rest_forever();
}

static void forge_noise(void)
{
    uint32_t x = 1;

    for (size_t i = 0; i < AS_RECORD_MAX; i++) {
        x = x * 1664525 + 1013904223;
        ((uint8_t *)seen.result)[i] = (uint8_t)(x >> 24);
    }
    *(uint8_t *)seen.result = 1;
    tell_done(AS_RECORD_MAX);
}

/* ---- 5. a reader that lies ---- */

static struct as_batch *batch(void)
{
    return seen.arena[seen.current];
}

/* Hands over one slot that is sound but for what the caller spoils. */
static struct as_slot *forge_slot(void)
{
    struct as_batch *b = batch();

    b->nslots = 1;
    b->slot[0] = (struct as_slot){.key = b->now,
                                  .path_len = 1,
                                  .size = 100,
                                  .kind = AS_KIND_JPEG,
                                  .bits = AS_SLOT_SHA256 | AS_SLOT_CONTENT | AS_SLOT_LEAF,
                                  .data_at = AS_ARENA_DATA};
    return &b->slot[0];
}

static void hand_over(void)
{
    say(AS_MSG_BATCH, seen.current, 0, 0);
    rest_forever();
}

static void forge_nslots(void)
{
    batch()->nslots = UINT32_MAX;
    hand_over();
}

static void forge_text(void)
{
    forge_slot()->path_at = UINT32_MAX;
    hand_over();
}

static void forge_text_end(void)
{
    struct as_slot *s = forge_slot();

    s->path_at = AS_BATCH_TEXT - 1;
    s->path_len = 2;
    hand_over();
}

static void forge_note(void)
{
    forge_slot()->note_len = AS_BATCH_TEXT;
    hand_over();
}

static void forge_key(void)
{
    forge_slot()->key.part[0] = 77;
    hand_over();
}

static void forge_key_long(void)
{
    forge_slot()->key.n = UINT32_MAX;
    hand_over();
}

static void forge_data(void)
{
    forge_slot()->data_at = UINT64_MAX - 50;
    hand_over();
}

static void forge_data_table(void)
{
    forge_slot()->data_at = 0;
    hand_over();
}

static void forge_data_size(void)
{
    forge_slot()->size = UINT64_MAX - AS_ARENA_DATA;
    hand_over();
}

/* A small file is not kept open: there is nothing behind a descriptor. */
static void forge_behind(void)
{
    forge_slot()->data_at = UINT64_MAX;
    hand_over();
}

static void forge_slot_reason(void)
{
    forge_slot()->reason = 9999;
    hand_over();
}

static void forge_slot_kind(void)
{
    forge_slot()->kind = 65000;
    hand_over();
}

static void forge_slot_flags(void)
{
    forge_slot()->flags = UINT32_MAX;
    hand_over();
}

static void forge_arena(void)
{
    say(AS_MSG_BATCH, AS_ARENAS + 7, 0, 0);
    rest_forever();
}

static void forge_end(void)
{
    say(AS_MSG_LOT_END, 0, 0, 0);
    rest_forever();
}

/* Says that all files are done with, and goes on for ever. */
static void forge_taken(void)
{
    say(AS_MSG_TAKEN, 0, 0, 0);
    do_loop();
}

static void flood(uint32_t type)
{
    for (;;)
        say(type, 0, 0, 0);
}

static void flood_splits(void)
{
    flood(AS_MSG_SPLIT);
}

static void flood_taken(void)
{
    flood(AS_MSG_TAKEN);
}

/* Waits for the next arena; its table alone is mapped. */
static void another_arena(void)
{
    static struct as_msg m;
    int fds[AS_MSG_FDS_MAX], nfds = 0;

    do {
        if (as_channel_wait(the_socket(), &m, fds, &nfds) != 1)
            _exit(0);
        if (m.type == AS_MSG_FILL && nfds == 1)
            mmap(NULL, AS_ARENA_DATA, PROT_READ | PROT_WRITE, MAP_SHARED, fds[0], 0);
        for (int i = 0; i < nfds; i++)
            close(fds[i]);
    } while (m.type != AS_MSG_FILL);
    seen.current = m.arg;
}

/* Sound rows of entries that are not there, without end. */
static void flood_rows(void)
{
    struct as_key file = batch()->now;

    for (uint32_t n = 0;; another_arena()) {
        batch()->now = file;
        forge_slot()->bits = 0;
        for (uint32_t i = 0; i < AS_BATCH_SLOTS; i++) {
            batch()->slot[i] = batch()->slot[0];
            as_key_child(&file, n++, &batch()->slot[i].key);
        }
        batch()->nslots = AS_BATCH_SLOTS;
        say(AS_MSG_BATCH, seen.current, 0, 0);
    }
}

/* Progress without end, and no row. */
static void flood_progress(void)
{
    for (;; poll(NULL, 0, 10))
        batch()->progress++;
}

/* Another culprit at each death. */
static void blame_others(void)
{
    batch()->now.n = 3;
    batch()->now.part[2] = (uint32_t)getpid();
    abort();
}

static void blame_nobody(void)
{
    batch()->now.n = UINT32_MAX;
    abort();
}

/* ---- 6. the wraps ---- */

static const struct {
    const char *name;
    void (*act)(void);
} ACTS[] = {
    {"execve", do_execve},
    {"int80", do_int80},
    {"loop", do_loop},
    {"sleep", rest_forever},
    {"allocate", do_allocate},
    {"heap", do_heap},
    {"stack", do_stack},
    {"abort", abort},
    {"exit", do_exit},
    {"close", do_close},
    {"sigkill", do_sigkill},
    {"garbage", do_garbage},
    {"crashed", forge_crashed},
    {"reason", forge_reason},
    {"kind", forge_kind},
    {"short", forge_short},
    {"huge", forge_huge},
    {"flags", forge_flags},
    {"duration", forge_duration},
    {"measure", forge_measure},
    {"serial", forge_serial},
    {"message", forge_message},
    {"noise", forge_noise},
    {"nslots", forge_nslots},
    {"text", forge_text},
    {"text-end", forge_text_end},
    {"note", forge_note},
    {"key", forge_key},
    {"key-long", forge_key_long},
    {"data", forge_data},
    {"data-table", forge_data_table},
    {"data-size", forge_data_size},
    {"behind", forge_behind},
    {"slot-reason", forge_slot_reason},
    {"slot-kind", forge_slot_kind},
    {"slot-flags", forge_slot_flags},
    {"arena", forge_arena},
    {"end", forge_end},
    {"taken", forge_taken},
    {"flood-splits", flood_splits},
    {"flood-taken", flood_taken},
    {"flood-rows", flood_rows},
    {"progress", flood_progress},
    {"blame-others", blame_others},
    {"blame-nobody", blame_nobody},
};

/* Does what the end of the bytes asks for; true when there was a plant. */
static bool obey(const struct as_input *in)
{
    char tail[TAIL + 1] = "", name[64], *mark = NULL;
    uint64_t n = in->size < TAIL ? in->size : TAIL;

    if (as_input_read(in, in->size - n, tail, n) != (int64_t)n)
        return false;
    mark = memmem(tail, n, "ASSAY-PLANT:", 12);
    if (mark == NULL || sscanf(mark + 12, "%63s %255s", name, seen.path) != 2)
        return false;
    for (size_t i = 0; i < sizeof ACTS / sizeof *ACTS; i++)
        if (strcmp(name, ACTS[i].name) == 0) {
            ACTS[i].act();
            return true;
        }
    if (!system_call(name))
        abort();
    return true;
}

enum as_status __real_as_media_decode(struct as_decoder *dec, enum as_kind kind,
                                      const struct as_input *in, const struct as_want *want,
                                      struct as_picture *pic, struct as_err *err);
enum as_status __wrap_as_media_decode(struct as_decoder *dec, enum as_kind kind,
                                      const struct as_input *in, const struct as_want *want,
                                      struct as_picture *pic, struct as_err *err);
enum as_status __wrap_as_media_decode(struct as_decoder *dec, enum as_kind kind,
                                      const struct as_input *in, const struct as_want *want,
                                      struct as_picture *pic, struct as_err *err)
{
    char *p;

    seen.kind = (uint16_t)kind;
    if (obey(in)) {
        if ((p = malloc(1 << 20)) == NULL)
            return AS_ENOMEM;
        free(p);
    }
    return __real_as_media_decode(dec, kind, in, want, pic, err);
}

enum as_status __real_as_container_open(struct as_container **c, const struct as_input *in,
                                        const struct as_container_limits *limits,
                                        uint64_t start_offset, uint64_t start_index,
                                        struct as_err *err);
enum as_status __wrap_as_container_open(struct as_container **c, const struct as_input *in,
                                        const struct as_container_limits *limits,
                                        uint64_t start_offset, uint64_t start_index,
                                        struct as_err *err);
enum as_status __wrap_as_container_open(struct as_container **c, const struct as_input *in,
                                        const struct as_container_limits *limits,
                                        uint64_t start_offset, uint64_t start_index,
                                        struct as_err *err)
{
    char *p;

    if (obey(in)) {
        if ((p = malloc(1 << 20)) == NULL)
            return AS_ENOMEM;
        free(p);
    }
    return __real_as_container_open(c, in, limits, start_offset, start_index, err);
}

enum as_kind __real_as_sniff(const struct as_input *in);
enum as_kind __wrap_as_sniff(const struct as_input *in);
enum as_kind __wrap_as_sniff(const struct as_input *in)
{
    uintptr_t at = (uintptr_t)in->at;

    for (uint32_t i = 0; i < AS_ARENAS; i++) /* an arena is larger than 32 MiB */
        if (seen.arena[i] && at - (uintptr_t)seen.arena[i] < (32u << 20))
            seen.current = i;
    return __real_as_sniff(in);
}

int __real_as_channel_wait(int fd, struct as_msg *msg, int *fds, int *nfds);
int __wrap_as_channel_wait(int fd, struct as_msg *msg, int *fds, int *nfds);
int __wrap_as_channel_wait(int fd, struct as_msg *msg, int *fds, int *nfds)
{
    int got = __real_as_channel_wait(fd, msg, fds, nfds);

    if (got == 1 && msg->type == AS_MSG_FILL)
        seen.filled = msg->arg;
    if (got == 1 && msg->type == AS_MSG_ITEM)
        seen.serial = msg->v[3];
    return got;
}

void *__real_mmap64(void *at, size_t n, int prot, int flags, int fd, off_t offset);
void *__wrap_mmap64(void *at, size_t n, int prot, int flags, int fd, off_t offset);
void *__wrap_mmap64(void *at, size_t n, int prot, int flags, int fd, off_t offset)
{
    void *got = __real_mmap64(at, n, prot, flags, fd, offset);

    if (fd < 0 || !(prot & PROT_WRITE))
        return got;
    if (n == AS_RECORD_MAX)
        seen.result = got;
    else
        seen.arena[seen.filled] = got;
    return got;
}

pid_t __real_fork(void);
pid_t __wrap_fork(void);
pid_t __wrap_fork(void)
{
    seen.zygote = getpid();
    return __real_fork();
}
