/* cmd_doctor.c - assay doctor: what would go wrong here. */
#include "../log.h"
#include "cmd.h"
#include "doctor.h"

#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

static void print(const struct as_options *o, const struct as_checks *c)
{
    struct as_json j = {.out = stdout};
    struct as_terminal t;

    if (o->json) {
        as_json_open(&j, NULL, '{');
        as_json_bool(&j, "ready", c->count[AS_LEVEL_BAD] == 0);
        as_checks_json(c, &j, "checks");
        as_json_close(&j);
        return;
    }
    as_terminal_init(&t, stdout);
    as_checks_print(c, &t);
    if (c->count[AS_LEVEL_BAD])
        printf("%snot ready%s; missing or wrong: %zu\n", as_terminal_style(&t, AS_STYLE_BAD),
               as_terminal_style(&t, AS_STYLE_END), c->count[AS_LEVEL_BAD]);
    else
        printf("%sready%s; warnings: %zu\n", as_terminal_style(&t, AS_STYLE_GOOD),
               as_terminal_style(&t, AS_STYLE_END), c->count[AS_LEVEL_WARN]);
}

/* The first rank of each further node tells of what is not well there. */
static void tell(const struct as_checks *c)
{
    char host[64] = "";

    gethostname(host, sizeof host - 1);
    for (size_t i = 0; i < c->n; i++)
        if (c->at[i].level != AS_LEVEL_OK)
            as_log(c->at[i].level == AS_LEVEL_BAD ? AS_LOG_ERROR : AS_LOG_WARN,
                   "host=%s check=\"%s\" %s; %s", host, c->at[i].name, c->at[i].text,
                   c->at[i].cure);
}

int as_cmd_doctor(const struct as_options *o, int argc, char **argv)
{
    struct as_checks *c = calloc(1, sizeof *c);
    struct as_launch l;
    int code;

    if (c == NULL) {
        as_log(AS_LOG_ERROR, "no memory");
        return AS_EXIT_IO;
    }
    as_launch_read(&l, o);
    as_doctor_launch(c, &l);
    as_doctor_machine(c, &l, o);
    as_doctor_storage(c, &l, argc > 0 ? argv[0] : ".");
    if (l.rank == 0)
        print(o, c);
    else if (l.rank_here == 0)
        tell(c);
    code = c->count[AS_LEVEL_BAD] ? AS_EXIT_MISSING : AS_EXIT_OK;
    free(c);
    return code;
}
