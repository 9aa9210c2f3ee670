/* The C header that belongs to the archive beside it, or to the installed library. */
#if !__has_include("alternator_lb.h")
#error "the core is missing: run scripts/go_archive.sh, or build with -tags alb_shared where libalternator_lb is installed"
#endif
#include "alternator_lb.h"
