"""HEIF with its decoders, without which Spack's own recipe builds it: nothing would be decoded."""

from spack.package import *


class Libheif(CMakePackage):
    """Reads HEIC and AVIF."""

    homepage = "https://github.com/strukturag/libheif"
    git = "https://github.com/strukturag/libheif.git"

    license("LGPL-3.0-or-later")

    version("1.15.1", tag="v1.15.1")

    depends_on("c", type="build")
    depends_on("cxx", type="build")
    depends_on("cmake@3.13:", type="build")
    depends_on("pkgconfig", type="build")
    depends_on("libde265")  # HEIC
    depends_on("aom")  # AVIF

    def cmake_args(self):
        # decoders are built in: nothing can be loaded in the jail
        off = ("ENABLE_PLUGIN_LOADING", "WITH_EXAMPLES", "WITH_AOM_ENCODER")
        return [self.define(name, False) for name in off]
