// `spanlight dissect`: capture files in, calls out on the screen, and a summary of what was seen and lost.

#include <unistd.h>
#include <algorithm>
#include <chrono>
#include <cinttypes>
#include <cstdio>
#include <thread>

#include "cli/options.h"
#include "port/eal.h"
#include "program/engine.h"
#include "program/log.h"
#include "program/printer.h"
#include "program/programs.h"
#include "program/setup.h"
#include "program/signals.h"
#include "program/summary.h"

namespace spanlight {

namespace {

struct DissectArguments {
  std::string settings_path;
  std::vector<std::string> files;
  std::string format = "table";
  bool json = false;
  bool no_color = false;
  bool quiet = false;
  bool counters = false;
  std::uint64_t workers = 1;
  bool workers_given = false;  // else the settings may say
};

std::optional<int> parse(int argc, char** argv, DissectArguments& arguments) {
  cli::Options options(
      {.name = "spanlight dissect",
       .summary = "print the calls in capture files",
       .synopsis = {"[OPTIONS] FILE..."},
       .description = {"Reads pcap and pcapng files (- is the standard input) through the same pipeline as "
                       "the sensor, and prints "
                       "one line for each call. Timers go by the packets' own timestamps, and nothing is "
                       "dropped for want of speed. "
                       "A summary of what was seen and what was lost goes to standard error.",
                       "Files are read one after the other, each on its own: connections do not continue "
                       "from one into the next."},
       .examples = {{"spanlight dissect trace.pcap", "a table of calls"},
                    {"spanlight dissect --json trace.pcapng | jq .path", "JSON lines for other programs"},
                    {"spanlight dissect --format none big.pcap", "only the summary: how fast, how much"}},
       .exit_status = {{"0", "every file was read to its end"},
                       {"1", "a file could not be read, or was cut; what could be read was printed"},
                       {"2", "the command line was not understood"}},
       .see_also = {"spanlight sensor", "spanlight tail"}});
  options.text('c', "config", "FILE", &arguments.settings_path, "Settings; without it the defaults.");
  options.choice('f', "format", {"table", "json", "none"}, &arguments.format,
                 "How calls are printed; none: they are built and counted, not printed.");
  options.flag('j', "json", &arguments.json, "The same as --format json.");
  options.flag(0, "no-color", &arguments.no_color, "No colour on a terminal.");
  options.flag('q', "quiet", &arguments.quiet, "No progress and no summary.");
  options.flag(0, "counters", &arguments.counters,
               "Every counter of the workers as one JSON line on standard error, at the end.");
  options.number('w', "workers", "N", &arguments.workers, 1, 64, "Workers, each on a CPU of its own.");
  options.positionals("FILE", &arguments.files, 1, cli::kAnyNumber, "Capture files.");
  options.conflict("json", "format");
  const std::optional<int> status = options.parse(argc, argv);
  arguments.workers_given = options.given("workers");
  return status;
}

class ProgressBar {
 public:
  explicit ProgressBar(bool wanted) : shown_(wanted && isatty(STDERR_FILENO) != 0) {}

  void show(const std::string& file, double part) {
    const auto now = std::chrono::steady_clock::now();
    if (!shown_ || part < 0 || now - last_ < std::chrono::milliseconds(100)) return;
    last_ = now;
    constexpr int kWidth = 30;
    const int full = static_cast<int>(part * kWidth);
    std::fprintf(stderr, "\r%s [%.*s%.*s] %3.0f %%", file.c_str(), full, "##############################",
                 kWidth - full, "..............................", part * 100);
    dirty_ = true;
  }
  void clear() {
    if (dirty_) std::fprintf(stderr, "\r\x1b[K");
    dirty_ = false;
  }

 private:
  bool shown_;
  bool dirty_ = false;
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

// How long to sleep until there are some batches: each wake-up costs as much as a few calls, and with too
// many out the worker writes to memory that no cache holds, or waits.
class Nap {
 public:
  void sleep_after(std::size_t batches) {
    if (batches >= kBatchesEnough) {
      length_ = std::max(length_ / 2, kShortest);
      if (batches >= 2 * kBatchesEnough) return;  // more will be there by now
    } else if (batches <= kBatchesFew) {
      length_ = std::min(length_ * 2, kLongest);
    }
    std::this_thread::sleep_for(length_);
  }

 private:
  static constexpr std::size_t kBatchesFew = 1, kBatchesEnough = 4;
  static constexpr std::chrono::microseconds kShortest{100}, kLongest{1'000};
  std::chrono::microseconds length_{200};
};

constexpr std::uint32_t kBatches = 16;  // of each worker, unless the settings say fewer

PortSettings port_of(const std::string& file) {
  return {.source = "file:" + file, .name = file};
}

// One file from its first packet to the last record. False if it could not be read as a whole.
bool dissect_file(const std::string& file, Settings settings, const std::vector<unsigned>& cpus,
                  Printer& printer, Summary& summary, bool progress, const std::atomic<bool>& end) {
  settings.ports = {port_of(file)};
  auto made = Engine::make(settings, cpus, Pace::capture, new_epoch());
  if (const auto* fault = std::get_if<std::string>(&made)) {
    std::fprintf(stderr, "spanlight dissect: %s\n", fault->c_str());
    return false;
  }
  Engine& engine = *std::get<std::unique_ptr<Engine>>(made);
  const std::vector<BatchPool*> pools = engine.pools();
  ProgressBar bar(progress);
  Nap nap;
  if (const std::string fault = engine.start(); !fault.empty()) {
    std::fprintf(stderr, "spanlight dissect: %s\n", fault.c_str());
    return false;
  }
  for (;;) {
    const bool last = !engine.running();  // asked before draining: what was submitted until then is seen
    const std::size_t batches = printer.drain(pools);
    if (last && batches == 0) break;
    printer.flush();
    if (!last) nap.sleep_after(batches);
    bar.show(file, engine.progress());
    if (end.load() || printer.broken()) engine.request_stop();
  }
  bar.clear();
  engine.stop();
  printer.flush();
  summary.add(engine);
  const std::string why = engine.ports()[0]->why();
  if (!why.empty()) std::fprintf(stderr, "spanlight dissect: %s\n", why.c_str());
  return why.empty();
}

}  // namespace

int run_dissect(int argc, char** argv) {
  DissectArguments arguments;
  if (const auto status = parse(argc, argv, arguments)) return *status;
  std::optional<Settings> settings = settings_from(arguments.settings_path);
  if (!settings) return 1;
  set_log(settings->log_level, settings->log_json);
  const Format format = arguments.json || arguments.format == "json" ? Format::json
                        : arguments.format == "none"                 ? Format::none
                                                                     : Format::table;
  const std::atomic<bool>& end = end_requested();
  if (settings->workers.empty() || arguments.workers_given) {
    settings->workers = all_cpus();
    if (arguments.workers > settings->workers.size()) {
      std::fprintf(stderr,
                   "spanlight dissect: --workers %" PRIu64 " is more than the %zu CPUs of this process\n",
                   arguments.workers, settings->workers.size());
      return cli::kExitUsage;
    }
    // From the last CPU on: the first one does most of the machine's other work.
    settings->workers.erase(settings->workers.begin(),
                            settings->workers.end() - static_cast<std::ptrdiff_t>(arguments.workers));
  }
  settings->hugepages = settings->hugepages == Hugepages::automatic ? Hugepages::never : settings->hugepages;
  // Nobody is slow but the screen, for which the worker waits: less memory to clear at the start.
  settings->batches_per_worker = std::min(settings->batches_per_worker, kBatches);
  settings->ports = {port_of(arguments.files[0])};  // one file at a time: memory for one is enough
  if (!eal_is_up(*settings, settings->workers, true)) return 1;

  Printer printer(format, !arguments.no_color, end);
  Summary summary;
  bool good = true;
  for (const std::string& file : arguments.files) {
    if (end.load() || printer.broken()) break;
    good = dissect_file(file, *settings, settings->workers, printer, summary, !arguments.quiet, end) && good;
  }
  if (!arguments.quiet) summary.print(stderr, printer.counts());
  if (arguments.counters) summary.print_counters(stderr);
  return good && !end.load() ? 0 : 1;  // what was broken off was not read to its end
}

}  // namespace spanlight
