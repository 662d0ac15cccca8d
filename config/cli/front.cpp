// `spanlight COMMAND ARGS`: finds the program that does COMMAND and becomes it. Knows no settings and no
// protocols.

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <iostream>
#include <string>
#include <vector>

#include "cli/options.h"
#include "cli/standard_streams.h"
#include "text/text.h"

namespace {

namespace fs = std::filesystem;
using namespace spanlight;

struct Command {
  std::string_view name;
  std::string_view program;
  bool pass_name;  // the program does several commands: its first argument says which
  std::string_view summary;
};

constexpr Command kCommands[] = {
    {"sensor", "spanlight-sensor", true, "read mirrored traffic and publish one record per call"},
    {"dissect", "spanlight-sensor", true, "print the calls in capture files"},
    {"doctor", "spanlight-sensor", true, "listen to a source and say what is wrong with the mirror"},
    {"control", "spanlight-control", false, "name, keep and serve the calls of one or many sensors"},
    {"tail", "spanlight-tail", false, "show the calls of a running sensor, live"},
    {"query", "spanlight-client", true, "calls that a control process has kept"},
    {"import", "spanlight-client", true, "put the calls of captures into the store"},
    {"targets", "spanlight-client", true, "show or choose what is captured"},
    {"resolve", "spanlight-client", true, "say who an address is, or was"},
    {"check", "spanlight-check", false, "check a settings file"},
};

constexpr int kExitFailed = 1;

const Command* find_command(std::string_view name) {
  const auto found = std::find_if(std::begin(kCommands), std::end(kCommands),
                                  [&](const Command& c) { return c.name == name; });
  return found == std::end(kCommands) ? nullptr : found;
}

std::vector<std::string> overview_lines() {
  std::size_t width = 0;
  for (const Command& c : kCommands) width = std::max(width, c.name.size());
  std::vector<std::string> lines;
  for (const Command& c : kCommands)
    lines.push_back(std::string(c.name) + std::string(width + 2 - c.name.size(), ' ') +
                    std::string(c.summary));
  return lines;
}

cli::Manual manual() {
  std::string commands;
  for (const std::string& line : overview_lines()) commands += (commands.empty() ? "  " : "\n    ") + line;
  return {
      .name = "spanlight",
      .summary = "see the API calls in mirrored traffic, as they happen",
      .synopsis = {"COMMAND [ARGUMENT]...", "help [COMMAND]"},
      .description =
          {"Spanlight reads the traffic that a switch mirrors or a TAP copies, rebuilds every connection, "
           "dissects its protocol, pairs requests with responses, and shows one record per call. Nothing "
           "runs "
           "on the machines that are watched.",
           commands,
           "Each command is a program of its own, spanlight-PROGRAM. It is looked for in the folder of this "
           "program, then in ../libexec/spanlight beside that; $SPANLIGHT_EXEC_PATH names a folder to look "
           "in "
           "first."},
      .examples = {{"spanlight dissect capture.pcap", "Print the calls in a capture."},
                   {"spanlight sensor eth1", "Read a mirror port and publish its calls."},
                   {"spanlight tail --protocol http", "Show the HTTP calls of the sensor that runs here."},
                   {"spanlight check -c sensor.yaml", "Say what is wrong with a settings file."}},
      .exit_status = {{"1", "The program of the command could not be started."},
                      {"2", "There is no such command."},
                      {"other", "That of the command."}}};
}

// The folders where programs may be, in the order in which they are asked.
std::vector<fs::path> program_folders() {
  std::vector<fs::path> folders;
  if (const char* const named = std::getenv("SPANLIGHT_EXEC_PATH"); named != nullptr && *named != 0)
    folders.emplace_back(named);
  std::error_code error;
  const fs::path own = fs::read_symlink("/proc/self/exe", error);
  if (error) return folders;
  folders.push_back(own.parent_path());
  folders.push_back(own.parent_path().parent_path() / "libexec" / "spanlight");
  return folders;
}

int fail(const std::string& sentence) {
  std::cerr << "spanlight: " << sentence << std::endl;
  return kExitFailed;
}

// Becomes the program; comes back only when that is not possible.
int become(const Command& command, std::vector<std::string> arguments) {
  if (command.pass_name) arguments.insert(arguments.begin(), std::string(command.name));
  const std::string program(command.program);
  std::string asked;
  for (const fs::path& folder : program_folders()) {
    const std::string path = (folder / program).string();
    asked += (asked.empty() ? "" : " and ") + folder.string();
    if (access(path.c_str(), F_OK) != 0) continue;
    std::vector<char*> argv;
    argv.push_back(const_cast<char*>(program.c_str()));  // execv() promises not to change them
    for (std::string& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    execv(path.c_str(), argv.data());
    return fail(path + " cannot be started (" + std::strerror(errno) + "); see that it is executable");
  }
  return fail("the program " + program + " is not in " + asked +
              "; install it, or set SPANLIGHT_EXEC_PATH to its folder");
}

int unknown_command(const std::string& name) {
  std::vector<std::string_view> names = {"help"};
  for (const Command& c : kCommands) names.push_back(c.name);
  const std::string_view guess = text::closest(name, names);
  const std::string mend = guess.empty() ? "commands are " + text::one_of(names, "and")
                                         : "did you mean spanlight " + std::string(guess) + "?";
  std::cerr << "spanlight: there is no command " << name << "; " << mend << std::endl;
  return cli::kExitUsage;
}

int overview() {
  std::cout << "spanlight - " << manual().summary << "\n\n";
  for (const std::string& line : overview_lines()) std::cout << "    spanlight " << line << "\n";
  std::cout << "\nspanlight help COMMAND says more; start with spanlight dissect FILE." << std::endl;
  return 0;
}

int run(int argc, char** argv) {
  std::vector<std::string> words;
  cli::Options options(manual());
  options.positionals("COMMAND", &words, 0, cli::kAnyNumber, "What to do, and what it is told; see above.");
  options.stop_at_first_positional();
  if (const auto status = options.parse(argc, argv)) return *status;
  if (words.empty()) return overview();
  std::string name = words.front();
  std::vector<std::string> arguments(words.begin() + 1, words.end());
  if (name == "help") {
    if (arguments.empty()) {
      std::cout << options.help(text::terminal_columns(STDOUT_FILENO)) << std::flush;
      return 0;
    }
    if (arguments.size() > 1)
      return options.refuse("help takes one command; leave out \"" + arguments[1] + "\"");
    name = arguments.front();
    arguments = {"--help"};
  }
  const Command* const command = find_command(name);
  return command == nullptr ? unknown_command(name) : become(*command, std::move(arguments));
}

}  // namespace

int main(int argc, char** argv) {
  spanlight::cli::fill_standard_streams();
  try {
    return spanlight::cli::all_written(run(argc, argv), "spanlight");
  } catch (const std::exception& error) {
    return fail(error.what());
  }
}
