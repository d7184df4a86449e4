/* main.c - the table of commands. */
#include "../log.h"
#include "help.h"
#include "opts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct as_command COMMANDS[] = {
    {
        .name = "run",
        .bit = AS_CMD_RUN,
        .args = "EVIDENCE... -o CASE",
        .min_args = 1,
        .max_args = -1,
        .summary = "examine evidence and seal the results in a case folder",
        .about =
            "EVIDENCE is a file, a folder or an archive. It is only ever read. Every picture and "
            "video in it is found, at any depth of archives, and examined in jailed processes; "
            "every file gets a row with a status and a reason.\n"
            "The run can be stopped at any time, and killed: the same command goes on where it "
            "was, on any number of ranks. The results do not depend on how many there were. On a "
            "sealed case it prints the digest and ends as it did.\n"
            "Alone it is one rank. Under mpirun every rank starts its own examiners: one rank per "
            "node or NUMA domain is best.",
        .examples = {{"assay run seizure.tar photos/ -o case",
                      "two sources, one rank, an examiner per core"},
                     {"mpirun -n 4 --map-by numa --bind-to numa assay run /evidence -o case",
                      "four ranks, each with the cores of its NUMA domain"},
                     {"assay run img.zip -o case --passwords words.txt --md5",
                      "try passwords, and compute MD5 and SHA-1 too"},
                     {"assay run /evidence -o part2 --shard 2/3",
                      "the second of three shares, to be merged"}},
        .run = as_cmd_run,
    },
    {
        .name = "merge",
        .bit = AS_CMD_MERGE,
        .args = "CASE_1 ... CASE_N -o CASE",
        .min_args = 1,
        .max_args = -1,
        .summary = "seal one case out of the shards of a job",
        .about =
            "For jobs without MPI between their tasks. `assay run EVIDENCE -o CASE_I --shard I/N` "
            "examines one share each, with the same evidence and options; it is stopped, killed "
            "and repeated like any run, and ends with 0 when its share is examined. When the tasks "
            "run on different processors, give all the same --cpu.\n"
            "The merge reads their folders, which stay as they are, and seals CASE with the digest "
            "that one run would have given. It names shards that are missing or not finished, and "
            "in what they differ when they are not of one job. It runs alone or under mpirun.",
        .examples = {{"assay merge part1 part2 part3 -o case", "three shards, in any order"}},
        .run = as_cmd_merge,
    },
    {
        .name = "search",
        .bit = AS_CMD_SEARCH,
        .args = "CASE --against REF,... -o FILE.h5",
        .min_args = 1,
        .max_args = 1,
        .summary = "search a sealed case against reference stores",
        .about =
            "Finds what `assay run --against` would have found, in a case that is sealed already; no "
            "evidence is read. The matches go to FILE.h5, a sealed file with digests of its own, "
            "which names the case by its digest; its rows are those of the case, which stays as it "
            "is. Alone it is one rank, under mpirun as many as were started; the digests are the "
            "same.\n"
            "A store of MD5 or SHA-1 hashes needs a case of --md5, a store of cameras one of "
            "--keep-residuals: where the case has not what a store asks for, nothing is searched "
            "and a sentence says what would help. A search that is stopped leaves nothing.",
        .examples = {{"assay search case --against sought.h5 -o found.h5", "one store"},
                     {"mpirun -n 4 assay search case --against a.h5,b.h5 -o found.h5",
                      "two, on four ranks"},
                     {"assay show found.h5", "what was found"}},
        .run = as_cmd_search,
    },
    {
        .name = "plan",
        .bit = AS_CMD_PLAN,
        .args = "EVIDENCE...",
        .min_args = 1,
        .max_args = -1,
        .summary = "say how much work the evidence is, and how to split it",
        .about = "Lists what can be listed by seeking and samples the rest: items, bytes, units of "
                 "work, the largest of them, core-hours. Sources that one process must read whole "
                 "are named, with what to do about them.",
        .examples = {{"assay plan /evidence", "an estimate"},
                     {"assay plan --exact big.tar.gz", "list everything"},
                     {"assay plan --slurm --node-cores 64 /evidence",
                      "the sbatch line for a cluster with such nodes"}},
        .run = as_cmd_plan,
    },
    {
        .name = "list",
        .bit = AS_CMD_LIST,
        .args = "alterations|detectors|formats|models|reasons [NAME]",
        .min_args = 1,
        .max_args = 2,
        .summary = "list the alterations, detectors, formats, models, or reasons there are",
        .about = "With the name of a detector: its card, with what it measures, when it does not "
                 "apply, and where it fails; models: the card of its model.",
        .examples = {{"assay list detectors", "all detectors, a line each"},
                     {"assay list detectors pdq", "the card of one"},
                     {"assay list formats", "what is decoded, opened, or only recognised"},
                     {"assay list reasons", "the statuses, and why an item may have them"}},
        .run = as_cmd_list,
    },
    {
        .name = "show",
        .bit = AS_CMD_SHOW,
        .args = "CASE [ITEM]",
        .min_args = 1,
        .max_args = 2,
        .summary = "show what was examined, what failed and why, and the findings",
        .about =
            "ITEM is an id (123), or a path as shown, or the end of one: that item is shown in "
            "full. Paths are bytes; those that cannot be printed are shown as \\xNN.\n"
            "A case that is not sealed yet: what state it is in, and what to do next.",
        .examples = {{"assay show case", "the summary"},
                     {"assay show case 123", "all that is known of an item"},
                     {"assay show case DCIM/IMG_1.JPG", "the same, by the end of its path"},
                     {"assay show case --status damaged,limit", "the items with these statuses"}},
        .run = as_cmd_show,
    },
    {
        .name = "cat",
        .bit = AS_CMD_CAT,
        .args = "CASE PATH|ID",
        .min_args = 2,
        .max_args = 2,
        .summary = "write the bytes of one item to the standard output",
        .about = "The item is read again from the evidence, through its archives, and its hash is "
                 "compared with the case.",
        .examples = {{"assay cat case 123 > picture.jpg", "by id"},
                     {"assay cat case 'seizure.tar>>DCIM/IMG_1.JPG' | file -", "by path"}},
        .run = as_cmd_cat,
    },
    {
        .name = "verify",
        .bit = AS_CMD_VERIFY,
        .args = "CASE | --explain CASE CASE",
        .min_args = 1,
        .max_args = 2,
        .summary = "check that a case is what was sealed",
        .about = "Computes both digests again from the data and compares them, checks that every "
                 "item is accounted for, follows the chain of hashes in the audit log, and reads the "
                 "residuals that were kept. A search is verified likewise. "
                 "--evidence hashes the evidence again as well. Exit code 2 when anything does not "
                 "match, with a sentence for each.",
        .examples = {{"assay verify case", "the store and the audit log"},
                     {"assay verify case --evidence", "and the evidence"},
                     {"assay verify --explain case-a case-b", "the first difference of two cases"}},
        .run = as_cmd_verify,
    },
    {
        .name = "enroll",
        .bit = AS_CMD_ENROLL,
        .subjects = as_enroll_subjects,
        .args = "known|media|camera -o REF.h5 FILE...",
        .min_args = 2,
        .max_args = -1,
        .summary = "make a reference store to search cases against",
        .about =
            "known: lists of hashes. NSRL sets of version 3 (SQLite), VICS JSON, CSV and TSV with "
            "a header that names md5, sha1 or sha256, and lists as md5sum, sha256sum and hashdeep "
            "write them; which it is follows from the content. Each entry counts by its strongest "
            "hash. What is listed more than once is kept once, with the worst that is said of it. "
            "VICS categories 1 to 3 are known bad, --known-good or not; nothing else is known good "
            "unless it says "
            "so.\n"
            "media: pictures and videos of folders and archives, examined as `run` does, under "
            "mpirun on all its ranks. Each content enters once, with its SHA-256, its PDQ code and "
            "its path. What is examined lies in REF.h5.case until the store is "
            "written: a run that was stopped goes on.\n"
            "camera: pictures of known cameras, NAME=PATH for each, PATH a file, folder or "
            "archive, or PATH alone, named as its last part. A fingerprint of the sensor's noise is made "
            "of all pictures of the size that most of a camera's have, as they came from it: 20 flat "
            "fields (an even, bright surface out of focus) or 50 others; with fewer the enrolment is "
            "refused. Told of each: how well two halves of its pictures agree.",
        .examples = {{"assay enroll known -o nsrl.h5 RDS_modern_minimal.db --known-good",
                      "what comes with software"},
                     {"assay enroll known -o sought.h5 vics.json",
                      "a VICS set, classes by category"},
                     {"assay enroll media -o sought.h5 pictures/", "near-copies will be found too"},
                     {"assay enroll camera -o cameras.h5 nikon=ff/d70 phone=phone.zip",
                      "fingerprints of two cameras"}},
        .run = as_cmd_enroll,
    },
    {
        .name = "bench",
        .bit = AS_CMD_BENCH,
        .args = "MANIFEST -o CASE",
        .min_args = 1,
        .max_args = 1,
        .summary = "measure detectors on labelled pictures",
        .about =
            "MANIFEST names pictures and what is true of them: a CSV file with the columns path, "
            "label (authentic, tampered, generated) and perhaps split, mask, group, generator, "
            "camera; or a folder with folders real and fake in it; or the JSON of DeepfakeBench, "
            "IMDL-BenCo or ForensicHub. They are examined as `run` does, alone or under mpirun, and CASE is a case "
            "like any other. Then all scores are measured: AUC, average precision, equal error "
            "rate, true positives at 1 % and 0.1 % false ones, Cllr after the best calibration, by "
            "split and generator, with intervals from a bootstrap that draws whole groups; maps "
            "against masks; and what a detector did not score, with its reason.\n"
            "Two checks of the set itself come with it: how well format, size, quality and length "
            "of the files alone tell the classes apart, with a warning when they do, and which "
            "pictures are in several splits, by their bytes, PDQ codes and groups.\n"
            "CASE/bench has the tables as CSV and the scores as HDF5. A second start with another "
            "--measure, --compare, --draws or --seed, or other labels, measures anew and examines "
            "nothing.",
        .examples = {{"assay bench set.manifest.csv -o case", "all detectors with a model"},
                     {"assay bench set.csv -o case --measure jpeg_tables.quality_luma",
                      "a measure as if it were a score"},
                     {"mpirun -n 4 assay bench set.csv -o case", "examined by four ranks"}},
        .run = as_cmd_bench,
    },
    {
        .name = "train",
        .bit = AS_CMD_TRAIN,
        .args = "MANIFEST --detector NAME -o MODEL.json",
        .min_args = 1,
        .max_args = 1,
        .summary = "fit a model of a detector to labelled pictures",
        .about =
            "MANIFEST is a CSV file with a header: path (relative to it), label (authentic, tampered, "
            "generated), split (train, calibrate, test), group (scene, camera or generator: what is no "
            "independent trial). The pictures are examined as `run` does, under mpirun on all its ranks, "
            "in the folders that hold them; what lies there unnamed is examined for nothing. MODEL.json.case "
            "holds what was examined until the model is written: a training that was stopped goes on.\n"
            "The model is fitted to the split train. A finding is a score above that of 99 % of the authentic "
            "pictures of calibrate, which also gives scores their likelihood ratios; with --real these are told "
            "of items like those of calibrate, and of no others. What is printed was measured on test, with "
            "95 % intervals that draw groups.\n"
            "With --leave generator (or camera, group) models are also fitted without each value of that column "
            "and everything of its groups, and tried on its pictures beside the authentic ones of test (without "
            "such: beside a fifth of the authentic groups at a time, which are left out too). The table stands "
            "in the model file as well.\n"
            "Copy the model to the folder that ASSAY_MODELS names, as NAME.json, and runs use it.",
        .examples = {{"assay train set.manifest.csv --detector metadata -o metadata.json", "one rank"},
                     {"mpirun -n 4 assay train set.manifest.csv --detector spam --fit fld -o spam.json",
                      "an ensemble, on four ranks: the same file"}},
        .run = as_cmd_train,
    },
    {
        .name = "doctor",
        .bit = AS_CMD_DOCTOR,
        .args = "[FOLDER]",
        .min_args = 0,
        .max_args = 1,
        .summary = "say what would go wrong here: launch, cores, sandbox, memory, disk",
        .about = "FOLDER is where cases will be written; this folder if not given. Run it the way "
                 "a run will be started, under the same mpirun or srun, to check the launch. Exit "
                 "code 69 when something needed is missing.",
        .examples = {{"assay doctor", "this machine"},
                     {"mpirun -n 4 assay doctor /scratch",
                      "the launch; rank 0 tells, other nodes only what is not well"}},
        .run = as_cmd_doctor,
    },
    {.name = NULL},
};

static enum as_status set_log(const struct as_options *o, struct as_err *err)
{
    static const char *const LEVELS[] = {"error", "warn", "info", "debug"};
    enum as_status status = AS_OK;

    for (unsigned i = 0; i < sizeof LEVELS / sizeof *LEVELS; i++)
        if (strcmp(o->log, LEVELS[i]) == 0) {
            as_log_init((enum as_log_level)i, -1);
            goto done;
        }
    AS_FAIL(err, AS_EUSAGE, "--log is error, warn, info or debug, not \"%s\"", o->log);
done:
    return status;
}

static int unknown_command(const char *name)
{
    const struct as_command *near = as_command_near(COMMANDS, name);

    if (near)
        as_log(AS_LOG_ERROR, "unknown command \"%s\"; did you mean %s?", name, near->name);
    else
        as_log(AS_LOG_ERROR, "unknown command \"%s\"; see assay help", name);
    return AS_EXIT_USAGE;
}

/* assay help [COMMAND | --man] */
static int help(const char *what)
{
    const struct as_command *command;
    struct as_terminal t;

    as_terminal_init(&t, stdout);
    if (t.width == 0)
        t.width = 80; /* help is prose in a pipe too */
    if (what == NULL || strcmp(what, "help") == 0 || strcmp(what, "--help") == 0) {
        as_help_overview(&t, COMMANDS);
    } else if (strcmp(what, "--man") == 0) {
        as_help_man(stdout, COMMANDS);
    } else if ((command = as_command_find(COMMANDS, what)) != NULL) {
        as_help_command(&t, command);
    } else {
        return unknown_command(what);
    }
    return AS_EXIT_OK;
}

static int run(const struct as_command *command, int argc, char **argv)
{
    enum as_status status = AS_OK;
    struct as_options options;
    struct as_opts opts = {.commands = COMMANDS, .command = command, .options = &options};
    struct as_err err;

    as_err_clear(&err);
    as_options_defaults(&options);
    AS_TRY(as_opts_parse(&opts, argc, argv, &err));
    if (opts.help)
        return help(command->name);
    AS_TRY(set_log(&options, &err));
    return command->run(&options, opts.argc, opts.argv);
done:
    return as_cmd_fail(&err, as_exit_code(status));
}

static int dispatch(int argc, char **argv)
{
    const char *word = argc > 1 ? argv[1] : "help";
    const struct as_command *command;

    if (strcmp(word, "help") == 0 || strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)
        return help(argc > 2 ? argv[2] : NULL);
    if (strcmp(word, "--version") == 0 || strcmp(word, "version") == 0) {
        as_help_version(stdout);
        return AS_EXIT_OK;
    }
    command = as_command_find(COMMANDS, word);
    return command ? run(command, argc - 2, argv + 2) : unknown_command(word);
}

int main(int argc, char **argv)
{
    int code;

    /* a store is complete or absent, and never opened for writing again: locks would guard nothing,
     * and fail on file systems that have none */
    setenv("HDF5_USE_FILE_LOCKING", "FALSE", 0);
    code = dispatch(argc, argv);

    if (fflush(stdout) != 0 || ferror(stdout)) {
        as_log(AS_LOG_ERROR, "cannot write the results: %s", strerror(errno));
        return code == AS_EXIT_OK ? AS_EXIT_IO : code;
    }
    return code;
}
