/* masks.c - masks, decoded each by a jailed process of its own.
 *
 * The process inherits the open file and a shared area for the result, is jailed before it reads
 * the first byte, and ends with the mask.  What it says of its size is checked.             */
#include "masks.h"

#include "../media/media.h"
#include "jail.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SECONDS = 60, WALL_SECONDS = 10 * SECONDS, HEAD = 64 };

#define MEMORY (UINT64_C(4) << 30)
#define AREA ((size_t)AS_MASK_PIXELS_MAX + HEAD)

/* The shared area: this, then the pixels. */
struct told {
    uint32_t w, h, good;
};

struct as_masks {
    struct as_jail *jail; /* NULL: --no-sandbox */
    uint8_t *area;
};

enum as_status as_masks_new(struct as_masks **masks, bool jailed, struct as_err *err)
{
    enum as_status status = AS_OK;
    struct as_masks *m = calloc(1, sizeof *m);

    *masks = NULL;
    if (m == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory for masks");
    m->area =
        mmap(NULL, AREA, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (m->area == MAP_FAILED) {
        m->area = NULL;
        AS_FAIL(err, AS_ENOMEM, "no memory for masks: %s", strerror(errno));
    }
    if (jailed)
        AS_TRY(as_jail_new(&m->jail, err));
    as_media_warm();
    *masks = m;
    m = NULL;
done:
    as_masks_free(m);
    return status;
}

void as_masks_free(struct as_masks *m)
{
    if (m == NULL)
        return;
    if (m->area)
        munmap(m->area, AREA);
    as_jail_free(m->jail);
    free(m);
}

static void decode(const struct as_masks *m, int fd, uint64_t size)
{
    const struct as_want want = {AS_LUMA, AS_MASK_PIXELS_MAX, AS_MASK_PIXELS_MAX};
    const struct as_input in = {.fd = fd, .size = size};
    struct told *told = (struct told *)m->area;
    struct as_decoder *dec = NULL;
    struct as_picture pic;

    if (as_decoder_new(&dec) != AS_OK ||
        as_media_decode(dec, as_sniff(&in), &in, &want, &pic, NULL) != AS_OK ||
        !(pic.views & AS_LUMA) || (uint64_t)pic.w * pic.h > AS_MASK_PIXELS_MAX)
        return;
    for (uint32_t y = 0; y < pic.h; y++)
        for (uint32_t x = 0; x < pic.w; x++)
            m->area[HEAD + (size_t)y * pic.w + x] = pic.luma.at[y * pic.luma.stride + x] > 127.5F;
    told->w = pic.w;
    told->h = pic.h;
    told->good = 1;
}

static void jailed(const struct as_masks *m, int fd, uint64_t size)
{
    const struct rlimit seconds = {SECONDS, SECONDS};

    if (setrlimit(RLIMIT_CPU, &seconds) == 0 && as_jail_enter(m->jail, MEMORY, AREA, NULL) == AS_OK)
        decode(m, fd, size);
    _exit(0);
}

/* Waits for the process; one that sleeps uses no processor time, and is killed.  Kernels before 5.3
 * tell no time here. */
static void await(pid_t pid)
{
    struct pollfd end = {.fd = (int)syscall(SYS_pidfd_open, pid, 0), .events = POLLIN};
    int ended;

    if (end.fd >= 0) {
        do /* a signal must not let it wait for ever below; the time begins anew */
            ended = poll(&end, 1, WALL_SECONDS * 1000);
        while (ended < 0 && errno == EINTR);
        if (ended <= 0)
            kill(pid, SIGKILL);
        close(end.fd);
    }
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        ;
}

enum as_status as_masks_read(struct as_masks *m, const char *path, struct as_mask *mask,
                             struct as_err *err)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct told told, *shared = (struct told *)m->area;
    enum as_status status = AS_OK;
    struct stat st;
    pid_t pid;

    *mask = (struct as_mask){0};
    if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        AS_FAIL(err, AS_EFORMAT, "cannot read the mask %s: %s", path,
                fd < 0 ? strerror(errno) : "no file");
    memset(shared, 0, sizeof *shared);
    if ((pid = fork()) < 0)
        AS_FAIL(err, AS_EIO, "no process to decode a mask: %s", strerror(errno));
    if (pid == 0)
        jailed(m, fd, (uint64_t)st.st_size);
    await(pid);
    told = *shared;
    if (told.good != 1 || told.w == 0 || told.h > AS_MASK_PIXELS_MAX / told.w)
        AS_FAIL(err, AS_EFORMAT, "the mask %s is no picture that can be decoded", path);
    *mask = (struct as_mask){m->area + HEAD, told.w, told.h};
done:
    if (fd >= 0)
        close(fd);
    return status;
}
