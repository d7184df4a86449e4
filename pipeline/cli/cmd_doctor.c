/* cmd_doctor.c - assay doctor: what would go wrong here. */
#include "../log.h"
#include "cmd.h"
#include "doctor.h"

#include <inttypes.h>
#include <stdlib.h>

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
        printf("%snot ready%s: %zu needed things are missing\n",
               as_terminal_style(&t, AS_STYLE_BAD), as_terminal_style(&t, AS_STYLE_END),
               c->count[AS_LEVEL_BAD]);
    else
        printf("%sready%s, with %zu warnings\n", as_terminal_style(&t, AS_STYLE_GOOD),
               as_terminal_style(&t, AS_STYLE_END), c->count[AS_LEVEL_WARN]);
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
    print(o, c);
    code = c->count[AS_LEVEL_BAD] ? AS_EXIT_MISSING : AS_EXIT_OK;
    free(c);
    return code;
}
