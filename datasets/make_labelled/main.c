/* main.c - make_labelled: pictures with labels, masks and splits, for training and measuring.
 *
 * The processes share nothing but the rows of the manifest, which their parent writes.         */
#include "labelled.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const char HEAD[] =
    "make_labelled - invented pictures with labels, masks and splits\n"
    "\n"
    "  make_labelled KIND OUT [options]\n"
    "      makes the folder OUT, masks in OUT.masks, and OUT.manifest.csv\n"
    "\n"
    "  --count N            pictures (100)\n"
    "  --size WxH           of each (512x384)\n"
    "  --seed N             other scenes, cameras and choices (1)\n"
    "  --jobs N             processes (1); the bytes do not depend on it\n"
    "  --vary AXIS=N,N,...  values of an axis instead of its own\n"
    "  --photos FOLDER      parts of its JPEG files at half size instead of invented scenes\n"
    "\n"
    "kinds, and their axes with the values they have (a quality of 0: PNG, or not compressed)\n";

enum { SIDE_MIN = 64, SIDE_MAX = 8192, COUNT_MAX = 1000000, JOBS_MAX = 256, CELLS_MAX = 1 << 20 };

static void help(FILE *to)
{
    fputs(HEAD, to);
    for (const struct as_kind *k = as_kinds; k->name; k++) {
        fprintf(to, "\n  %-10s %s\n", k->name, k->summary);
        for (const struct as_axis *a = k->axes; a < k->axes + AS_AXES && a->n; a++) {
            fprintf(to, "      %s=", a->name);
            for (uint32_t i = 0; i < a->n; i++)
                fprintf(to, "%s%d", i ? "," : "", a->at[i]);
            fputc('\n', to);
        }
    }
}

static _Noreturn void usage(const char *why, const char *what)
{
    fprintf(stderr, "make_labelled: %s%s; see make_labelled --help\n", why, what);
    exit(64);
}

static uint64_t number(const char *text, uint64_t least, uint64_t most)
{
    char *end;
    unsigned long long n;

    errno = 0;
    n = strtoull(text, &end, 10);
    if (*text < '0' || *text > '9' || *end || errno || n < least || n > most)
        usage("not a number in range: ", text);
    return n;
}

static void parse_size(struct as_set *set, const char *text)
{
    char w[16] = "", h[16] = "";

    if (sscanf(text, "%15[0-9]x%15[0-9]", w, h) != 2)
        usage("not a size: ", text);
    set->w = (uint32_t)number(w, SIDE_MIN, SIDE_MAX);
    set->h = (uint32_t)number(h, SIDE_MIN, SIDE_MAX);
}

/* "AXIS=1,2,3" */
static void parse_vary(struct as_set *set, char *text)
{
    char *list = strchr(text, '='), *part;
    struct as_axis *a = set->axes;

    if (!list)
        usage("not an axis and its values: ", text);
    *list++ = '\0';
    while (a < set->axes + AS_AXES && a->n && strcmp(a->name, text) != 0)
        a++;
    if (a == set->axes + AS_AXES || !a->n)
        usage("the kind has no axis ", text);
    a->n = 0;
    while ((part = strsep(&list, ",")) != NULL) {
        if (a->n == AS_AXIS_ROOM)
            usage("too many values of ", text);
        a->at[a->n++] = (int)number(part, 0, 400);
    }
}

static const struct as_kind *kind_find(const char *name)
{
    const struct as_kind *k = as_kinds;

    while (k->name && strcmp(k->name, name) != 0)
        k++;
    if (!k->name)
        usage("no kind is called ", name);
    return k;
}

/* What is said besides the set itself. */
struct said {
    uint32_t jobs;
    const char *photos;
};

static void take_option(struct as_set *set, struct said *said, int option)
{
    switch (option) {
    case 'c':
        set->count = (uint32_t)number(optarg, 1, COUNT_MAX);
        return;
    case 'z':
        parse_size(set, optarg);
        return;
    case 's':
        set->seed = number(optarg, 0, UINT64_MAX);
        return;
    case 'j':
        said->jobs = (uint32_t)number(optarg, 1, JOBS_MAX);
        return;
    case 'v':
        parse_vary(set, optarg);
        return;
    case 'p':
        said->photos = optarg;
        return;
    case 'h':
        help(stdout);
        exit(fflush(stdout) == 0 ? 0 : 74);
    default:
        exit(64); /* getopt has said why */
    }
}

static struct said parse(int argc, char **argv, struct as_set *set)
{
    static const struct option OPTIONS[] = {
        {"count", required_argument, NULL, 'c'}, {"size", required_argument, NULL, 'z'},
        {"seed", required_argument, NULL, 's'},  {"jobs", required_argument, NULL, 'j'},
        {"vary", required_argument, NULL, 'v'},  {"photos", required_argument, NULL, 'p'},
        {"help", no_argument, NULL, 'h'},        {NULL, 0, NULL, 0}};
    struct said said = {1, NULL};
    int c;

    if (argc > 1 && argv[1][0] != '-') { /* the kind, whose axes --vary names */
        set->kind = kind_find(argv[1]);
        memcpy(set->axes, set->kind->axes, sizeof set->axes);
        argv[1] = argv[0];
        argc--;
        argv++;
    }
    while ((c = getopt_long(argc, argv, "", OPTIONS, NULL)) != -1)
        take_option(set, &said, c);
    if (!set->kind || optind != argc - 1 || !*argv[optind])
        usage("a kind and one folder are needed", "");
    if (said.photos && set->kind->invents)
        usage("photographs of a folder are not for the kind ", set->kind->name);
    set->out = argv[optind];
    return said;
}

static void make_folder(const char *out, const char *dot)
{
    char *path = NULL;

    if (asprintf(&path, "%s%s", out, dot) < 0)
        as_die("out of memory");
    if (mkdir(path, 0755) != 0)
        as_die("cannot make the folder %s: %s", path, strerror(errno));
    free(path);
}

/* Makes all pictures in `jobs` processes; the rows are in memory that they share. */
static struct as_row *make_all(const struct as_set *set, uint32_t jobs)
{
    struct as_row *rows = mmap(NULL, set->count * sizeof *rows, PROT_READ | PROT_WRITE,
                               MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    bool failed = false;
    int how;

    if (rows == MAP_FAILED)
        as_die("out of memory");
    for (uint32_t j = 0; j < jobs; j++) {
        pid_t pid = fork();
        if (pid < 0)
            as_die("cannot start a process: %s", strerror(errno));
        if (pid == 0) {
            for (uint32_t i = j; i < set->count; i += jobs)
                as_task_run(set, i, rows + i);
            exit(0);
        }
    }
    while (wait(&how) > 0)
        failed = failed || !WIFEXITED(how) || WEXITSTATUS(how) != 0;
    if (failed)
        as_die("a process failed: %s is not complete", set->out);
    return rows;
}

static void write_manifest(const struct as_set *set, const struct as_row *rows)
{
    static const char *const LABELS[] = {"authentic", "tampered", "generated"};
    static const char *const SPLITS[] = {"train", "calibrate", "test"};
    const char *base = strrchr(set->out, '/') ? strrchr(set->out, '/') + 1 : set->out;
    char *path = NULL;
    FILE *f;

    if (asprintf(&path, "%s.manifest.csv", set->out) < 0)
        as_die("out of memory");
    f = fopen(path, "w");
    if (f)
        fputs("path,label,split,mask,group,generator,camera,note,made\n", f);
    for (uint32_t i = 0; f && i < set->count; i++) {
        const struct as_row *r = rows + i;
        fprintf(f, "%s/%s,%s,%s,", base, r->path, LABELS[r->label], SPLITS[r->split]);
        if (r->mask[0])
            fprintf(f, "%s.masks/%s", base, r->mask);
        fprintf(f, ",%s,%s,%s,%s,1\n", r->group, r->generator, r->camera, r->note);
    }
    if (!f || ferror(f) || fclose(f) != 0)
        as_die("cannot write %s: %s", path, strerror(errno));
    free(path);
}

int main(int argc, char **argv)
{
    struct as_set set = {.seed = 1, .count = 100, .w = 512, .h = 384};
    struct as_row *rows;
    uint64_t cells = 1;
    struct said said = parse(argc, argv, &set);
    char *out = strdup(set.out);
    size_t n = out ? strlen(out) : 0;

    while (n > 1 && out[n - 1] == '/')
        out[--n] = '\0';
    set.out = out;
    for (int i = 0; i < AS_AXES && set.axes[i].n; i++)
        cells *= set.axes[i].n;
    if (!out || strpbrk(out, ",\"\n\r") || cells > CELLS_MAX)
        usage("a folder's name that fits a table, and fewer values, are needed", "");
    if (said.photos)
        as_photos_open(said.photos, &set.photos);
    make_folder(out, "");
    if (set.kind->masks)
        make_folder(out, ".masks");
    rows = make_all(&set, said.jobs < set.count ? said.jobs : set.count);
    write_manifest(&set, rows);
    munmap(rows, set.count * sizeof *rows);
    as_photos_close(&set.photos);
    free(out);
    return 0;
}
