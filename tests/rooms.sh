#!/bin/sh
# rooms.sh - each outside library is named in its own room and nowhere else.
# usage: rooms.sh [source root] [libassay_kernels.a]
cd "${1:-.}" || exit 2
bad=0
files() { git ls-files '*.[ch]' 2>/dev/null | grep . || find kernels pipeline datasets -name '*.[ch]'; }
room() {        # room <include pattern> <allowed files pattern>
    hits=$(grep -lE "^[[:space:]]*#[[:space:]]*include[[:space:]]*[<\"]($1)" \
           $(files | grep -vE '^tests/') | grep -vE "^($2)$")
    [ -z "$hits" ] || { echo "<$1> belongs in $2, not in: $hits"; bad=1; }
}
room 'mpi\.h'             'pipeline/(cluster|store)/.*'
room 'hdf5'               'pipeline/store/.*'
room 'archive'            'pipeline/evidence/.*|datasets/make_.*\.c'
room '(turbo)?jpeg'       'pipeline/media/.*|datasets/make_.*\.c'
room 'libav'              'pipeline/media/.*|datasets/make_.*\.c'
room 'cblas'              'kernels/linalg\.c'
room 'fftw3'              'kernels/fft\.c'
room '(sqlite3|yajl)'      'pipeline/run/hashset_.*\.c'
room 'seccomp'            'pipeline/examine/.*'
room 'openssl'            'pipeline/.*'
room '(x86|imm)intrin'    'kernels/simd_.*\.c'
room '\.\./(pipeline|datasets|jobs|tests)|pipeline/|datasets/' '(pipeline|datasets|tests)/.*'
room 'stdio\.h|pthread'   '(pipeline|datasets|tests)/.*'
if [ -n "$2" ]; then    # the linker sees what grep cannot
    nm -u "$2" | grep -E ' (MPI_|H5|av_|jpeg_|archive_|f?open(64)?$|f?write|f?printf|exit|abort)' && {
        echo "kernels call the outside world"; bad=1; }
    # Where products are not exact, a fused one has other bits: none may stand in what decides. The
    # variants of the search fuse where it is exact (dots) or bounded (propose), never elsewhere.
    objdump -d --no-show-raw-insn "$2" 2>/dev/null | awk '
        / file format /        { object = $1 }
        /^[0-9a-f]+ <.*>:$/    { name = $2 }
        /[ \t]vfn?m(add|sub)/  { if (object !~ /_search/ || name ~ /apart/)
                                    { print object, name, "has a fused product"; exit 1 } }' || bad=1
fi
exit $bad
