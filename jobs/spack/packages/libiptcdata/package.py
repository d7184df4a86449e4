"""IPTC metadata for C, which Spack's own recipes lack."""

from spack.package import *


class Libiptcdata(AutotoolsPackage):
    """Reads and writes IPTC metadata."""

    homepage = "https://github.com/ianw/libiptcdata"
    git = "https://github.com/ianw/libiptcdata.git"

    license("LGPL-2.0-or-later")

    version("master", branch="master")

    depends_on("c", type="build")
    for tool in ("autoconf", "automake", "libtool", "m4", "gettext", "gtk-doc"):
        depends_on(tool, type="build")
