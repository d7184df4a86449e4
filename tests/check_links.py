# check_links.py - links, groups and matches of a store: by brute force, and by a truth.
# usage: check_links.py STORE TRUTH [REFERENCE]; a line of TRUTH: family, tab, end of a path.  Members of
# a family must be one group and no group may have members of two; items of no family are not judged, nor
# is who belongs to a picture too plain to be compared (PDQ quality below 50).  REFERENCE: the media store
# that is the first set of the case.  Exits 77 where h5py is not installed.
import sys

try:
    import h5py
    import numpy as np
except ImportError:
    sys.exit(77)

MOST, MEAN, RADIUS, QUALITY = 16, 4, 31, 50
DUPLICATE = 9


def forms(codes):
    """The eight forms of each code, [n][8][256], by rows and columns of the 16 x 16 bits."""
    bits = np.unpackbits(codes[:, ::-1], axis=1, bitorder="little").reshape(-1, 16, 16)
    odd = np.arange(16) % 2 == 0
    out = []
    for m in (bits, bits.transpose(0, 2, 1)):
        for how in range(4):
            flip = (odd & bool(how & 1))[None, :] ^ (odd & bool(how & 2))[:, None]
            out.append((m ^ flip).reshape(-1, 256))
    return np.stack(out, axis=1)


def nearest(codes, others):
    """For each code the (distance, place) of the nearest of the others, at most MOST."""
    bits = forms(others)[:, 0].astype(np.int32)
    found = []
    for form in forms(codes).astype(np.int32):
        apart = form.sum(1)[:, None] + bits.sum(1)[None, :] - 2 * form @ bits.T
        apart = apart.min(axis=0)
        found.append([(int(apart[k]), int(k)) for k in np.flatnonzero(apart <= RADIUS)])
    return found


def components(rows, links):
    up = list(range(rows))

    def root(i):
        while up[i] != i:
            up[i] = up[up[i]]
            i = up[i]
        return i

    for a, b in links:
        a, b = root(a), root(b)
        up[max(a, b)] = min(a, b)
    return [root(i) for i in range(rows)]


def compared(f):
    """Rows of the pictures that are compared with each other."""
    return np.flatnonzero((f["measures/pdq"][()][:, 0] >= QUALITY) &
                          (f["items"][()]["status"] != DUPLICATE))


def check_links(f):
    items, links = f["items"][()], f["links"][()]
    sha = items["sha256"]
    pairs = [(int(l["item_a"]), int(l["item_b"]), int(l["kind"])) for l in links]
    assert pairs == sorted(set(pairs)), "links are out of order"
    copies = {b: a for a, b, kind in pairs if kind == 0}
    first = {}
    for i, h in enumerate(sha):
        if h and i not in copies:
            assert h not in first or items["status"][i] != DUPLICATE, f"copy {i} has no link"
            first.setdefault(h, i)
    for b, a in copies.items():
        assert sha[a] == sha[b] and a == first[sha[a]], f"{b} is no copy of {a}"
    assert sum(1 for _, _, kind in pairs if kind == 0) == len(copies)
    rows = compared(f)
    codes = f["features/pdq"][()][rows]
    want = set()
    found = [sorted(n for n in near if n[1] != i) for i, near in enumerate(nearest(codes, codes))]
    most = next(m for m in (MOST, MOST // 2, MEAN)
                if m == MEAN or sum(len(n[:m]) for n in found) <= MEAN * len(found))
    for i, near in enumerate(found):
        for bits, k in near[:most]:
            want.add((int(rows[min(i, k)]), int(rows[max(i, k)]), bits))
    got = {(int(l["item_a"]), int(l["item_b"]), int(l["value"])) for l in links[links["kind"] == 1]}
    assert got == want, (sorted(got - want)[:5], sorted(want - got)[:5])
    print(f"{len(copies)} copies, {len(got)} pairs of {len(rows)} pictures")


def check_groups(f):
    """Groups are what all pairs within the radius join, also those that have no link."""
    items, groups = f["items"][()], f["groups"][()]
    links = [(int(l["item_a"]), int(l["item_b"])) for l in f["links"][()] if l["kind"] == 0]
    rows = compared(f)
    codes = f["features/pdq"][()][rows]
    for i, near in enumerate(nearest(codes, codes)):
        links += [(int(rows[i]), int(rows[k])) for _, k in near if k != i]
    root = components(len(items), links)
    linked = {i for l in links for i in l}
    assert {int(g["item_row"]): int(g["group"]) for g in groups} == {i: root[i] for i in linked}
    assert len(groups) == len(linked)
    key = []
    for g in groups:
        item = items[int(g["item_row"])]
        key.append((int(g["group"]), -int(item["width"]) * int(item["height"]),
                    int(g["item_row"])))
    assert key == sorted(key), "groups are out of order"
    for i, g in enumerate(groups):
        assert g["stands"] == (i == 0 or key[i - 1][0] != key[i][0])
    return root


def check_truth(f, root, truth):
    items, strings = f["items"][()], f["strings"][()].tobytes()
    family = {}
    for line in open(truth):
        name, end = line.rstrip("\n").split("\t")
        family[end] = name
    quality = f["measures/pdq"][()][:, 0]
    group, met, plain = {}, set(), 0
    for i, item in enumerate(items):
        at = int(item["path_offset"])
        path = strings[at:at + int(item["path_length"])].decode("latin-1")
        for end, name in family.items():
            if path.endswith(end):
                met.add(end)
                if quality[i] < QUALITY:
                    plain += 1
                    assert name not in group, f"{path} is plain, others of {name} are not"
                    continue
                assert group.setdefault(name, root[i]) == root[i], f"{path} is not with {name}"
    assert met == set(family), sorted(set(family) - met)
    assert len(set(group.values())) == len(group), f"families are mixed: {group}"
    assert len(group) > 1
    print(f"{len(group)} families, {len(family)} members, {plain} too plain to be compared")


def check_matches(f, ref):
    items, quality = f["items"][()], f["measures/pdq"][()][:, 0]
    sha = {}
    for k, h in enumerate(ref["sha256"][()]):
        sha.setdefault(bytes(h).hex().encode(), []).append(k)
    want = {(i, k, 0, 0) for i, h in enumerate(items["sha256"]) for k in sha.get(h, [])[:MOST]}
    rows, refs = np.flatnonzero(quality >= QUALITY), np.flatnonzero(ref["quality"][()] >= QUALITY)
    near = nearest(f["features/pdq"][()][rows], ref["pdq"][()][refs])
    for i, found in zip(rows, near):
        want |= {(int(i), int(refs[k]), 1, bits) for bits, k in sorted(found)[:MOST]
                 if (int(i), int(refs[k]), 0, 0) not in want}
    got = {(int(m["item_row"]), int(m["reference"]), int(m["kind"]), int(m["value"]))
           for m in f["matches"][()] if m["set"] == 0}
    assert got == want, (sorted(got - want)[:5], sorted(want - got)[:5])
    assert len(got) > 0
    print(f"{len(got)} matches with {len(refs)} references")


with h5py.File(sys.argv[1], "r") as store:
    check_links(store)
    check_truth(store, check_groups(store), sys.argv[2])
    if len(sys.argv) > 3:
        with h5py.File(sys.argv[3], "r") as reference:
            check_matches(store, reference)
