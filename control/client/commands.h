#pragma once
// What can be asked of a running control process from the command line. Each reads its own arguments (argv[0]
// is the command's name) and returns an exit status; faults are ApiFault.

#include "cli/options.h"
#include "client/http_client.h"

namespace spanlight::client {

int query(int argc, const char* const* argv);
int targets(int argc, const char* const* argv);
int resolve(int argc, const char* const* argv);
int import(int argc, const char* const* argv);

// --server, --token-file, --ca-file: the same for all. Where they are not given the environment says:
// SPANLIGHT_SERVER, SPANLIGHT_TOKEN_FILE.
void add_server_options(cli::Options& options, Server& server);

}  // namespace spanlight::client
