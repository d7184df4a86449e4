/* import.h - labelled sets as others describe them, turned into the text of a manifest.
 *
 *   a folder        pictures in folders called real, fake and the like, at any depth; splits by
 *                   folders called train, val, test; what is left of the path names the generator.
 *                   IMDL-BenCo's Tp, Au, and Gt with the masks
 *   IMDL-BenCo      JSON: [[picture, mask], [picture, "Negative"], ...]; of balanced sets
 *                   [["ManiDataset", folder], ["JsonDataset", file], ...]
 *   ForensicHub     JSON: [{"path": ..., "label": 0 or 1}, ...], perhaps mask, split, group,
 * generator DeepfakeBench   JSON: {set: {class: {split: {video: {"label": ..., "frames": [...],
 *                   "masks": [...]}}}}}, or with a compression between split and video
 *
 * Formats as their tools read and write them; paths are relative to the file.              */
#ifndef AS_IMPORT_H
#define AS_IMPORT_H

#include "../err.h"

/* Gives the text of a manifest, malloc'd; paths are relative to the folder in the name `path`.
 * A picture that is named several times enters once: of several splits as test before calibrate
 * before train, which is told.
 *   AS_SKIP     it is neither a folder nor JSON
 *   AS_EFORMAT  it cannot be understood; the report says where */
enum as_status as_import(const char *path, char **text, struct as_err *err) AS_MUST_CHECK;

#endif
