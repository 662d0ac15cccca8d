#pragma once
// The first line of every program's main(), and the last one of those that print and end.

namespace spanlight::cli {

// A descriptor 0, 1 or 2 that was closed (`>&-`) would be given to the next file, socket or pipe, which would
// then be read, written or waited for as what it is not. Each such one is /dev/null from now on, for reading
// only: the standard input is empty, and who writes is told that it cannot be.
void fill_standard_streams();

// `status`, if standard output took all that was printed, or its reader went away, which is no fault. Else it
// is said on standard error, and a status of 0 becomes 1. `program`: as it is called.
int all_written(int status, const char* program);

}  // namespace spanlight::cli
