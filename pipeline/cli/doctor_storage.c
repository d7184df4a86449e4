/* doctor_storage.c - what would go wrong here: HDF5, file systems, space. */
#include "../report/human.h"
#include "../store/store.h"
#include "doctor.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

enum { SHM_RANK_MB = 16, SPACE_BAD_MB = 64, SPACE_WARN_MB = 1024 };

enum { LOCAL, NETWORK, PARALLEL, MEMORY };

/* Magic numbers of statfs(2); those the system's headers lack are from their projects. */
static const struct {
    uint32_t magic;
    int class;
    const char *name;
} SYSTEMS[] = {
    {0xEF53, LOCAL, "ext4"},          {0x58465342, LOCAL, "XFS"},
    {0x9123683E, LOCAL, "btrfs"},     {0x2FC12FC1, LOCAL, "ZFS"},
    {0x794C7630, LOCAL, "overlay"},   {0xF2F52010, LOCAL, "F2FS"},
    {0x6969, NETWORK, "NFS"},         {0xFF534D42, NETWORK, "CIFS"},
    {0xFE534D42, NETWORK, "SMB"},     {0x01021997, NETWORK, "9p"},
    {0x65735546, NETWORK, "FUSE"},    {0x00C36400, NETWORK, "Ceph"},
    {0x0BD00BD0, PARALLEL, "Lustre"}, {0x47504653, PARALLEL, "GPFS"},
    {0x19830326, PARALLEL, "BeeGFS"}, {0x01021994, MEMORY, "tmpfs"},
};

static void file_system(struct as_checks *c, const struct as_launch *l, const char *folder)
{
    const char *name = "a file system that is not in the list";
    struct statfs fs;
    int class = LOCAL;

    if (statfs(folder, &fs) != 0) {
        as_checks_add(c, AS_LEVEL_BAD, "file system", "%s: %s", folder, strerror(errno));
        return;
    }
    for (size_t i = 0; i < sizeof SYSTEMS / sizeof *SYSTEMS; i++)
        if ((uint32_t)fs.f_type == SYSTEMS[i].magic) {
            class = SYSTEMS[i].class;
            name = SYSTEMS[i].name;
        }
    if (class == NETWORK) {
        as_checks_add(c, AS_LEVEL_WARN, "file system",
                      "%s is on %s: ranks of several nodes may not see each other's writes at once",
                      folder, name);
        as_checks_cure(c, "put cases on a parallel file system, or run on one node");
    } else if (class == MEMORY) {
        as_checks_add(c, AS_LEVEL_WARN, "file system",
                      "%s is on %s: a case there is lost when the machine stops", folder, name);
        as_checks_cure(c, "put cases on a disk");
    } else if (class == LOCAL && l->ranks > l->ranks_here) {
        as_checks_add(c, AS_LEVEL_BAD, "file system", "%s is on %s, which other nodes do not share",
                      folder, name);
        as_checks_cure(c, "put cases on a file system that all nodes share");
    } else {
        as_checks_add(c, AS_LEVEL_OK, "file system", "%s is on %s", folder, name);
    }
}

static void space(struct as_checks *c, const char *folder)
{
    struct statvfs v;
    uint64_t room;
    char text[32];
    enum as_level level;

    if (statvfs(folder, &v) != 0)
        return; /* told by the check of the file system */
    room = (uint64_t)v.f_bavail * v.f_frsize;
    level = room >> 20 < SPACE_BAD_MB    ? AS_LEVEL_BAD
            : room >> 20 < SPACE_WARN_MB ? AS_LEVEL_WARN
                                         : AS_LEVEL_OK;
    as_checks_add(c, level, "space", "%s free", as_human_bytes(room, text));
    if (level != AS_LEVEL_OK)
        as_checks_cure(c, "a case takes about 1 to 3 kB per item, and as much while it is sealed");
    if (access(folder, W_OK) != 0) {
        as_checks_add(c, AS_LEVEL_BAD, "space", "%s cannot be written: %s", folder,
                      strerror(errno));
        as_checks_cure(c, "name another folder for cases");
    }
}

static void shared_memory(struct as_checks *c, const struct as_launch *l)
{
    struct statvfs v;
    uint64_t room;
    char text[32];

    if (statvfs("/dev/shm", &v) != 0) {
        as_checks_add(c, AS_LEVEL_WARN, "shared memory",
                      "/dev/shm: %s: ranks of one node use "
                      "slower ways",
                      strerror(errno));
        as_checks_cure(c, "mount a tmpfs at /dev/shm");
        return;
    }
    room = (uint64_t)v.f_bavail * v.f_frsize;
    if (room >> 20 < SHM_RANK_MB * l->ranks_here) {
        as_checks_add(c, AS_LEVEL_WARN, "shared memory",
                      "%s free in /dev/shm for %" PRIu64 " ranks: MPI may fail to start",
                      as_human_bytes(room, text), l->ranks_here);
        as_checks_cure(c, "clear /dev/shm, or give the container a larger one (--shm-size)");
    } else {
        as_checks_add(c, AS_LEVEL_OK, "shared memory", "%s free in /dev/shm",
                      as_human_bytes(room, text));
    }
}

static void hdf5(struct as_checks *c)
{
    const char *locking = getenv("HDF5_USE_FILE_LOCKING");
    char text[256] = "";

    as_store_versions(text, sizeof text);
    as_checks_add(c, strstr(text, "parallel") ? AS_LEVEL_OK : AS_LEVEL_BAD, "HDF5", "%s%s%s", text,
                  locking ? "; HDF5_USE_FILE_LOCKING=" : "", locking ? locking : "");
    if (!strstr(text, "parallel"))
        as_checks_cure(c, "build with the parallel HDF5 (libhdf5-openmpi-dev)");
    if (locking && strcasecmp(locking, "TRUE") == 0) {
        as_checks_add(c, AS_LEVEL_WARN, "HDF5",
                      "file locking is forced, which fails on file systems without locks");
        as_checks_cure(c, "unset HDF5_USE_FILE_LOCKING: a store is complete or absent, and never "
                          "written again");
    }
}

void as_doctor_storage(struct as_checks *c, const struct as_launch *l, const char *folder)
{
    hdf5(c);
    file_system(c, l, folder);
    space(c, folder);
    shared_memory(c, l);
}
