// `spanlight resolve`: who an address is, or was.

#include <iostream>
#include <nlohmann/json.hpp>

#include "cli/standard_streams.h"
#include "client/commands.h"

namespace spanlight::client {

int resolve(int argc, const char* const* argv) {
  Server server;
  std::vector<std::string> address;
  std::string at;
  bool as_json = false;
  cli::Options options(
      {.name = "spanlight resolve",
       .summary = "who an address is, or was",
       .synopsis = {"[OPTIONS] IP"},
       .description =
           {"Asks the control process who has an address: pod, service, workload, node, or a machine of the "
            "static map. With --at, who had it then."},
       .examples = {{"spanlight resolve 10.244.1.7", "Now."},
                    {"spanlight resolve 10.244.1.7 --at 2026-11-23T04:20:00Z", "At that moment."}},
       .exit_status = {{"0", "It has a name."},
                       {"1", "Nobody is known, or the control process could not be asked."}},
       .see_also = {"spanlight query", "spanlight control"}});
  options.text(0, "at", "TIME", &at, "RFC 3339, or so long ago: 5m, 2h; without it now.")
      .flag('j', "json", &as_json, "The answer as JSON.");
  add_server_options(options, server);
  options.positionals("IP", &address, 1, 1, "IPv4 or IPv6.");
  if (const auto status = options.parse(argc, argv)) return *status;

  Query query = {{"ip", address[0]}};
  if (!at.empty()) query.emplace_back("at", at);
  const std::string answer = ApiClient(server).get(target("/api/resolve", query));
  const auto json = nlohmann::json::parse(answer);
  if (as_json) std::cout << json.dump(2) << "\n";
  const auto& names = json.at("names");
  for (const auto& name : names) {
    if (as_json) break;
    const auto line = [&](const char* label, const char* key) {
      const std::string value = name.value(key, "");
      if (!value.empty()) std::cout << "  " << label << value << "\n";
    };
    std::cout << address[0] << " is " << name.value("name", name.value("dns", "")) << "\n";
    line("namespace  ", "namespace");
    line("pod        ", "pod");
    line("service    ", "service");
    if (!name.value("workload", "").empty())
      std::cout << "  workload   " << name.value("workload_kind", "") << " " << name.value("workload", "")
                << "\n";
    line("node       ", "node");
    for (const auto& [key, value] : name.value("labels", nlohmann::json::object()).items())
      std::cout << "  label      " << key << "=" << value.get<std::string>() << "\n";
    if (name["from"].is_string()) std::cout << "  since      " << name["from"].get<std::string>() << "\n";
    if (name["until"].is_string()) std::cout << "  until      " << name["until"].get<std::string>() << "\n";
  }
  if (names.empty() && !as_json) std::cout << address[0] << ": nobody that is known had it then\n";
  return cli::all_written(names.empty() ? 1 : 0, "spanlight resolve");
}

}  // namespace spanlight::client
