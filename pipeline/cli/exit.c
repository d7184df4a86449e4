/* exit.c - the exit codes of every command, once. */
#include "exit.h"

const struct as_exit_row as_exit_table[] = {
    {AS_EXIT_OK, "finished, whatever the statuses of the items"},
    {AS_EXIT_INTEGRITY, "integrity: the evidence changed, or a hash or digest does not match"},
    {AS_EXIT_ITEMS, "finished, but items crashed or timed out (see --fail-on)"},
    {AS_EXIT_USAGE, "the command line makes no sense"},
    {AS_EXIT_DATA, "bad input, a case made with other options or evidence, or a case in use"},
    {AS_EXIT_NO_INPUT, "no such file, case or item"},
    {AS_EXIT_MISSING, "a needed part of the system is missing (see assay doctor)"},
    {AS_EXIT_BUG, "a fault of Assay itself"},
    {AS_EXIT_IO, "reading, writing, memory or MPI failed"},
    {AS_EXIT_STOPPED, "stopped, state saved: run the same command again to go on"},
    {0, 0},
};

int as_exit_code(enum as_status status)
{
    switch (status) {
    case AS_OK:
    case AS_END:
    case AS_SKIP:
        return AS_EXIT_OK;
    case AS_EFORMAT:
    case AS_ELIMIT:
        return AS_EXIT_DATA;
    case AS_EUSAGE:
        return AS_EXIT_USAGE;
    case AS_ENOMEM:
    case AS_EIO:
        return AS_EXIT_IO;
    case AS_ESTOP:
        return AS_EXIT_STOPPED;
    case AS_EMISSING:
        return AS_EXIT_MISSING;
    case AS_EBUG:
        break;
    }
    return AS_EXIT_BUG;
}
