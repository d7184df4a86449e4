"""CBOR for C, which Spack's own recipes lack."""

from spack.package import *


class Libcbor(CMakePackage):
    """CBOR for C."""

    homepage = "https://github.com/PJK/libcbor"
    git = "https://github.com/PJK/libcbor.git"

    license("MIT")

    version("0.8.0", tag="v0.8.0")

    depends_on("c", type="build")
