// `spanlight dissect`: capture files in, calls out on the screen, and a summary of what was seen and lost.

#include <unistd.h>
#include <algorithm>
#include <chrono>
#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <optional>
#include <thread>

#include "cli/options.h"
#include "filter/catalog.h"
#include "filter/filter.h"
#include "port/eal.h"
#include "process/log.h"
#include "process/signals.h"
#include "program/engine.h"
#include "program/printer.h"
#include "program/programs.h"
#include "program/setup.h"
#include "program/summary.h"
#include "publish/messages.h"
#include "record/reader.h"

namespace spanlight {

namespace {

struct DissectArguments {
  std::string settings_path;
  std::vector<std::string> files;
  std::string format = "table";
  std::string filter;
  bool json = false;
  bool no_color = false;
  bool quiet = false;
  bool counters = false;
  bool connections = false;
  std::uint64_t workers = 1;
  bool workers_given = false;  // else the settings may say
};

std::optional<int> parse(int argc, char** argv, DissectArguments& arguments) {
  cli::Options options(
      {.name = "spanlight dissect",
       .summary = "print the calls in capture files",
       .synopsis = {"[OPTIONS] FILE..."},
       .description =
           {"Reads pcap and pcapng files (- is the standard input) through the same pipeline as "
            "the sensor, and prints "
            "one line for each call. Timers go by the packets' own timestamps, and nothing is "
            "dropped for want of speed. "
            "A summary of what was seen and what was lost goes to standard error.",
            "Files are read one after the other, each on its own: connections do not continue "
            "from one into the next.",
            "For programs, --format flatbuffers writes the records as they are published, without loss, to "
            "standard output: config/record/README.md, \"Captures as a stream\"."},
       .examples = {{"spanlight dissect trace.pcap", "a table of calls"},
                    {"spanlight dissect --json trace.pcapng | jq .path", "JSON lines for other programs"},
                    {"spanlight dissect --filter 'http && status_code >= 500' trace.pcap", "what went wrong"},
                    {"spanlight dissect --format none big.pcap", "only the summary: how fast, how much"}},
       .exit_status = {{"0", "every file was read to its end, or the reader of standard output went away"},
                       {"1",
                        "a file could not be read, or was cut, or the end was asked for; what could be read "
                        "was printed; or standard output could not be written"},
                       {"2", "the command line was not understood"}},
       .see_also = {"spanlight sensor", "spanlight tail"}});
  options.text('c', "config", "FILE", &arguments.settings_path, "Settings; without it the defaults.");
  options.choice(
      'f', "format", {"table", "json", "flatbuffers", "none"}, &arguments.format,
      "How calls are printed. flatbuffers: for another program; none: they are built and counted, not "
      "printed.");
  options.flag('j', "json", &arguments.json, "The same as --format json.");
  options.text('F', "filter", "EXPRESSION", &arguments.filter,
               "Print only the calls that match (config/filter/README.md).");
  options.flag(0, "connections", &arguments.connections,
               "Records of TCP connections (conn) and UDP flows (flow) as well, one each, at their end.");
  options.flag(0, "no-color", &arguments.no_color, "No colour on a terminal.");
  options.flag('q', "quiet", &arguments.quiet, "No progress and no summary.");
  options.flag(0, "counters", &arguments.counters,
               "Every counter of the workers and the port as one JSON line on standard error, at the end.");
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

// Exit status, if the program shall not go on. The names are those of the protocols that are built in.
int compile_filter(const std::string& text, bool stream, std::optional<Filter>& filter) {
  if (text.empty()) return 0;
  if (stream) {
    std::fprintf(
        stderr,
        "spanlight dissect: --filter does not go with --format flatbuffers, which is whole batches\n");
    return cli::kExitUsage;
  }
  FilterCatalog catalog;
  const std::vector<std::uint8_t> hello = encode_hello({});
  if (const auto opened = open_hello(hello)) catalog.add(*opened);
  auto compiled = Filter::compile(text, catalog);
  if (const auto* faults = std::get_if<std::vector<FilterFault>>(&compiled)) {
    std::fputs(describe_faults(text, *faults).c_str(), stderr);
    return cli::kExitUsage;
  }
  filter = std::move(std::get<Filter>(compiled));
  return 0;
}

// One file from its first packet to the last record. False if it could not be read as a whole.
bool dissect_file(const std::string& file, Settings settings, const std::vector<unsigned>& cpus,
                  Printer& printer, Summary& summary, bool progress, bool stream,
                  const std::atomic<bool>& end) {
  settings.ports = {port_of(file)};
  const std::uint64_t epoch = new_epoch();
  auto made = Engine::make(settings, cpus, Pace::capture, epoch);
  if (const auto* fault = std::get_if<std::string>(&made)) {
    std::fprintf(stderr, "spanlight dissect: %s\n", fault->c_str());
    return false;
  }
  Engine& engine = *std::get<std::unique_ptr<Engine>>(made);
  const std::vector<BatchPool*> pools = engine.pools();
  const SensorIdentity identity{.sensor = engine.sensor_name(),
                                .epoch = epoch,
                                .version = std::string(cli::version()),
                                .started = epoch,
                                .workers = static_cast<std::uint16_t>(cpus.size())};
  if (stream) printer.begin_capture(file, identity);
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
  if (stream) {
    StatsSnapshot snapshot = engine.collect();
    snapshot.time = new_epoch();
    printer.end_capture(identity, std::move(snapshot));
  }
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
                        : arguments.format == "flatbuffers"          ? Format::flatbuffers
                                                                     : Format::table;
  const bool stream = format == Format::flatbuffers;
  if (stream && isatty(STDOUT_FILENO) != 0) {
    std::fprintf(
        stderr, "spanlight dissect: --format flatbuffers is for a program, not for a terminal; use --json\n");
    return cli::kExitUsage;
  }
  std::optional<Filter> filter;
  if (const int status = compile_filter(arguments.filter, stream, filter); status != 0) return status;
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
  settings->packet_ring_mb = 0;  // nobody can ask for them
  if (arguments.connections) {
    settings->connection_records = ConnectionRecords::all;
    settings->connection_interval_s = 0;
  }
  settings->hugepages = settings->hugepages == Hugepages::automatic ? Hugepages::never : settings->hugepages;
  // Nobody is slow but the screen, for which the worker waits: less memory to clear at the start.
  settings->batches_per_worker = std::min(settings->batches_per_worker, kBatches);
  settings->ports = {port_of(arguments.files[0])};  // one file at a time: memory for one is enough
  if (!eal_is_up(*settings, settings->workers, true)) return 1;

  Printer printer(format, !arguments.no_color, end);
  if (filter) printer.set_filter(std::move(*filter));
  Summary summary;
  bool good = true;
  if (stream) printer.begin_stream();
  for (const std::string& file : arguments.files) {
    if (end.load() || printer.broken()) break;
    good =
        dissect_file(file, *settings, settings->workers, printer, summary, !arguments.quiet, stream, end) &&
        good;
  }
  if (stream) printer.end_stream(good && !end.load());
  if (!arguments.quiet) summary.print(stderr, printer.counts(), printer.filters());
  if (arguments.counters) summary.print_counters(stderr);
  if (printer.fault() != 0) {
    std::fprintf(stderr, "spanlight dissect: standard output: %s\n", std::strerror(printer.fault()));
    return 1;
  }
  return good && !end.load() ? 0 : 1;  // what was broken off was not read to its end
}

}  // namespace spanlight
