/* cmd.h - what a command is. */
#ifndef AS_CMD_H
#define AS_CMD_H

#include "../options.h"
#include "exit.h"

enum { AS_EXAMPLES_MAX = 4 };

/* What a command does of several kinds, each with options of its own. */
struct as_subject {
    const char *name; /* NULL: the end      */
    unsigned bit;     /* of the option table */
    int (*work)(const struct as_options *o, int argc, char **argv, struct as_err *err);
};

extern const struct as_subject as_enroll_subjects[];

/* The names of the kinds with these bits: "media and camera". */
void as_subjects_text(const struct as_subject *kinds, unsigned bits, char *to, size_t n);

struct as_command {
    const char *name;
    unsigned bit;                      /* AS_CMD_ bit of the option table; 0: takes no options */
    const struct as_subject *subjects; /* NULL: it is of one kind                         */
    const char *args;                  /* operands, for the usage line                         */
    int min_args, max_args;            /* operands; max -1: any number                         */
    const char *summary;               /* one line                                             */
    const char *about;                 /* paragraphs, a newline between them                   */
    struct {
        const char *line, *what;
    } examples[AS_EXAMPLES_MAX]; /* ended by line == NULL unless full */

    /* Does the work; gives the exit code.  argc, argv: the operands alone, argv[argc] is NULL. */
    int (*run)(const struct as_options *o, int argc, char **argv);
};

int as_cmd_run(const struct as_options *o, int argc, char **argv);
int as_cmd_merge(const struct as_options *o, int argc, char **argv);
int as_cmd_search(const struct as_options *o, int argc, char **argv);
int as_cmd_plan(const struct as_options *o, int argc, char **argv);
int as_cmd_list(const struct as_options *o, int argc, char **argv);
int as_cmd_show(const struct as_options *o, int argc, char **argv);
int as_cmd_cat(const struct as_options *o, int argc, char **argv);
int as_cmd_verify(const struct as_options *o, int argc, char **argv);
int as_cmd_enroll(const struct as_options *o, int argc, char **argv);
int as_cmd_bench(const struct as_options *o, int argc, char **argv);
int as_cmd_train(const struct as_options *o, int argc, char **argv);
int as_cmd_doctor(const struct as_options *o, int argc, char **argv);

struct as_run_result; /* run.h */

/* Ends a run or a merge: tells how it ended on rank 0, gives the exit code. */
int as_cmd_ended(const struct as_options *o, const struct as_run_result *result,
                 enum as_status status, const struct as_err *err);

/* Logs the error and gives `code` back. */
int as_cmd_fail(const struct as_err *err, int code);

#endif
