#!/bin/sh
# setup.sh - installs what building, running and testing need, on Debian 12.
# As root or with sudo; does nothing where everything is there already.
# usage: jobs/setup.sh [--slurm]     --slurm: and a Slurm for its tests
set -eu
slurm=${1:-}

# One package a line, and why.
packages() {
    grep -v '^#' <<'END' | awk '{ print $1 }'
build-essential        compiler, make, libc headers
cmake                  the build
pkg-config             finds the libraries
git                    the commit's name goes into every result store
libopenmpi-dev         MPI, to build
openmpi-bin            mpirun
libhdf5-openmpi-dev    the result store, written by all ranks together
libopenblas-dev        matrix products of detectors and search
libfftw3-dev           Fourier transforms of sensor noise
libarchive-dev         archives and compressed files
libjpeg62-turbo-dev    JPEG: pixels and coefficients
libpng-dev             PNG
libwebp-dev            WebP
libtiff-dev            TIFF
libheif-dev            HEIC and AVIF
libgif-dev             GIF
libavformat-dev        video containers
libavcodec-dev         video codecs
libavutil-dev          what both share
libexif-dev            EXIF
libiptcdata0-dev       IPTC
libxml2-dev            XMP, a stream at a time
libcbor-dev            C2PA manifests
libsqlite3-dev         NSRL hash sets
libyajl-dev            VICS hash sets, event by event
libjansson-dev         JSON: status, provenance, audit log
liblcms2-dev           ICC profiles
libseccomp-dev         the jail of whatever touches evidence
libssl-dev             SHA-256, SHA-1, MD5
zlib1g-dev             invented archives and pictures
libcmocka-dev          unit tests
python3                tests that read the store as users do
python3-h5py           the same
python3-numpy          the same
python3-scipy          transforms and filters of the tests' own computations
python3-pil            pictures for them
python3-pywt           an independent denoiser for the tests of sensor noise
python3-sklearn        metrics and fits that ours must equal
openssl                keys and certificates that tests make
time                   processor time of the runs that the simulator must foretell
libarchive-tools       bsdtar: another reader's view of the invented archives
END
    [ "$slurm" != --slurm ] || grep -v '^#' <<'END' | awk '{ print $1 }'
slurmctld              the tests' virtual cluster: its controller
slurmd                 its nodes
slurm-client           sbatch, srun, scancel
munge                  the keys between them
iproute2               their networks
END
}

missing() {
    for name in $(packages); do
        dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null | grep -qx installed ||
            printf '%s ' "$name"
    done
}

if ! command -v dpkg-query >/dev/null 2>&1; then
    echo "setup: this script knows Debian 12 only; the packages to look for are listed in it" >&2
    exit 69
fi
needed=$(missing)
if [ -z "$needed" ]; then
    echo "setup: everything is installed"
    exit 0
fi
# shellcheck source=/dev/null
release=$(. /etc/os-release && echo "${ID:-unknown} ${VERSION_ID:-}")
if [ "$release" != "debian 12" ]; then
    echo "setup: this is $release, not Debian 12; install yourself: $needed" >&2
    exit 69
fi
as_root=
if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null 2>&1; then
        echo "setup: run this as root, or install sudo; missing: $needed" >&2
        exit 69
    fi
    as_root=sudo
fi
echo "setup: installing $needed"
$as_root apt-get -o DPkg::Lock::Timeout=300 -qq update
# shellcheck disable=SC2086 # a list of words
$as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 -qq install -y \
    --no-install-recommends $needed >/dev/null
needed=$(missing)
if [ -n "$needed" ]; then
    echo "setup: still missing after the installation: $needed" >&2
    exit 69
fi
echo "setup: done"
