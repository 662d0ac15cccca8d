// `spanlight targets`: what is captured, and choosing it.

#include <iostream>
#include <nlohmann/json.hpp>

#include "cli/standard_streams.h"
#include "client/commands.h"

namespace spanlight::client {
namespace {

using Json = nlohmann::json;

struct TargetsArguments {
  Server server;
  std::vector<std::string> command;
  std::vector<std::string> namespaces, excluded, labels, services;
  std::string regex, bpf;
  bool json = false;
};

cli::Manual targets_manual() {
  return {
      .name = "spanlight targets",
      .summary = "what is captured, and choosing it",
      .synopsis = {"[show]", "preview [CHOICE]...", "set [CHOICE]...", "clear"},
      .description =
          {"Without a command, or with show: what the sensors capture now. set chooses anew, for all sensors "
           "and at "
           "once, and replaces whatever was chosen before; preview shows what that would be and changes "
           "nothing; "
           "clear captures everything. The choice lasts, also when the control process is started "
           "anew, until it is changed again or its settings (tap) say something new.",
           "A connection is captured if either end is a target."},
      .examples = {{"spanlight targets", "Show what is captured."},
                   {"spanlight targets set --namespace shop,cart --exclude kube-system", "Two namespaces."},
                   {"spanlight targets preview --regex '^frontend-'", "Pods whose names begin so."},
                   {"spanlight targets clear", "Capture everything."}},
      .exit_status = {{"1", "The choice cannot be, or the control process could not be asked."}},
      .see_also = {"spanlight control", "spanlight query"}};
}

void print(const Json& state, bool with_pods) {
  const auto n = [&](const char* key) { return state.value(key, std::uint64_t{0}); };
  // Who may see some namespaces only is not told the settings.
  const std::string bpf = state.value("settings", Json::object()).value("bpfOverride", "");
  if (!bpf.empty())
    std::cout << "capturing what the filter admits: " << bpf << "\n";
  else if (state.value("everything", true))
    std::cout << "capturing everything\n";
  else if (!state.contains("settings") && n("pods") == 0)
    std::cout << "capturing what was chosen\n";
  else
    std::cout << "targeting " << n("pods") << " pods in " << n("namespaces") << " namespaces across "
              << n("nodes") << " nodes (" << n("addresses") << " addresses)\n";
  if (state.value("chosen", false))
    std::cout << (state.value("kept", true)
                      ? "chosen at run time\n"
                      : "chosen at run time, and forgotten at a restart (tap.chosenFile)\n");
  if (const std::string waiting = state.value("waiting", ""); !waiting.empty()) std::cout << waiting << "\n";
  std::cout << "in force at " << n("sensors_in_force") << " of " << n("sensors") << " sensors; "
            << n("dropped_packets") << " packets of others were passed over\n";
  if (!with_pods || !state.contains("some")) return;
  for (const Json& pod : state["some"])
    std::cout << "  " << pod.value("namespace", "") << "/" << pod.value("pod", "") << "  "
              << pod.value("node", "") << "\n";
}

}  // namespace

int targets(int argc, const char* const* argv) {
  TargetsArguments arguments;
  cli::Options options(targets_manual());
  options.list('N', "namespace", "NAME", &arguments.namespaces, "Namespaces to capture; none: all.")
      .list('x', "exclude", "NAME", &arguments.excluded, "Namespaces never to capture; this wins.")
      .text('r', "regex", "REGEX", &arguments.regex, "Pods whose names match (RE2, anywhere in the name).")
      .list('l', "label", "SELECTOR", &arguments.labels,
            "Pods whose labels fit a selector, as kubectl's -l; may be repeated: any of them.", false)
      .list(0, "service", "NAME", &arguments.services, "The pods behind a service: name or namespace/name.")
      .text(0, "bpf", "FILTER", &arguments.bpf,
            "A capture filter (libpcap's syntax) in the place of all that.")
      .flag('j', "json", &arguments.json, "The answer as JSON.");
  add_server_options(options, arguments.server);
  options.positionals("COMMAND", &arguments.command, 0, 1, "show, preview, set or clear.");
  if (const auto status = options.parse(argc, argv)) return *status;

  const std::string command = arguments.command.empty() ? "show" : arguments.command[0];
  const Json choice = {{"namespaces", arguments.namespaces}, {"excludedNamespaces", arguments.excluded},
                       {"regex", arguments.regex},           {"labels", arguments.labels},
                       {"services", arguments.services},     {"bpfOverride", arguments.bpf}};
  const Json nothing = {
      {"namespaces", Json::array()}, {"excludedNamespaces", Json::array()}, {"regex", ""},
      {"labels", Json::array()},     {"services", Json::array()},           {"bpfOverride", ""}};
  if ((command == "show" || command == "clear") && choice != nothing)
    return options.refuse(command + " takes no choice; use set or preview");
  if (command == "set" && choice == nothing)
    return options.refuse(
        "set: nothing is chosen; name a namespace, regex, label, service or filter, or use clear");
  ApiClient api(arguments.server);
  std::string answer;
  if (command == "show")
    answer = api.get("/api/targets");
  else if (command == "preview")
    answer = api.send("POST", "/api/targets/preview", choice.dump());
  else if (command == "set" || command == "clear")
    answer = api.send("PUT", "/api/targets", (command == "set" ? choice : nothing).dump());
  else
    return options.refuse("\"" + command + "\" is no command; give show, preview, set or clear");
  const Json state = Json::parse(answer);
  if (arguments.json)
    std::cout << state.dump(2) << "\n";
  else
    print(state, command != "clear");
  return cli::all_written(0, "spanlight targets");
}

}  // namespace spanlight::client
