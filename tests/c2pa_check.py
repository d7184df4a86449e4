# c2pa_check.py - C2PA manifests of real JPEG files, checked apart from the program.
# usage: c2pa_check.py T_METADATA FILE...
#
# A page of Python for CBOR, boxes and hashes, and the openssl command for signatures; the outcome
# must be the program's, file by file: binding, signature and assertions of the active manifest.
import hashlib
import struct
import subprocess
import sys
import tempfile

HASH = {-7: "sha256", -37: "sha256", -38: "sha384", -39: "sha512", -35: "sha384", -36: "sha512"}


def cbor(b, i):
    major, info = b[i] >> 5, b[i] & 31
    i += 1
    n = info
    if 24 <= info < 28:
        size = 1 << (info - 24)
        n = int.from_bytes(b[i:i + size], "big")
        i += size
    if major == 0:
        return n, i
    if major == 1:
        return -1 - n, i
    if major in (2, 3):
        return (b[i:i + n] if major == 2 else b[i:i + n].decode("utf-8", "replace")), i + n
    if major == 6:
        return cbor(b, i)
    if major == 7:
        return {20: False, 21: True}.get(info), i
    items = []
    while len(items) < n * (major - 3) if info < 31 else b[i] != 255:
        v, i = cbor(b, i)
        items.append(v)
    i += info == 31
    return (items if major == 4 else dict(zip(items[::2], items[1::2]))), i


def head(major, n):
    for bits, size in ((24, 0), (1 << 8, 1), (1 << 16, 2), (1 << 32, 4)):
        if n < bits:
            return bytes([major << 5 | (23 + size.bit_length() if size else n)]) + (
                n.to_bytes(size, "big") if size else b"")


def boxes(b, at, end):
    out = []
    while at + 8 <= end:
        n = struct.unpack(">I", b[at:at + 4])[0]
        out.append((b[at + 4:at + 8], at + 8, at + n))
        at += n
    return out


class Super:
    def __init__(self, b, at, end):
        inner = boxes(b, at, end)
        self.content = b[at:end]
        self.kind = b[inner[0][1]:inner[0][1] + 4]
        self.label = b[inner[0][1] + 17:inner[0][2]].split(b"\0")[0].decode()
        self.supers = [Super(b, p, q) for t, p, q in inner[1:] if t == b"jumb"]
        self.cbor = next((b[p:q] for t, p, q in inner if t == b"cbor"), None)

    def find(self, label):
        return next((s for s in self.supers if s.label == label), None)


def store(data):
    """The boxes of the APP11 segments, and where these begin and end."""
    at, out, place = 2, b"", None
    while data[at] == 255 and data[at + 1] != 0xDA:
        n = struct.unpack(">H", data[at + 2:at + 4])[0]
        if data[at + 1] == 0xEB and data[at + 4:at + 6] == b"JP":
            out += data[at + (20 if out else 12):at + 2 + n]
            place = (place[0] if place else at, at + 2 + n)
        at += 2 + n
    return out, place


def signature(claim, cose):
    protected, plain, _, sig = cbor(cose, 0)[0]
    header = cbor(protected, 0)[0]
    chain = header.get(33) or plain.get("x5chain") or plain.get(33)
    cert = chain if isinstance(chain, bytes) else chain[0]
    alg = header[1]
    message = (head(4, 4) + head(3, 10) + b"Signature1" + head(2, len(protected)) + protected +
               head(2, 0) + head(2, len(claim)) + claim)
    if alg in (-7, -35, -36):  # r, s as DER
        half = len(sig) // 2
        ints = b""
        for part in (sig[:half], sig[half:]):
            part = part.lstrip(b"\0") or b"\0"
            part = b"\0" + part if part[0] > 127 else part
            ints += b"\x02" + bytes([len(part)]) + part
        sig = b"\x30" + (b"\x81" if len(ints) > 127 else b"") + bytes([len(ints)]) + ints
    with tempfile.TemporaryDirectory() as tmp:
        for name, value in (("cert", cert), ("sig", sig), ("message", message)):
            open("%s/%s" % (tmp, name), "wb").write(value)
        key = subprocess.run(["openssl", "x509", "-inform", "der", "-in", tmp + "/cert", "-pubkey",
                              "-noout"], capture_output=True, check=True).stdout
        open(tmp + "/key", "wb").write(key)
        pss = ["-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:digest"]
        return subprocess.run(["openssl", "dgst", "-" + HASH[alg]] + (pss if alg <= -37 and alg > -40
                                                                      and alg not in (-35, -36)
                                                                      else []) +
                              ["-verify", tmp + "/key", "-signature", tmp + "/sig",
                               tmp + "/message"], capture_output=True).returncode == 0


def references(claim):
    return (claim.get("assertions") or
            claim.get("created_assertions", []) + claim.get("gathered_assertions", []))


def check(data):
    b, place = store(data)
    if not b:
        return None
    manifests = Super(b, 8, len(b)).supers
    active = bound = manifests[-1]
    sources = {m.label: m for m in manifests}

    def claim_of(m):
        return next(s for s in m.supers if s.label.startswith("c2pa.claim")).cbor

    def assertions(m, prefix):
        return [s for s in m.find("c2pa.assertions").supers if s.label.startswith(prefix)]

    raw = claim_of(active)
    good = True
    for r in references(cbor(raw, 0)[0]):
        s = active.find("c2pa.assertions").find(r["url"].split("/")[-1])
        good &= s is not None and hashlib.sha256(s.content).digest() == r["hash"]
    if bound.kind == b"c2um":
        v = cbor(assertions(bound, "c2pa.ingredient")[0].cbor, 0)[0]
        bound = sources[(v.get("activeManifest") or v["c2pa_manifest"])["url"].split("/")[2]]
    v = cbor(assertions(bound, "c2pa.hash.data")[0].cbor, 0)[0]
    h, at = hashlib.sha256(), 0
    for x in v["exclusions"]:
        h.update(data[at:x["start"]])
        at = x["start"] + x["length"]
        if bound is not active and x["start"] == place[0]:
            at = place[1]
    h.update(data[at:])
    return {"binding": h.digest() == v["hash"], "assertions_state": good,
            "signature": signature(raw, active.find("c2pa.signature").cbor)}


def main():
    program, paths = sys.argv[1], sys.argv[2:]
    ours = {p: {} for p in paths}
    text = subprocess.run([program, "--dump"] + paths, capture_output=True, check=True).stdout
    for line in text.decode("utf-8", "replace").split("\n"):
        parts = line.split("\t", 2)
        if len(parts) == 3 and parts[1].startswith("c2pa."):
            ours[parts[0]].setdefault(parts[1][5:], parts[2])
    bad = checked = 0
    for p in paths:
        theirs = check(open(p, "rb").read())
        if theirs is None:
            bad += "state" in ours[p]
            continue
        for key, good in theirs.items():
            have = ours[p].get(key, "").split(" (")[0]
            if have == "not checked":
                continue
            checked += 1
            if have != ("good" if good else "bad"):
                print("%s: %s is %s, not %s" % (p, key, have, good))
                bad += 1
    print("%d outcomes of %d files, %d differ" % (checked, len(paths), bad))
    return bad > 0 or checked == 0


if __name__ == "__main__":
    sys.exit(main())
