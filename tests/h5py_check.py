# h5py_check.py - reads every dataset of a store as a user's script would.
# usage: h5py_check.py STORE; exits 77 where h5py is not installed.
import sys

try:
    import h5py
    import numpy as np
except ImportError:
    sys.exit(77)

TABLES = {
    "evidence": "ordinal path_offset path_length size sha256 recheck mtime kind",
    "items": "id part source path_offset path_length size sha256 md5 sha1 mtime kind status reason "
             "width height frames duration_s flags",
    "maps": "item_row detector w h cell offset",
    "metadata": "item_row key_offset key_length value_offset value_length",
    "findings": "item_row kind detector set score llr text_offset text_length",
    "sets": "set name_offset name_length path_offset path_length kind digest rows",
    "matches": "item_row set reference kind value p_false_alarm name_offset name_length others beside other_value turn scale left top",
    "links": "item_a item_b kind value",
    "groups": "item_row group stands",
    "origins": "item_row group value p_false_alarm",
    "sensor_maps": "item_row set reference window regions missing unknown x y w h cell offset",
    "errors": "item_row stage_offset stage_length status message_offset message_length",
    "timing": "lot rank bytes read_s unpack_s decode_s extract_s",
}
OUTSIDE = {"strings", "map_data", "provenance", "errors", "timing"}
GROUPS = {"status": "u1", "reasons": "<u2", "measures": "<f4", "scores": "<f4", "llr": "<f4",
          "features": "u1"}


def words(obj, name):
    return [w.decode("ascii") for w in obj.attrs[name]]


def check_types(dtype):
    """No variable-length strings anywhere."""
    assert h5py.check_string_dtype(dtype) is None or h5py.check_string_dtype(dtype).length, dtype
    assert h5py.check_vlen_dtype(dtype) is None, dtype
    for name in dtype.names or ():
        check_types(dtype[name])


def check_links(group, seen):
    """Nothing but hard links; gives every dataset by name."""
    for name in group:
        assert isinstance(group.get(name, getlink=True), h5py.HardLink), name
        obj = group[name]
        if isinstance(obj, h5py.Group):
            check_links(obj, seen)
        else:
            seen[obj.name] = obj


def check_dataset(d):
    check_types(d.dtype)
    assert not d.is_virtual and d.external is None and d.compression is None, d.name
    for key in ("title", "direction"):
        assert isinstance(d.attrs[key], (bytes, np.bytes_)), (d.name, key)
    for key in d.attrs:
        check_types(d.attrs.get_id(key).dtype)
    assert d.attrs["digested"] in (0, 1) and d.attrs["exact"] in (0, 1)
    assert (d.attrs["digested"] == 0) == (d.name[1:] in OUTSIDE), d.name
    assert d[()] is not None
    columns = words(d, "columns")
    assert len(columns) == len(set(columns))
    if d.name[1:] in TABLES:
        assert list(d.dtype.names) == TABLES[d.name[1:]].split(), (d.name, d.dtype.names)
        assert list(d.dtype.names) == columns == TABLES[d.name[1:]].split()
        assert len(words(d, "units")) == len(columns)
    elif d.name.startswith("/measures/"):
        assert len(columns) == d.shape[1]


def text(f, row, name):
    at = int(row[name + "_offset"])
    return f["strings"][at:at + int(row[name + "_length"])].tobytes()


def main(path):
    with h5py.File(path, "r") as f:
        seen = {}
        check_links(f, seen)
        for d in seen.values():
            check_dataset(d)
        for key in ("content_digest", "digest_exact"):
            assert len(f.attrs[key]) == 64 and int(f.attrs[key], 16) >= 0
        assert f.attrs["schema"] == b"assay-results 3"
        items = f["items"][()]
        assert len(items) == 301 and (np.diff(items["id"].astype(np.int64)) >= 0).all()
        for group, kind in GROUPS.items():
            for d in f[group].values():
                assert d.dtype == np.dtype(kind) and len(d) == len(items), d.name
        assert set(f["status"]) == {"alpha", "beta", "gamma_2"}
        assert set(f["scores"]) == set(f["llr"]) == {"beta"}
        assert words(f["measures/alpha"], "columns") == ["quality", "sum_px", "spread"]
        # the numbers have words
        kinds = dict(zip(f["items"].attrs["kind_numbers"], words(f["items"], "kind_words")))
        assert kinds[10] == "jpeg" and set(items["kind"]) <= set(kinds)
        assert words(f["items"], "status_words")[7] == "crashed"
        assert words(f["items"], "flag_words")[0] == "truncated"
        assert words(f["status/alpha"], "status_words")[3] == "abstains"
        assert "too flat" in words(f["reasons/alpha"], "reason_words")
        assert words(f["findings"], "detectors") == ["alpha", "beta", "gamma_2"]
        assert words(f["findings"], "finding_words") == ["declared", "known", "match", "score", "calibrated", "missing"]
        # texts and scores are what they should be
        for row in items:
            assert text(f, row, "path").startswith(b"a.tar>>dir")
        for row in f["metadata"][:50]:
            assert text(f, row, "key").startswith(b"exif.Key")
        assert text(f, f["findings"][1], "text") == b"finding 1"
        m, s = f["measures/beta"][()], f["scores/beta"][()]
        np.testing.assert_array_equal(np.float32(0.5) * m[:, 0] + m[:, 1], s)
        applies = f["status/beta"][()] == 1
        assert np.isnan(m[~applies]).all() and np.isnan(f["llr/beta"][()]).all()
        print(len(seen), "datasets read by h5py", h5py.version.version)


main(sys.argv[1])
