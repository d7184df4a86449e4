# check_links.py - links and groups of a store: what they must be by themselves, and by a truth.
# usage: check_links.py STORE TRUTH; a line of TRUTH: family, tab, end of a path.  Members of a family
# must be one group and no group may have members of two; items of no family are not judged, nor is
# who belongs to a picture too plain to be compared (PDQ quality below 50).
# Exits 77 where h5py is not installed.
import sys

try:
    import h5py
except ImportError:
    sys.exit(77)


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


def check_links(f):
    items, links = f["items"][()], f["links"][()]
    sha = items["sha256"]
    pairs = [(int(l["item_a"]), int(l["item_b"]), int(l["kind"])) for l in links]
    assert pairs == sorted(set(pairs)), "links are out of order"
    copies = {b: a for a, b, kind in pairs if kind == 0}
    first = {}
    for i, h in enumerate(sha):
        if h and i not in copies:
            assert h not in first or items["status"][i] != 9, f"copy {i} has no link"
            first.setdefault(h, i)
    for b, a in copies.items():
        assert sha[a] == sha[b] and a == first[sha[a]], f"{b} is no copy of {a}"
    assert sum(1 for _, _, kind in pairs if kind == 0) == len(copies)
    for l in links[links["kind"] == 1]:
        assert 0 <= l["value"] <= 31
        assert not {int(l["item_a"]), int(l["item_b"])} & set(copies), "a copy has near-copies"


def check_groups(f):
    items, groups = f["items"][()], f["groups"][()]
    links = [(int(l["item_a"]), int(l["item_b"])) for l in f["links"][()] if l["kind"] in (0, 1)]
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
                if quality[i] < 50:
                    plain += 1
                    assert name not in group, f"{path} is plain, others of {name} are not"
                    continue
                assert group.setdefault(name, root[i]) == root[i], f"{path} is not with {name}"
    assert met == set(family), sorted(set(family) - met)
    assert len(set(group.values())) == len(group), f"families are mixed: {group}"
    assert len(group) > 1
    print(f"{len(group)} families, {len(family)} members, {plain} too plain to be compared")


with h5py.File(sys.argv[1], "r") as store:
    check_links(store)
    check_truth(store, check_groups(store), sys.argv[2])
