#pragma once
// Giving up what only set-up needed. Called by the main thread when all ports and sockets are open.

#include <string>

namespace spanlight {

// Becomes `user` (its groups too) if the process is root, empties every capability set, and forbids the
// process and its children to gain any again. `keep_net_admin`: CAP_NET_ADMIN stays, for a device that must
// detach at exit (net_af_xdp). Not root: only forbids new privileges; capabilities that came from the file
// are dropped likewise. Empty = done; otherwise the sentence that says why not, and the process should end.
std::string drop_privileges(const std::string& user, bool keep_net_admin);

// The kernel keeps capabilities and the ban on new privileges per thread, and carries only the change of user
// to all: each worker that was started before drop_privileges() calls this once. Empty = done.
std::string drop_thread_privileges();

}  // namespace spanlight
