/* t_files.h - the files of the data folder, one after another, for tests of media. */
#ifndef T_FILES_H
#define T_FILES_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct t_manifest {
    FILE *list;
    char root[512];
    char line[4096];
    char *path, *set, *decode; /* of the present file */
    uint8_t *at;               /* its bytes           */
    size_t size;
};

/* The whole of a file, of exactly its size so that a sanitizer sees what runs past it. */
static inline uint8_t *t_file_read(const char *path, size_t *size)
{
    FILE *f = fopen(path, "rb");
    uint8_t *at;
    long n;

    if (!f)
        return NULL;
    fseek(f, 0, SEEK_END);
    n = ftell(f);
    rewind(f);
    at = malloc(n > 0 ? (size_t)n : 1);
    *size = at ? fread(at, 1, (size_t)n, f) : 0;
    fclose(f);
    return at;
}

/* False when there is no data folder. */
static inline bool t_manifest_open(struct t_manifest *m)
{
    const char *root = getenv("ASSAY_DATA");
    char name[600];

    memset(m, 0, sizeof *m);
    if (!root)
        return false;
    snprintf(m->root, sizeof m->root, "%s", root);
    snprintf(name, sizeof name, "%s/manifest.csv", root);
    m->list = fopen(name, "r");
    return m->list && fgets(m->line, sizeof m->line, m->list);
}

/* The fields used have no quotes: path and set stand before all that may, decode is the last. */
static inline bool t_manifest_next(struct t_manifest *m)
{
    char name[4700], *comma = NULL;

    free(m->at);
    m->at = NULL;
    while (fgets(m->line, sizeof m->line, m->list)) {
        m->line[strcspn(m->line, "\r\n")] = 0;
        m->decode = strrchr(m->line, ',') + 1;
        m->path = m->line;
        m->set = m->line;
        for (unsigned i = 0; i < 4 && m->set; i++) {
            comma = strchr(m->set, ',');
            if (i < 3 && comma)
                m->set = comma + 1;
        }
        m->path[strcspn(m->path, ",")] = 0;
        if (comma)
            *comma = 0;
        snprintf(name, sizeof name, "%s/%s", m->root, m->path);
        m->at = t_file_read(name, &m->size);
        if (m->at)
            return true;
    }
    return false;
}

static inline void t_manifest_close(struct t_manifest *m)
{
    free(m->at);
    if (m->list)
        fclose(m->list);
    memset(m, 0, sizeof *m);
}

#endif
