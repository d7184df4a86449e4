/* faults.c - the program with outside calls that fail on order: tests/s_faults.sh.
 *
 * ASSAY_FAULT="CALL:N[:ERRNO][+]" lets the N-th such call of this process fail, counted
 * from MPI_Init on, and with a + every later one too; ASSAY_FAULT_RANK names the only rank
 * that it is for.  The processes that were forked before MPI_Init (zygote, readers,
 * examiners) are not touched.  What fails is told on stderr once, "fault: CALL N".
 *
 * Each call of Assay's own code to one of the functions below comes here first, by the
 * linker's --wrap (tests/CMakeLists.txt has the same list).                          */
#include <errno.h>
#include <fcntl.h>
#include <hdf5.h>
#include <mpi.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct {
    char call[32];
    unsigned long at;
    int error;
    bool on, later;
    atomic_ulong seen;
} fault;

static void arm(void)
{
    const char *plan = getenv("ASSAY_FAULT"), *rank = getenv("ASSAY_FAULT_RANK");
    const char *me = getenv("OMPI_COMM_WORLD_RANK");

    if (plan == NULL || (rank && strcmp(rank, me ? me : "0") != 0))
        return;
    fault.error = EIO;
    if (sscanf(plan, "%31[a-zA-Z0-9_]:%lu:%d", fault.call, &fault.at, &fault.error) < 2) {
        fprintf(stderr, "ASSAY_FAULT=%s makes no sense\n", plan);
        _exit(64);
    }
    fault.later = plan[strlen(plan) - 1] == '+';
    fault.on = true;
}

/* True when this call is to fail; errno is then set. */
static bool fails(const char *call)
{
    char text[64];
    unsigned long n;

    if (!fault.on || strcmp(call, fault.call) != 0)
        return false;
    n = atomic_fetch_add(&fault.seen, 1) + 1;
    if (n < fault.at || (n > fault.at && !fault.later))
        return false;
    if (n == fault.at) {
        int len = snprintf(text, sizeof text, "fault: %s %lu\n", call, n);
        (void)!syscall(SYS_write, 2, text, len);
    }
    errno = fault.error;
    return true;
}

/* WRAP(type, name, value when it fails, parameters, arguments) */
#define WRAP(type, name, bad, params, args)                                                        \
    type __real_##name params;                                                                     \
    type __wrap_##name params;                                                                     \
    type __wrap_##name params                                                                      \
    {                                                                                              \
        return fails(#name) ? (bad) : __real_##name args;                                          \
    }

int __real_MPI_Init_thread(int *argc, char ***argv, int required, int *provided);
int __wrap_MPI_Init_thread(int *argc, char ***argv, int required, int *provided);
int __wrap_MPI_Init_thread(int *argc, char ***argv, int required, int *provided)
{
    int code = __real_MPI_Init_thread(argc, argv, required, provided);

    arm();
    return code;
}

WRAP(void *, malloc, NULL, (size_t n), (n))
WRAP(void *, calloc, NULL, (size_t n, size_t size), (n, size))
WRAP(void *, realloc, NULL, (void *at, size_t n), (at, n))
WRAP(char *, strdup, NULL, (const char *s), (s))

WRAP(ssize_t, write, -1, (int fd, const void *at, size_t n), (fd, at, n))
WRAP(ssize_t, pread64, -1, (int fd, void *at, size_t n, off_t from), (fd, at, n, from))
WRAP(int, fsync, -1, (int fd), (fd))
WRAP(int, fdatasync, -1, (int fd), (fd))
WRAP(int, ftruncate64, -1, (int fd, off_t n), (fd, n))
WRAP(int, rename, -1, (const char *from, const char *to), (from, to))
WRAP(int, mkdir, -1, (const char *path, mode_t mode), (path, mode))
WRAP(size_t, fwrite, 0, (const void *at, size_t size, size_t n, FILE *f), (at, size, n, f))
WRAP(int, fflush, EOF, (FILE *f), (f))
WRAP(FILE *, fopen64, NULL, (const char *path, const char *mode), (path, mode))
WRAP(void *, mmap64, (void *)-1, (void *at, size_t n, int prot, int flags, int fd, off_t from),
     (at, n, prot, flags, fd, from))
WRAP(ssize_t, sendmsg, -1, (int fd, const struct msghdr *m, int flags), (fd, m, flags))
WRAP(int, pthread_create, EAGAIN,
     (pthread_t *t, const pthread_attr_t *a, void *(*run)(void *), void *arg), (t, a, run, arg))

int __real_open64(const char *path, int flags, ...);
int __wrap_open64(const char *path, int flags, ...);
int __wrap_open64(const char *path, int flags, ...)
{
    va_list ap;
    mode_t mode;

    va_start(ap, flags);
    mode = flags & O_CREAT ? va_arg(ap, mode_t) : 0;
    va_end(ap);
    return fails("open64") ? -1 : __real_open64(path, flags, mode);
}

WRAP(int, MPI_Isend, MPI_ERR_OTHER,
     (const void *at, int n, MPI_Datatype type, int to, int tag, MPI_Comm comm, MPI_Request *req),
     (at, n, type, to, tag, comm, req))
WRAP(int, MPI_Allreduce, MPI_ERR_OTHER,
     (const void *in, void *out, int n, MPI_Datatype type, MPI_Op op, MPI_Comm comm),
     (in, out, n, type, op, comm))
WRAP(int, MPI_Bcast, MPI_ERR_OTHER,
     (void *at, int n, MPI_Datatype type, int root, MPI_Comm comm), (at, n, type, root, comm))

WRAP(hid_t, H5Fcreate, -1, (const char *name, unsigned flags, hid_t create, hid_t access),
     (name, flags, create, access))
WRAP(hid_t, H5Dcreate2, -1,
     (hid_t at, const char *name, hid_t type, hid_t space, hid_t link, hid_t create, hid_t access),
     (at, name, type, space, link, create, access))
WRAP(herr_t, H5Dwrite, -1,
     (hid_t set, hid_t type, hid_t mem, hid_t file, hid_t plist, const void *at),
     (set, type, mem, file, plist, at))
WRAP(herr_t, H5Awrite, -1, (hid_t attr, hid_t type, const void *at), (attr, type, at))
WRAP(herr_t, H5Fflush, -1, (hid_t at, H5F_scope_t scope), (at, scope))
WRAP(herr_t, H5Fclose, -1, (hid_t at), (at))
