"""Assay with Spack, built from the checkout that this file lies in."""

from pathlib import Path

from spack.package import *


class Assay(CMakePackage):
    """Media forensics at the scale of a cluster."""

    git = "file://" + str(Path(__file__).resolve().parents[4])

    license("Apache-2.0")

    version("main", branch="main")

    depends_on("c", type="build")
    depends_on("cmake@3.25:", type="build")
    depends_on("pkgconfig", type="build")
    depends_on("openmpi@4.1")  # the batch scripts rely on its mpirun: signals, exit codes
    depends_on("hdf5@1.10:+mpi")
    depends_on("openblas")
    for library in (
        "ffmpeg@:7",
        "giflib",
        "jansson",
        "lcms",
        "libarchive",
        "libcbor",
        "libexif",
        "libheif",
        "libiptcdata",
        "libjpeg-turbo",
        "libpng",
        "libseccomp",
        "libtiff",
        "libwebp+libwebpdemux",
        "libxml2@:2.11",
        "openssl",
        "sqlite",
        "yajl",
        "zlib-api",
    ):
        depends_on(library)
    depends_on("cmocka", type="test")

    def cmake_args(self):
        return [self.define("BUILD_TESTING", self.run_tests)]
