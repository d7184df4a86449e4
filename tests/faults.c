/* faults.c - the program with outside calls that fail on order: tests/s_faults.sh.
 *
 * ASSAY_FAULT="CALL:N[:ERRNO][+]" lets the N-th such call of this process fail, counted
 * from MPI_Init on (from the beginning with ASSAY_FAULT_EARLY=1), and with a + every later
 * one too; a negative ERRNO is a signal that the process gets instead.  ASSAY_FAULT_RANK names
 * the only rank that it is for.  Processes that are forked (zygote, readers, examiners) are not
 * touched, except by the call "fork", which fails in the zygote.  What fails is told on stderr once, "fault: CALL N".
 *
 * Each call of Assay's own code to one of the functions below comes here first, by the
 * linker's --wrap; tests/CMakeLists.txt takes the names from the lines that begin with WRAP. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <hdf5.h>
#include <jansson.h>
#include <mpi.h>
#include <openssl/evp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct {
    char call[48];
    unsigned long at;
    int error;
    bool on, later, early;
    pid_t process; /* the one that it is for; with "fork" the one it is not for */
    atomic_ulong seen;
} fault;

static void arm(void)
{
    const char *plan = getenv("ASSAY_FAULT"), *rank = getenv("ASSAY_FAULT_RANK");
    const char *me = getenv("OMPI_COMM_WORLD_RANK");

    if (plan == NULL || (rank && strcmp(rank, me ? me : "0") != 0))
        return;
    fault.error =
        strstr(plan, "alloc") || strstr(plan, "dup") || strstr(plan, "asprintf") ? ENOMEM : EIO;
    if (sscanf(plan, "%47[a-zA-Z0-9_]:%lu:%d", fault.call, &fault.at, &fault.error) < 2) {
        fprintf(stderr, "ASSAY_FAULT=%s makes no sense\n", plan);
        _exit(64);
    }
    fault.process = getpid();
    fault.later = plan[strlen(plan) - 1] == '+';
    fault.on = true;
}

__attribute__((constructor)) static void arm_early(void)
{
    const char *plan = getenv("ASSAY_FAULT");

    fault.early = getenv("ASSAY_FAULT_EARLY") || (plan && strncmp(plan, "fork:", 5) == 0);
    if (fault.early)
        arm();
}

__attribute__((destructor)) static void tell_calls(void)
{
    const unsigned long n = fault.seen;

    if (fault.on && n < fault.at && getpid() == fault.process && strcmp(fault.call, "fork") != 0)
        fprintf(stderr, "calls: %lu\n", n);
}

/* True when this call is to fail; errno is then set. */
static bool fails(const char *call)
{
    char text[64];
    unsigned long n;

    if (!fault.on || strcmp(call, fault.call) != 0)
        return false;
    if ((getpid() == fault.process) == (strcmp(call, "fork") == 0))
        return false;
    n = atomic_fetch_add(&fault.seen, 1) + 1;
    if (n < fault.at || (n > fault.at && !fault.later))
        return false;
    if (n == fault.at) {
        int len = snprintf(text, sizeof text, "fault: %s %lu\n", call, n);
        (void)!syscall(SYS_write, 2, text, len);
    }
    if (fault.error < 0)
        raise(-fault.error);
    errno = fault.error;
    return true;
}

/* WRAP(type, name, value when it fails, parameters, arguments): it fails without being made. */
#define WRAP(type, name, bad, params, args)                                                        \
    type __real_##name params;                                                                     \
    type __wrap_##name params;                                                                     \
    type __wrap_##name params                                                                      \
    {                                                                                              \
        return fails(#name) ? (bad) : __real_##name args;                                          \
    }

/* The same for calls that give something back, which is done even when they tell of an error. */
#define WRAP_AFTER(type, name, bad, params, args)                                                  \
    type __real_##name params;                                                                     \
    type __wrap_##name params;                                                                     \
    type __wrap_##name params                                                                      \
    {                                                                                              \
        bool bad_one = fails(#name);                                                               \
        int error = errno;                                                                         \
        type value = __real_##name args;                                                           \
        errno = bad_one ? error : errno;                                                           \
        return bad_one ? (bad) : value;                                                            \
    }

/* For functions that are written out here. */
#define WRAP_OWN(type, name, params)                                                               \
    type __real_##name params;                                                                     \
    type __wrap_##name params;                                                                     \
    type __wrap_##name params

WRAP_OWN(int, MPI_Init_thread, (int *argc, char ***argv, int required, int *provided))
{
    if (fails("MPI_Init_thread"))
        return MPI_ERR_OTHER;
    int code = __real_MPI_Init_thread(argc, argv, required, provided);

    if (!fault.early)
        arm();
    return code;
}

/* memory */
WRAP(void *, malloc, NULL, (size_t n), (n))
WRAP(void *, calloc, NULL, (size_t n, size_t size), (n, size))
WRAP(void *, realloc, NULL, (void *at, size_t n), (at, n))
WRAP(void *, reallocarray, NULL, (void *at, size_t n, size_t size), (at, n, size))
WRAP(void *, aligned_alloc, NULL, (size_t align, size_t n), (align, n))
WRAP(char *, strdup, NULL, (const char *s), (s))
WRAP(char *, strndup, NULL, (const char *s, size_t n), (s, n))
WRAP(void *, mmap64, MAP_FAILED, (void *at, size_t n, int prot, int flags, int fd, off_t from),
     (at, n, prot, flags, fd, from))
WRAP(int, memfd_create, -1, (const char *name, unsigned flags), (name, flags))

static int print(char **to, const char *format, va_list ap)
{
    return fails("asprintf") ? -1 : vasprintf(to, format, ap);
}

WRAP_OWN(int, asprintf, (char **to, const char *format, ...))
{
    va_list ap;

    va_start(ap, format);
    int n = print(to, format, ap);
    va_end(ap);
    return n;
}

WRAP_OWN(int, __asprintf_chk, (char **to, int flag, const char *format, ...))
{
    va_list ap;

    (void)flag;
    va_start(ap, format);
    int n = print(to, format, ap);
    va_end(ap);
    return n;
}

/* files */
WRAP_OWN(ssize_t, write, (int fd, const void *at, size_t n))
{
    return fd != 2 && fails("write") ? -1 : __real_write(fd, at, n); /* the log must be heard */
}

WRAP(ssize_t, read, -1, (int fd, void *at, size_t n), (fd, at, n))
WRAP(ssize_t, pread64, -1, (int fd, void *at, size_t n, off_t from), (fd, at, n, from))
WRAP(ssize_t, pwrite64, -1, (int fd, const void *at, size_t n, off_t to), (fd, at, n, to))
WRAP(int, fsync, -1, (int fd), (fd))
WRAP(int, fdatasync, -1, (int fd), (fd))
WRAP(int, ftruncate64, -1, (int fd, off_t n), (fd, n))
WRAP(int, fallocate64, -1, (int fd, int mode, off_t from, off_t n), (fd, mode, from, n))
/* Where space cannot be reserved by order, what is free is not told either. */
WRAP_OWN(int, fstatvfs64, (int fd, struct statvfs64 *v))
{
    bool dumb = fault.on && fault.error == EOPNOTSUPP && strcmp(fault.call, "fallocate64") == 0;

    return dumb || fails("fstatvfs64") ? -1 : __real_fstatvfs64(fd, v);
}

WRAP_AFTER(int, close, -1, (int fd), (fd))
WRAP(int, dup2, -1, (int from, int to), (from, to))
WRAP(int, rename, -1, (const char *from, const char *to), (from, to))
WRAP(int, renameat, -1, (int dir, const char *from, int dir_to, const char *to),
     (dir, from, dir_to, to))
WRAP(int, unlink, -1, (const char *path), (path))
WRAP(int, unlinkat, -1, (int dir, const char *path, int flags), (dir, path, flags))
WRAP(int, remove, -1, (const char *path), (path))
WRAP(int, rmdir, -1, (const char *path), (path))
WRAP(int, mkdir, -1, (const char *path, mode_t mode), (path, mode))
WRAP(int, access, -1, (const char *path, int mode), (path, mode))
WRAP(int, fstat64, -1, (int fd, struct stat64 *st), (fd, st))
WRAP(int, stat64, -1, (const char *path, struct stat64 *st), (path, st))
WRAP(int, fstatat64, -1, (int fd, const char *path, struct stat64 *st, int flags),
     (fd, path, st, flags))
WRAP(DIR *, opendir, NULL, (const char *path), (path))
WRAP(DIR *, fdopendir, NULL, (int fd), (fd))
WRAP(struct dirent64 *, readdir64, NULL, (DIR * dir), (dir))
WRAP(char *, realpath, NULL, (const char *path, char *to), (path, to))

/* Fails on a stream, which ferror then tells: by a flag of the GNU library. */
static bool fails_on(const char *call, FILE *f)
{
    bool bad = fails(call);

    if (bad)
        f->_flags |= 0x20;
    return bad;
}

WRAP_OWN(size_t, fread, (void *at, size_t size, size_t n, FILE *f))
{
    return fails_on("fread", f) ? 0 : __real_fread(at, size, n, f);
}

WRAP_OWN(size_t, fwrite, (const void *at, size_t size, size_t n, FILE *f))
{
    return fails_on("fwrite", f) ? 0 : __real_fwrite(at, size, n, f);
}

WRAP(int, fflush, EOF, (FILE * f), (f))
WRAP_AFTER(int, fclose, EOF, (FILE * f), (f))
WRAP(FILE *, fopen64, NULL, (const char *path, const char *mode), (path, mode))
WRAP(FILE *, fdopen, NULL, (int fd, const char *mode), (fd, mode))
WRAP(FILE *, open_memstream, NULL, (char **at, size_t *n), (at, n))
WRAP(ssize_t, getdelim, -1, (char **line, size_t *n, int end, FILE *f), (line, n, end, f))
WRAP(ssize_t, __getdelim, -1, (char **line, size_t *n, int end, FILE *f), (line, n, end, f))

WRAP_OWN(int, open64, (const char *path, int flags, ...))
{
    va_list ap;
    mode_t mode;

    va_start(ap, flags);
    mode = flags & O_CREAT ? va_arg(ap, mode_t) : 0;
    va_end(ap);
    return fails("open64") ? -1 : __real_open64(path, flags, mode);
}

WRAP_OWN(int, openat64, (int dir, const char *path, int flags, ...))
{
    va_list ap;
    mode_t mode;

    va_start(ap, flags);
    mode = flags & O_CREAT ? va_arg(ap, mode_t) : 0;
    va_end(ap);
    return fails("openat64") ? -1 : __real_openat64(dir, path, flags, mode);
}

/* processes */
WRAP(pid_t, fork, -1, (void), ())
WRAP(int, socketpair, -1, (int domain, int type, int protocol, int fds[2]),
     (domain, type, protocol, fds))
WRAP(ssize_t, sendmsg, -1, (int fd, const struct msghdr *m, int flags), (fd, m, flags))
WRAP(ssize_t, recvmsg, -1, (int fd, struct msghdr *m, int flags), (fd, m, flags))
WRAP(int, pipe2, -1, (int fds[2], int flags), (fds, flags))
WRAP(int, eventfd, -1, (unsigned n, int flags), (n, flags))
WRAP(int, poll, -1, (struct pollfd * fds, nfds_t n, int ms), (fds, n, ms))
WRAP(int, posix_spawn, EAGAIN,
     (pid_t * pid, const char *path, const posix_spawn_file_actions_t *files,
      const posix_spawnattr_t *attr, char *const argv[], char *const envp[]),
     (pid, path, files, attr, argv, envp))
WRAP(int, posix_spawn_file_actions_adddup2, ENOMEM,
     (posix_spawn_file_actions_t * files, int from, int to), (files, from, to))
WRAP_AFTER(pid_t, waitpid, -1, (pid_t pid, int *status, int flags), (pid, status, flags))
WRAP(int, pthread_create, EAGAIN,
     (pthread_t * t, const pthread_attr_t *a, void *(*run)(void *), void *arg), (t, a, run, arg))

/* libraries of text and hashes */
static json_t *no_json(json_error_t *error)
{
    if (error) {
        memset(error, 0, sizeof *error);
        snprintf(error->text, sizeof error->text, "out of memory");
        error->text[JSON_ERROR_TEXT_LENGTH - 1] = json_error_out_of_memory;
    }
    return NULL;
}

WRAP(json_t *, json_object, NULL, (void), ())
WRAP(json_t *, json_array, NULL, (void), ())
WRAP(json_t *, json_string, NULL, (const char *text), (text))
WRAP(json_t *, json_integer, NULL, (json_int_t value), (value))

/* These take the value, even when they fail. */
WRAP_OWN(int, json_object_set_new, (json_t * to, const char *name, json_t *value))
{
    if (!fails("json_object_set_new"))
        return __real_json_object_set_new(to, name, value);
    json_decref(value);
    return -1;
}

WRAP_OWN(int, json_array_append_new, (json_t * to, json_t *value))
{
    if (!fails("json_array_append_new"))
        return __real_json_array_append_new(to, value);
    json_decref(value);
    return -1;
}

WRAP(char *, json_dumps, NULL, (const json_t *value, size_t flags), (value, flags))
WRAP(int, json_dump_file, -1, (const json_t *value, const char *path, size_t flags),
     (value, path, flags))
WRAP(json_t *, json_loads, no_json(error), (const char *text, size_t flags, json_error_t *error),
     (text, flags, error))
WRAP(json_t *, json_loadb, no_json(error),
     (const char *at, size_t n, size_t flags, json_error_t *error), (at, n, flags, error))
WRAP(json_t *, json_load_file, no_json(error),
     (const char *path, size_t flags, json_error_t *error), (path, flags, error))
WRAP(EVP_MD_CTX *, EVP_MD_CTX_new, NULL, (void), ())
WRAP(int, EVP_DigestInit_ex, 0, (EVP_MD_CTX * md, const EVP_MD *type, ENGINE *engine),
     (md, type, engine))
WRAP(int, EVP_Digest, 0,
     (const void *at, size_t n, unsigned char *md, unsigned *size, const EVP_MD *type,
      ENGINE *engine),
     (at, n, md, size, type, engine))

WRAP_OWN(json_t *, json_pack, (const char *format, ...))
{
    va_list ap;
    json_t *value = NULL;

    va_start(ap, format);
    if (!fails("json_pack"))
        value = json_vpack_ex(NULL, 0, format, ap);
    va_end(ap);
    return value;
}

/* MPI */
WRAP(int, MPI_Comm_dup, MPI_ERR_OTHER, (MPI_Comm comm, MPI_Comm *to), (comm, to))
WRAP(int, MPI_Comm_split_type, MPI_ERR_OTHER,
     (MPI_Comm comm, int type, int key, MPI_Info info, MPI_Comm *to), (comm, type, key, info, to))
WRAP(int, MPI_Isend, MPI_ERR_OTHER,
     (const void *at, int n, MPI_Datatype type, int to, int tag, MPI_Comm comm, MPI_Request *req),
     (at, n, type, to, tag, comm, req))
WRAP(int, MPI_Send, MPI_ERR_OTHER,
     (const void *at, int n, MPI_Datatype type, int to, int tag, MPI_Comm comm),
     (at, n, type, to, tag, comm))
WRAP(int, MPI_Irecv, MPI_ERR_OTHER,
     (void *at, int n, MPI_Datatype type, int from, int tag, MPI_Comm comm, MPI_Request *req),
     (at, n, type, from, tag, comm, req))
WRAP(int, MPI_Recv, MPI_ERR_OTHER,
     (void *at, int n, MPI_Datatype type, int from, int tag, MPI_Comm comm, MPI_Status *status),
     (at, n, type, from, tag, comm, status))
WRAP(int, MPI_Improbe, MPI_ERR_OTHER,
     (int from, int tag, MPI_Comm comm, int *found, MPI_Message *m, MPI_Status *status),
     (from, tag, comm, found, m, status))
WRAP(int, MPI_Imrecv, MPI_ERR_OTHER,
     (void *at, int n, MPI_Datatype type, MPI_Message *m, MPI_Request *req), (at, n, type, m, req))
WRAP(int, MPI_Test, MPI_ERR_OTHER, (MPI_Request * req, int *done, MPI_Status *status),
     (req, done, status))
WRAP(int, MPI_Waitall, MPI_ERR_OTHER, (int n, MPI_Request req[], MPI_Status status[]),
     (n, req, status))
WRAP(int, MPI_Ibarrier, MPI_ERR_OTHER, (MPI_Comm comm, MPI_Request *req), (comm, req))
WRAP(int, MPI_Allreduce, MPI_ERR_OTHER,
     (const void *in, void *out, int n, MPI_Datatype type, MPI_Op op, MPI_Comm comm),
     (in, out, n, type, op, comm))
WRAP(int, MPI_Exscan, MPI_ERR_OTHER,
     (const void *in, void *out, int n, MPI_Datatype type, MPI_Op op, MPI_Comm comm),
     (in, out, n, type, op, comm))
WRAP(int, MPI_Bcast, MPI_ERR_OTHER, (void *at, int n, MPI_Datatype type, int root, MPI_Comm comm),
     (at, n, type, root, comm))
WRAP(int, MPI_Alltoall, MPI_ERR_OTHER,
     (const void *in, int n, MPI_Datatype type, void *out, int m, MPI_Datatype other,
      MPI_Comm comm),
     (in, n, type, out, m, other, comm))
WRAP(int, MPI_Allgather, MPI_ERR_OTHER,
     (const void *in, int n, MPI_Datatype type, void *out, int m, MPI_Datatype other,
      MPI_Comm comm),
     (in, n, type, out, m, other, comm))

/* HDF5 */
WRAP(hid_t, H5Pcreate, -1, (hid_t class), (class))
WRAP(herr_t, H5Pset_fapl_mpio, -1, (hid_t plist, MPI_Comm comm, MPI_Info info), (plist, comm, info))
WRAP(hid_t, H5Tcreate, -1, (H5T_class_t class, size_t n), (class, n))
WRAP(hid_t, H5Tcopy, -1, (hid_t type), (type))
WRAP(hid_t, H5Screate_simple, -1, (int rank, const hsize_t dims[], const hsize_t max[]),
     (rank, dims, max))
WRAP(hid_t, H5Fcreate, -1, (const char *name, unsigned flags, hid_t create, hid_t access),
     (name, flags, create, access))
WRAP(hid_t, H5Fopen, -1, (const char *name, unsigned flags, hid_t access), (name, flags, access))
WRAP(hid_t, H5Dcreate2, -1,
     (hid_t at, const char *name, hid_t type, hid_t space, hid_t link, hid_t create, hid_t access),
     (at, name, type, space, link, create, access))
WRAP(hid_t, H5Dopen2, -1, (hid_t at, const char *name, hid_t access), (at, name, access))
WRAP(hid_t, H5Dget_space, -1, (hid_t set), (set))
WRAP(herr_t, H5Dwrite, -1,
     (hid_t set, hid_t type, hid_t mem, hid_t file, hid_t plist, const void *at),
     (set, type, mem, file, plist, at))
WRAP(herr_t, H5Dread, -1, (hid_t set, hid_t type, hid_t mem, hid_t file, hid_t plist, void *at),
     (set, type, mem, file, plist, at))
WRAP_AFTER(herr_t, H5Dclose, -1, (hid_t set), (set))
WRAP(hid_t, H5Acreate2, -1,
     (hid_t at, const char *name, hid_t type, hid_t space, hid_t create, hid_t access),
     (at, name, type, space, create, access))
WRAP(hid_t, H5Aopen, -1, (hid_t at, const char *name, hid_t access), (at, name, access))
WRAP(herr_t, H5Awrite, -1, (hid_t attr, hid_t type, const void *at), (attr, type, at))
WRAP(herr_t, H5Aread, -1, (hid_t attr, hid_t type, void *at), (attr, type, at))
WRAP_AFTER(herr_t, H5Aclose, -1, (hid_t attr), (attr))
WRAP(herr_t, H5Fflush, -1, (hid_t at, H5F_scope_t scope), (at, scope))
WRAP_AFTER(herr_t, H5Fclose, -1, (hid_t at), (at))
