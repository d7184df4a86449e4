#!/usr/bin/env python3
"""score_metadata.py - our metadata entries against the dumps of other readers.

usage: score_metadata.py DATA_DIR DUMP > datasets/results/metadata.md

DUMP is a program that prints "path TAB key TAB value" for `DUMP --dump FILE...`
(build/bin/t_metadata).  Expected values come from two places of the data folder:
metadata-extractor's text dumps of d_photos, and the manifest stores that c2pa-rs
wrote for e_provenance.  Both print for people, so values are compared by meaning:
a number that rounds to the printed one agrees, an enumeration agrees with its
word.  What an entry is compared with is stated by the tables below; fields of the
dumps that no table names are listed as not compared.
"""
import glob
import json
import os
import re
import subprocess
import sys
from collections import Counter, OrderedDict
from fractions import Fraction

TAGS = {
    0x010E: "ImageDescription", 0x010F: "Make", 0x0110: "Model", 0x0112: "Orientation",
    0x011A: "XResolution", 0x011B: "YResolution", 0x0128: "ResolutionUnit", 0x0131: "Software",
    0x0132: "DateTime", 0x013B: "Artist", 0x013E: "WhitePoint", 0x013F: "PrimaryChromaticities",
    0x0211: "YCbCrCoefficients", 0x0213: "YCbCrPositioning", 0x0214: "ReferenceBlackWhite",
    0x0100: "ImageWidth", 0x0101: "ImageLength", 0x0102: "BitsPerSample", 0x0103: "Compression",
    0x0106: "PhotometricInterpretation", 0x0115: "SamplesPerPixel", 0x0116: "RowsPerStrip",
    0x011C: "PlanarConfiguration", 0x00FE: "NewSubfileType", 0x8298: "Copyright",
    0x013C: "HostComputer", 0x0142: "TileWidth", 0x0143: "TileLength",
    0x829A: "ExposureTime", 0x829D: "FNumber", 0x8822: "ExposureProgram",
    0x8827: "ISOSpeedRatings", 0x9000: "ExifVersion", 0x9003: "DateTimeOriginal",
    0x9004: "DateTimeDigitized", 0x9010: "OffsetTime",
    0x9011: "OffsetTimeOriginal", 0x9012: "OffsetTimeDigitized", 0x8830: "SensitivityType",
    0x8832: "RecommendedExposureIndex", 0x882A: "TimeZoneOffset", 0xA435: "LensSerialNumber",
    0xA460: "CompositeImage", 0xA500: "Gamma", 0xEA1C: "Padding", 0x0212: "YCbCrSubSampling",
    0x9101: "ComponentsConfiguration", 0x9102: "CompressedBitsPerPixel",
    0x9201: "ShutterSpeedValue", 0x9202: "ApertureValue", 0x9203: "BrightnessValue",
    0x9204: "ExposureBiasValue", 0x9205: "MaxApertureValue", 0x9206: "SubjectDistance",
    0x9207: "MeteringMode", 0x9208: "LightSource", 0x9209: "Flash", 0x920A: "FocalLength",
    0x9214: "SubjectArea", 0x9286: "UserComment", 0x9290: "SubsecTime",
    0x9291: "SubSecTimeOriginal", 0x9292: "SubSecTimeDigitized", 0xA000: "FlashpixVersion",
    0xA001: "ColorSpace", 0xA002: "PixelXDimension", 0xA003: "PixelYDimension",
    0xA20E: "FocalPlaneXResolution", 0xA20F: "FocalPlaneYResolution",
    0xA210: "FocalPlaneResolutionUnit", 0xA215: "ExposureIndex", 0xA217: "SensingMethod",
    0xA300: "FileSource", 0xA301: "SceneType", 0xA401: "CustomRendered", 0xA402: "ExposureMode",
    0xA403: "WhiteBalance", 0xA404: "DigitalZoomRatio", 0xA405: "FocalLengthIn35mmFilm",
    0xA406: "SceneCaptureType", 0xA407: "GainControl", 0xA408: "Contrast", 0xA409: "Saturation",
    0xA40A: "Sharpness", 0xA40C: "SubjectDistanceRange", 0xA420: "ImageUniqueID",
    0xA431: "BodySerialNumber", 0xA432: "LensSpecification", 0xA433: "LensMake",
    0xA434: "LensModel",
}
GPS = {
    0: "GPSVersionID", 1: "GPSLatitudeRef", 2: "GPSLatitude", 3: "GPSLongitudeRef",
    4: "GPSLongitude", 5: "GPSAltitudeRef", 6: "GPSAltitude", 7: "GPSTimeStamp",
    12: "GPSSpeedRef", 13: "GPSSpeed", 16: "GPSImgDirectionRef", 17: "GPSImgDirection",
    18: "GPSMapDatum", 23: "GPSDestBearingRef", 24: "GPSDestBearing", 29: "GPSDateStamp",
}
INTEROP = {1: "InteroperabilityIndex", 2: "InteroperabilityVersion",
           0x1001: "RelatedImageWidth", 0x1002: "RelatedImageLength"}
IFDS = {"Exif IFD0": ("exif", TAGS), "Exif SubIFD": ("exif", TAGS),
        "Exif Thumbnail": ("thumb", TAGS), "Interoperability": ("exif", INTEROP),
        "GPS": ("gps", GPS)}
# Blocks and offsets: kept as facts, or handed to a reader of their own.
BLOCK_TAGS = {0x927C, 0x0201, 0x0202, 0x02BC, 0x83BB, 0x8773, 0x8649, 0x0111, 0x0117, 0xC4A5}

WORDS = {
    "Orientation": {1: "Top, left side", 3: "Bottom, right side", 6: "Right side, top",
                    8: "Left side, bottom"},
    "ResolutionUnit": {1: "(No unit)", 2: "Inch", 3: "cm"},
    "FocalPlaneResolutionUnit": {1: "(No unit)", 2: "Inches", 3: "cm"},
    "YCbCrPositioning": {1: "Center of pixel array", 2: "Datum point"},
    "ColorSpace": {1: "sRGB", 65535: "Undefined"},
    "MeteringMode": {0: "Unknown", 1: "Average", 2: "Center weighted average", 3: "Spot",
                     5: "Multi-segment", 6: "Partial"},
    "ExposureProgram": {0: "Unknown", 1: "Manual control", 2: "Program normal",
                        3: "Aperture priority", 4: "Shutter priority", 5: "Program creative",
                        6: "Program action"},
    "LightSource": {0: "Unknown", 1: "Daylight", 2: "Fluorescent", 3: "Tungsten", 4: "Flash",
                    9: "Fine Weather", 10: "Cloudy"},
    "SensitivityType": {2: "Recommended Exposure Index"},
    "InteroperabilityIndex": {"R98": "Recommended Exif Interoperability Rules",
                              "R03": "Unknown (R03)"},
    "YCbCrSubSampling": {"2 1": "YCbCr4:2:2", "2 2": "YCbCr4:2:0"},
    "Coded Character Set": {"\\x1B%G": "UTF-8"},
    "SensingMethod": {1: "(Not defined)", 2: "One-chip color area sensor"},
    "ExposureMode": {0: "Auto exposure", 1: "Manual exposure", 2: "Auto bracket"},
    "WhiteBalance": {0: "Auto white balance", 1: "Manual white balance"},
    "SceneCaptureType": {0: "Standard", 1: "Landscape", 2: "Portrait", 3: "Night scene"},
    "GainControl": {0: "None", 1: "Low gain up", 2: "Low gain down"},
    "Contrast": {0: "None", 1: "Soft", 2: "Hard"}, "Saturation": {0: "None", 1: "Low saturation"},
    "Sharpness": {0: "None", 1: "Low", 2: "Hard"},
    "SubjectDistanceRange": {0: "Unknown", 1: "Macro", 2: "Close view", 3: "Distant view"},
    "FileSource": {3: "Digital Still Camera (DSC)"},
    "SceneType": {1: "Directly photographed image"},
    "CustomRendered": {0: "Normal process", 1: "Custom process"},
    "Compression": {1: "Uncompressed", 6: "JPEG (old-style)", 7: "JPEG"},
    "PhotometricInterpretation": {1: "BlackIsZero", 2: "RGB", 6: "YCbCr"},
    "PlanarConfiguration": {1: "Chunky", 2: "Separate"},
    "GPSAltitudeRef": {0: "Sea level", 1: "Below sea level"},
    "NewSubfileType": {0: "Full-resolution image", 1: "Reduced-resolution image"},
    "icc.device_class": {"display device": "Display Device", "input device": "Input Device",
                         "output device": "Output Device"},
    "icc.platform": {"MSFT": "Microsoft Corporation", "APPL": "Apple Computer, Inc."},
    "GPSImgDirectionRef": {"T": "True direction", "M": "Magnetic direction"},
    "GPSDestBearingRef": {"T": "True direction", "M": "Magnetic direction"},
    "GPSSpeedRef": {"K": "km/h"},
}


def clean(s):
    return re.sub(r"[\s\0]+", " ", s.replace("\\n", " ").replace("\\t", " ")).strip()


def numbers(s):
    """All numbers of a text, fractions as such."""
    return [float(Fraction(m.replace(",", "."))) if not re.search(r"/0+$", m) else float("inf")
            for m in re.findall(r"-?\d+(?:[.,]\d+)?(?:/\d+)?", s)]


def close(ours, text):
    """True when `ours` rounds to the number printed in `text`."""
    m = re.search(r"-?\d+(?:[.,](\d+))?(?:/(\d+))?", text)
    if not m or "inf" in str(ours):
        return False
    theirs = numbers(m.group(0))[0]
    slack = 0.51 * 10 ** -len(m.group(1) or "") if not m.group(2) else 0.06 * abs(theirs)
    return abs(ours - theirs) <= max(slack, 1e-9 * abs(theirs))


def flash_words(v):
    return ("Flash fired" if v & 1 else "Flash did not fire"), v


def same(name, ours, theirs):
    """Do our raw value and their printed one mean the same?"""
    o, t = clean(ours), clean(theirs)
    if "\ufffd" in t:  # their output lost its encoding; one sign for one byte
        t = re.sub("\ufffd", "?", t)
        o = re.sub(r"[^\x00-\x7F]", "?", o)
    if o == t or o.lower() == t.lower():
        return True
    words = WORDS.get(name)
    if words:
        key = int(o) if re.fullmatch(r"-?\d+", o) else o
        if key in words:
            return t.lower().startswith(words[key].lower()[:len(t)])
        return str(key) in t
    if name == "Flash":
        return t.startswith(flash_words(int(o))[0])
    if name in ("ExifVersion", "FlashpixVersion", "InteroperabilityVersion"):
        return re.sub(r"\D", "", o).strip("0") == re.sub(r"\D", "", t).strip("0")
    if name == "ComponentsConfiguration":
        return "".join({"1": "Y", "2": "Cb", "3": "Cr", "4": "R", "5": "G", "6": "B"}.get(c, "")
                       for c in o.split()) == t.replace("-", "").replace(" ", "")
    if name == "ShutterSpeedValue":
        return abs(2 ** -numbers(o)[0] / (numbers(t)[0] or 1e-9) - 1) < 0.1
    if name in ("ApertureValue", "MaxApertureValue"):
        return close(2 ** (numbers(o)[0] / 2), t.replace("f/", ""))
    if name == "FNumber":
        return close(numbers(o)[0], t.replace("f/", ""))
    if name in ("FocalPlaneXResolution", "FocalPlaneYResolution"):  # they print inches per pixel
        return abs(numbers(o)[0] * numbers(t)[0] - 1) < 1e-3
    if name == "ReferenceBlackWhite":  # they print [blacks] [whites]
        a, b = numbers(o), numbers(t.replace("[", " ").replace(",", " "))
        return a[0::2] + a[1::2] == b
    if name == "LensSpecification":
        a = [Fraction(x) if not x.endswith("/0") and x != "0/1" else 0 for x in o.split()]
        b = [Fraction(x) for x in re.findall(r"\d+/\d+|\d+(?:\.\d+)?", t)]
        a = [x for x in a if x]
        return a == b or (len(set(a)) == 1 and a[:1] == b)
    if t in ("Unknown", "Digital zoom not used"):
        return o in ("0/0", "0")
    if name == "GPSVersionID":
        return re.sub(r"\D", "", o) == re.sub(r"\D", "", t)
    if name == "photoshop.CaptionDigest":
        return bytes.fromhex(o) == bytes(int(x) for x in t.split())
    if name == "Padding":
        return re.sub(r"\D", "", o) == re.sub(r"\D", "", t)
    if name in ("GPSLatitude", "GPSLongitude"):
        def deg(s):
            return sum(x / 60 ** i for i, x in enumerate(numbers(s)[:3]))
        return abs(deg(o) - abs(deg(t.replace("-", "")))) < 1e-4
    if name == "GPSTimeStamp":
        a, b = numbers(o), numbers(t.replace(":", " ").replace(" UTC", ""))
        return len(a) == len(b) and all(abs(x - y) < 0.01 for x, y in zip(a, b))
    a, b = numbers(o), numbers(t)
    if a and b and re.fullmatch(r"[-\d/ .]+", o):
        if len(a) == 1:
            return close(a[0], t) or (t.startswith("1/") and abs(a[0] * b[0] - b[0] * b[0]) < .02)
        return len(a) == len(b) and all(abs(x - y) <= 0.0051 + 1e-6 * abs(y)
                                        for x, y in zip(a, b))
    return False


class Score:
    def __init__(self):
        self.rows = OrderedDict()
        self.skipped = Counter()

    def add(self, directory, what, name="", path="", ours="", theirs=""):
        row = self.rows.setdefault(directory, {"agreed": 0, "differing": [], "missing": []})
        if what == "agreed":
            row["agreed"] += 1
        else:
            row[what].append((name, os.path.basename(path), ours, theirs))

    def compare(self, directory, name, path, ours, theirs, key=None):
        """`ours`: list of our values of this field."""
        if not ours:
            if clean(theirs) not in ("", "0", "0 bytes", "[0 values]"):
                self.add(directory, "missing", name, path, "", theirs)
            return
        if any(same(key or name, o, theirs) for o in ours):
            self.add(directory, "agreed")
        else:
            self.add(directory, "differing", name, path, ours[0], theirs)


def parse_dump(path):
    """[(directory, tag, name, value)]; values may run over lines."""
    out = []
    for line in open(path, encoding="utf-8", errors="replace"):
        line = line.rstrip("\n")
        m = re.match(r"\[([^\]]*?) - ([^\]]*)\] (.*?) = ?(.*)$", line)
        if m:
            out.append([m.group(1), m.group(2), m.group(3), m.group(4)])
        elif line.startswith("- ") and out or line.startswith("Generated using"):
            break
        elif out and line and not line.startswith("["):
            out[-1][3] += " " + line
    return out


SIMPLE = {
    ("JFIF", "Version"): "jfif.Version", ("JFIF", "Resolution Units"): "jfif.Units",
    ("JFIF", "X Resolution"): "jfif.XDensity", ("JFIF", "Y Resolution"): "jfif.YDensity",
    ("JpegComment", "JPEG Comment"): "jpeg.comment",
    ("JPEG", "Data Precision"): "fact.precision", ("JPEG", "Number of Components"): "fact.ncomp",
    ("ICC Profile", "Profile Size"): "icc.size", ("ICC Profile", "CMM Type"): "icc.cmm",
    ("ICC Profile", "Version"): "icc.version", ("ICC Profile", "Class"): "icc.device_class",
    ("ICC Profile", "Color space"): "icc.colour_space",
    ("ICC Profile", "Profile Connection Space"): "icc.connection_space",
    ("ICC Profile", "Profile Date/Time"): "icc.created",
    ("ICC Profile", "Primary Platform"): "icc.platform",
    ("ICC Profile", "Device manufacturer"): "icc.manufacturer",
    ("ICC Profile", "Device model"): "icc.model",
    ("ICC Profile", "Profile Description"): "icc.description",
    ("ICC Profile", "Profile Copyright"): "icc.copyright",
    ("ICC Profile", "Device Mfg Description"): "icc.manufacturer_text",
    ("ICC Profile", "Device Model Description"): "icc.model_text",
    ("PNG-tIME", "Last Modification Time"): "png.tIME",
    ("PNG-iCCP", "ICC Profile Name"): "icc.name",
    ("Photoshop", "Caption Digest"): "photoshop.CaptionDigest",
    ("Ducky", "Quality"): "ducky.quality", ("Adobe JPEG", "Color Transform"): "fact.adobe",
    ("GIF Comment", "Comment"): "gif.comment",
    ("MP4", "Creation Time"): "bmff.created", ("QuickTime", "Creation Time"): "bmff.created",
    ("MP4", "Modification Time"): "bmff.modified",
    ("QuickTime", "Modification Time"): "bmff.modified",
    ("MP4", "Media Time Scale"): "bmff.timescale",
    ("QuickTime", "Media Time Scale"): "bmff.timescale",
}
IPTC = {"Application Record Version": "Record Version"}
MONTHS = {m: i + 1 for i, m in enumerate("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split())}


def java_date(s):
    """"Wed Feb 01 12:30:00 +00:00 2012" as ours."""
    m = re.match(r"\w{3} (\w{3}) (\d+) ([\d:]{8}) \S+ (\d{4})$", s)
    return "%s:%02d:%s %s" % (m[4], MONTHS[m[1]], m[2].zfill(2), m[3]) if m else s


def score_extractor(score, dump_path, path, entries):
    by_key = {}
    for key, value in entries:
        by_key.setdefault(key, []).append(value)
    lists = {}
    for directory, tag, name, value in parse_dump(dump_path):
        if directory in IFDS:
            group, table = IFDS[directory]
            t = int(tag, 16)
            if t == 0x0202 and directory == "Exif Thumbnail":
                ours = by_key.get("thumb.bytes", [])
                score.compare(directory, name, path, ours, value)
                continue
            if t in BLOCK_TAGS:
                score.skipped[directory + ": blocks and offsets"] += 1
                continue
            field = table.get(t, "0x%04X" % t)
            ours = by_key.get("%s.%s" % (group, field), [])
            if t == 0x9286 and not ours and value.strip() in ("", "[8 values]"):
                continue
            if t == 0x8298 and "exif.CopyrightEditor" in by_key:
                ours = ours + [ours[0] + " " + by_key["exif.CopyrightEditor"][0]]
            score.compare(directory, "0x%04X %s" % (t, name), path, ours, value, field)
        elif (directory, name) in SIMPLE:
            key = SIMPLE[directory, name]
            value = java_date(value)
            if key == "jfif.Version":
                value = re.sub(r"^(\d+)\.(\d)$", r"\1.0\2", value)
            if key == "fact.adobe":
                value = {"Unknown (RGB or CMYK)": "0", "YCbCr": "1", "YCCK": "2"}.get(value, value)
            score.compare(directory, name, path, by_key.get(key, []), value, key)
        elif directory == "JPEG" and name.startswith("Component "):
            m = re.search(r"table (\d+), Sampling factors (\d+) horiz/(\d+) vert", value)
            ours = [v for k, v in entries if k.startswith("fact.comp")]
            nth = int(name.split()[1]) - 1
            want = " ".join(m.groups()) if m else value
            score.compare(directory, name, path, ours[nth:nth + 1], want)
        elif directory == "JPEG" and name == "Compression Type":
            want = {"Baseline": "192", "Progressive, Huffman": "194",
                    "Extended sequential, Huffman": "193"}.get(value, value)
            score.compare(directory, name, path, by_key.get("fact.sof", []), want)
        elif directory == "IPTC":
            key = "iptc." + IPTC.get(name, name)
            ours = by_key.get(key, [])
            score.compare(directory, name, path, ours + ["; ".join(ours)] * bool(ours),
                          value.replace(";", "; "), name)
        elif directory.startswith("PNG-") and name == "Textual Data":
            key, _, text = value.partition(": ")
            known = re.match(r"(date:create|date:modify)", value)
            if known:
                key, text = known[0], value[len(known[0]) + 2:]
            if not key.startswith(("XML:com.adobe", "Raw profile")):
                score.compare(directory, key, path, by_key.get("png." + key, []), text)
        elif directory == "HEIF" and name == "Major Brand":
            score.compare(directory, name, path,
                          [v.split()[0] for v in by_key.get("bmff.brands", [])], value)
        elif directory in ("MP4", "QuickTime", "HEIF") and name == "Compatible Brands":
            continue
        elif directory == "XMPMeta":
            if name.endswith("xml:lang") or value == "":
                continue
            m = re.match(r"(.*)\[(\d+)\]$", name)
            if m:
                lists.setdefault(m[1], []).append(value)
            else:
                score.compare("XMP", name, path, by_key.get("xmp." + name, []), value)
        else:
            score.skipped[directory] += 1
    for name, values in lists.items():
        score.compare("XMP", name, path, by_key.get("xmp." + name, []), "; ".join(values))


def score_c2pa(score, store, path, entries):
    ours = dict(entries)
    active = store["manifests"][store["active_manifest"]]
    actions = [a["action"] for x in active["assertions"] if x["label"].startswith("c2pa.actions")
               for a in x["data"]["actions"]]
    want = {
        "active_manifest": store["active_manifest"], "manifests": str(len(store["manifests"])),
        "claim_generator": active.get("claim_generator"), "title": active.get("title"),
        "format": active.get("format"), "actions": "; ".join(actions),
        "ingredients": str(len(active.get("ingredients", []))),
    }
    for name, value in want.items():
        if value:
            score.compare("C2PA", name, path, [ours["c2pa." + name]] if "c2pa." + name in ours
                          else [], value)
    have = [re.sub(r"__\d+$", "", x) for x in ours.get("c2pa.assertions", "").split("; ")]
    for x in active["assertions"]:
        if x["label"] in have:
            score.add("C2PA", "agreed")
        else:
            score.add("C2PA", "missing", "assertion", path, "; ".join(have), x["label"])


def dump(program, paths):
    out = {p: [] for p in paths}
    text = subprocess.run([program, "--dump"] + paths, capture_output=True, check=True).stdout
    for line in text.decode("utf-8", "replace").split("\n"):
        parts = line.split("\t", 2)
        if len(parts) == 3:
            out[parts[0]].append((parts[1], parts[2]))
    return out


def report(score, title):
    print("\n## %s\n\n| directory | agreed | differing | missing |\n|---|---|---|---|" % title)
    total = [0, 0, 0]
    for directory, r in score.rows.items():
        n = [r["agreed"], len(r["differing"]), len(r["missing"])]
        total = [a + b for a, b in zip(total, n)]
        print("| %s | %d | %d | %d |" % (directory, *n))
    print("| **all** | **%d** | **%d** | **%d** |" % tuple(total))
    for what in ("differing", "missing"):
        rows = [(d, *x) for d, r in score.rows.items() for x in r[what]]
        if not rows:
            continue
        print("\n### %s\n\n| directory | field | file | ours | dump |\n|---|---|---|---|---|"
              % what.capitalize())
        for row in rows:
            cells = [clean(c)[:60].replace("|", "\\|") for c in row]
            print("| %s |" % " | ".join(cells))


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    data, program = sys.argv[1:]
    print("# Metadata against other readers\n\nMade by\n```\npython3 datasets/score_metadata.py "
          "../shared/data build/bin/t_metadata > datasets/results/metadata.md\n```")
    print(NOTES)
    score = Score()
    root = os.path.join(data, "d_photos", "metadata_extractor")
    dumps = sorted(glob.glob(os.path.join(glob.escape(root), "expected_metadata", "*.txt")))
    paths = [os.path.join(root, os.path.basename(d)[:-4]) for d in dumps]
    ours = dump(program, paths)
    for d, p in zip(dumps, paths):
        score_extractor(score, d, p, ours[p])
    report(score, "d_photos: %d dumps of metadata-extractor" % len(dumps))
    print("\nFields of the dumps that are not compared: " +
          ", ".join("%s (%d)" % x for x in sorted(score.skipped.items())) + ".")
    score = Score()
    root = os.path.join(data, "e_provenance", "c2pa_public_testfiles")
    stores = sorted(glob.glob(os.path.join(glob.escape(root), "expected", "*.json")))
    pairs = []
    for s in stores:
        base = os.path.basename(s)[:-len(".manifest_store.json")]
        pairs += [(s, p) for p in glob.glob(os.path.join(glob.escape(root), base + ".jp*g"))]
    ours = dump(program, [p for _, p in pairs])
    for s, p in pairs:
        score_c2pa(score, json.load(open(s, encoding="utf-8")), p, ours[p])
    report(score, "e_provenance: %d manifest stores of c2pa-rs" % len(pairs))


NOTES = """
Values are compared by meaning; the head of the script says how.  What differs, and why it stays so:

* Times of MP4 and QuickTime headers: the dump was printed in the time zone of the machine that
  made it (UTC+10 and +11).  The stored seconds since 1904 are UTC, and so are ours.
* xmpMM:InstanceID of one file: Adobe's XMP library, which metadata-extractor uses, turns the
  rdf:about="uuid:..." of old packets into that property.  The packet has no such property; ours lists what is there.

Not compared: what the decoders tell (size, depth, colour type), file names and times, maker notes
field by field (libexif and metadata-extractor name and split them differently), Photoshop print
settings.

The files of e_provenance/sd_parsers come without expected values; those of
tests/t_metadata_files.c were read off by hand."""

if __name__ == "__main__":
    main()
