#include <cstdlib>

#include "client/commands.h"

namespace spanlight::client {

void add_server_options(cli::Options& options, Server& server) {
  if (const char* url = std::getenv("SPANLIGHT_SERVER"); url != nullptr) server.url = url;
  if (const char* file = std::getenv("SPANLIGHT_TOKEN_FILE"); file != nullptr) server.token_file = file;
  options
      .text('s', "server", "URL", &server.url,
            "The control process: http://HOST:PORT or https://HOST:PORT ($SPANLIGHT_SERVER).")
      .text(0, "token-file", "FILE", &server.token_file,
            "Holds the bearer token to show ($SPANLIGHT_TOKEN_FILE); without it none is shown.")
      .text(0, "ca-file", "FILE", &server.ca_file,
            "Authorities (PEM) to believe instead of the system's, for https.");
}

}  // namespace spanlight::client
