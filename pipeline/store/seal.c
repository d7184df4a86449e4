/* seal.c - results.h5 from nothing to its name: write, read back for the digests,
 * sync, rename; and whether it is still what was sealed.                                                              */
#include "seal.h"
#include "digest.h"
#include "h5.h"

#include "../cluster/durable.h"
#include "../log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { EXIT_IO = 74 }; /* of the program, design.md section 4 */

static bool put_digest(hid_t file, const char *name, const char digest[65])
{
    hid_t attr = H5Aopen(file, name, H5P_DEFAULT);
    hid_t type = attr >= 0 ? H5Aget_type(attr) : H5I_INVALID_HID;
    bool ok = type >= 0 && H5Tget_size(type) == 64 && H5Awrite(attr, type, digest) >= 0;

    if (type >= 0)
        H5Tclose(type);
    if (attr >= 0)
        ok = H5Aclose(attr) >= 0 && ok;
    return ok;
}

/* Rank 0: writes the digests into the file, and gives it its name. */
static enum as_status finish(struct as_comm *comm, const char *tmp, const char *path,
                             const char content[65], const char exact[65], struct as_err *err)
{
    enum as_status status = AS_OK;
    char why[AS_H5_WHY];
    int error = 0;
    hid_t fapl = H5Pcreate(H5P_FILE_ACCESS);

    H5Pset_libver_bounds(fapl, H5F_LIBVER_V18, H5F_LIBVER_V18);
    H5Pset_file_locking(fapl, false, true);
    hid_t file = H5Fopen(tmp, H5F_ACC_RDWR, fapl);
    bool ok = file >= 0 && put_digest(file, "content_digest", content) &&
              put_digest(file, "digest_exact", exact) && H5Fflush(file, H5F_SCOPE_GLOBAL) >= 0;
    if (!ok)
        as_fail(err, AS_EIO, AS_REASON_NONE, __FILE__, __LINE__,
                "cannot write the digests into %s: %s", tmp, as_h5_why(why));
    if (!ok && file >= 0 && comm != NULL) { /* HDF5 may crash when it closes such a file */
        as_log(AS_LOG_ERROR, "%s", err != NULL ? err->text : "the digests could not be written");
        unlink(tmp);
        as_comm_abort(comm, EXIT_IO);
    }
    if (!ok && file >= 0)
        as_h5_divert(file);
    if (file >= 0 && H5Fclose(file) < 0 && ok)
        AS_FAIL(err, AS_EIO, "cannot close %s: %s", tmp, as_h5_why(why));
    if (!ok) {
        status = AS_EIO;
        goto done;
    }
    if ((error = as_rename_synced(tmp, path)) != 0)
        AS_FAIL(err, AS_EIO, "cannot complete %s: %s", path, strerror(error));
done:
    H5Pclose(fapl);
    return status;
}

enum as_status as_store_seal_with(const char *path, struct as_comm *comm,
                                  const struct as_store_what *what,
                                  const struct as_detector *const *dets, char content_digest[65],
                                  char digest_exact[65], struct as_err *err)
{
    enum as_status status = AS_OK, mine = AS_OK;
    struct as_store *store = NULL;
    char *tmp = NULL;
    bool first = comm == NULL || as_comm_rank(comm) == 0;

    as_h5_quiet();
    if (asprintf(&tmp, "%s.tmp", path) < 0) {
        tmp = NULL;
        mine = as_fail(err, AS_ENOMEM, AS_REASON_NONE, __FILE__, __LINE__, "no memory for a name");
    }
    AS_TRY(as_comm_agree(comm, mine, err));
    AS_TRY(as_seal_write(tmp, comm, what, dets, err));
    mine = as_store_open_bare(&store, tmp, dets, err);
    AS_TRY(as_digest_make(store, comm, mine, content_digest, digest_exact, err));
    as_store_close(store);
    store = NULL;
    AS_TRY(as_comm_agree(comm, AS_OK, err)); /* all have closed it before it is changed */
    mine = first ? finish(comm, tmp, path, content_digest, digest_exact, err) : AS_OK;
    AS_TRY(as_comm_agree(comm, mine, err));
done:
    as_store_close(store);
    if (status == AS_EFORMAT) { /* what was just written: no input of the user's is to blame */
        char text[sizeof err->text];
        snprintf(text, sizeof text, "%s", err ? err->text : "");
        status = as_fail(err, AS_EIO, AS_REASON_NONE, __FILE__, __LINE__,
                         "the new store does not read as it was written: %s", text);
    }
    if (status != AS_OK && first && tmp != NULL)
        unlink(tmp);
    free(tmp);
    return status;
}

enum as_status as_store_seal(const char *path, struct as_comm *comm,
                             const struct as_store_what *what, char content_digest[65],
                             char digest_exact[65], struct as_err *err)
{
    return as_store_seal_with(path, comm, what, as_detectors, content_digest, digest_exact, err);
}

enum as_status as_store_digest(struct as_store *store, char content_digest[65],
                               char digest_exact[65], struct as_err *err)
{
    return as_digest_make(store, NULL, AS_OK, content_digest, digest_exact, err);
}

enum as_status as_store_check(struct as_store *store, struct as_comm *comm,
                              const struct as_ask *ask, struct as_err *err)
{
    enum as_status status = AS_OK;
    char content[65], exact[65];

    store->ask = ask;
    AS_TRY(as_digest_make(store, comm, AS_OK, content, exact, err));
    if (strcmp(content, as_store_attr(store, "content_digest")) != 0 ||
        strcmp(exact, as_store_attr(store, "digest_exact")) != 0)
        AS_FAIL(err, AS_EFORMAT,
                "the case is not what was sealed: its data do not have the digest that it names");
done:
    store->ask = NULL;
    return status;
}
