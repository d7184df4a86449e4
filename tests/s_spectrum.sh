#!/bin/sh
# s_spectrum.sh - detectors of generated pictures agree with an independent computation.
. "$(dirname "$0")/lib.sh"
"$python" "$here/spectrum_check.py" make pictures || exit 77
"$assay" run pictures -o case --detector autocorr,azimuthal,crossdiff,dctr,spam,upsampling >case.log 2>&1 || fail "assay run"
"$python" "$here/spectrum_check.py" check case/results.h5 >check.log || {
    cat check.log
    fail "the independent computation"
}
echo "spectrum: ok"
