/* show_time.c - what the time of a run went into, for a person. */
#include "show_time.h"

static double number(const json_t *o, const char *name)
{
    return json_number_value(json_object_get(o, name));
}

void as_show_time(FILE *out, const json_t *time, const char *lead, size_t slowest)
{
    const json_t *idle = json_object_get(time, "idle_percent");
    json_t *det = json_object_get(time, "detectors"), *slow = json_object_get(time, "slowest");
    const char *name;
    json_t *value;
    size_t i;

    if (!json_is_object(time))
        return;
    fprintf(out, "%sseconds of work: read %.1f, unpack %.1f, decode %.1f", lead,
            number(time, "read_s"), number(time, "unpack_s"), number(time, "decode_s"));
    json_object_foreach(det, name, value) fprintf(out, ", %s %.1f", name, json_number_value(value));
    fprintf(out, "; wait %.1f\n", number(time, "wait_s"));
    fprintf(out, "%sexaminers idle %.0f %% (ranks: %.0f to %.0f); largest process %.0f MB\n", lead,
            number(idle, "mean"), number(idle, "least"), number(idle, "most"),
            number(time, "largest_process_mb"));
    json_array_foreach(slow, i, value) if (i < slowest)
        fprintf(out, "%sslowest %6.2f s %12.0f bytes  %s\n", lead, number(value, "seconds"),
                number(value, "bytes"), json_string_value(json_object_get(value, "path")));
}
