// `spanlight doctor`: listens on a source for a while and says what is wrong with the mirror, and how to mend
// it.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <thread>

#include "cli/options.h"
#include "port/eal.h"
#include "port/open_port.h"
#include "process/log.h"
#include "process/signals.h"
#include "program/engine.h"
#include "program/printer.h"
#include "program/programs.h"
#include "program/setup.h"
#include "settings/load.h"

namespace spanlight {

namespace {

struct DoctorArguments {
  std::string settings_path;
  std::vector<std::string> sources;
  std::uint64_t seconds = 10;
};

std::optional<int> parse(int argc, char** argv, DoctorArguments& arguments) {
  cli::Options options(
      {.name = "spanlight doctor",
       .summary = "listen for some seconds and say what is wrong with a mirror",
       .synopsis = {"[-c FILE] [-t SECONDS] SOURCE..."},
       .description =
           {"Reads packets as the sensor would and judges the mirror: whether both directions arrive, "
            "whether packets come "
            "twice, whether data is acknowledged that was never seen, whether frames are cut or larger than "
            "any wire's, "
            "which tunnels and VLANs there are, and how much of it is encrypted. Nothing is published.",
            "A SOURCE is what `spanlight sensor` takes; a capture file is read to its end."},
       .examples = {{"spanlight doctor eth1", "judge a mirror port for ten seconds"},
                    {"spanlight doctor trace.pcap", "judge a capture"}},
       .exit_status = {{"0", "nothing is wrong"},
                       {"1", "something is wrong, or the source could not be read"},
                       {"2", "the command line was not understood"}},
       .see_also = {"spanlight sensor", "spanlight check"}});
  options.text('c', "config", "FILE", &arguments.settings_path, "Settings; without it the defaults.");
  options.number('t', "seconds", "SECONDS", &arguments.seconds, 1, 3'600, "How long to listen.");
  options.positionals("SOURCE", &arguments.sources, 1, 64, "Where packets come from.");
  return options.parse(argc, argv);
}

// A finding is good, worth knowing, or wrong with a mend.
class Report {
 public:
  explicit Report(const Engine& engine) : engine_(engine) {}

  int print() {
    packets_ = of("received_packets_total");
    std::printf("%llu packets, %.1f MB, %llu flows, %llu calls\n", ull(packets_),
                static_cast<double>(of("received_bytes_total")) / 1e6, ull(of("flows_opened_total")),
                ull(of("records_total")));
    if (packets_ == 0) return nothing();
    directions();
    duplicates();
    holes();
    frames();
    wrapping();
    encryption();
    losses();
    if (!bad_) std::printf("The mirror is sound.\n");
    return bad_ ? 1 : 0;
  }

 private:
  static unsigned long long ull(std::uint64_t n) { return n; }
  std::uint64_t of(const char* name, const char* label = "") const { return engine_.total(name, label); }
  static double percent(std::uint64_t part, std::uint64_t whole) {
    return whole == 0 ? 0 : 100 * static_cast<double>(part) / static_cast<double>(whole);
  }
  void wrong(const std::string& what, const std::string& mend) {
    bad_ = true;
    std::printf("WRONG  %s.\n       Mend: %s.\n", what.c_str(), mend.c_str());
  }
  static void note(const std::string& what) { std::printf("note   %s.\n", what.c_str()); }
  static void good(const std::string& what) { std::printf("good   %s.\n", what.c_str()); }
  static std::string number(double value) {
    char text[32];
    std::snprintf(text, sizeof(text), "%.1f", value);
    return text;
  }

  // Why no packet came. What could not be read has been told, and says nothing of the mirror.
  int nothing() {
    std::uint64_t rejected = 0, lost = 0;
    for (const auto& port : engine_.ports()) {
      rejected += port->counters().filtered;
      lost += port->counters().lost();
    }
    if (rejected > 0)
      wrong("none of " + std::to_string(rejected) + " packets passed the capture filter",
            "change it in the settings (bpf)");
    else if (lost > 0)
      losses();
    else if (engine_.all_sources_whole())
      wrong("no packet arrived",
            "check that the mirror session is on, that its destination is this port, and that the "
            "link is up (ip -s link show)");
    else
      std::printf(
          "Nothing could be read of the source, for the reason said above: the mirror cannot be judged.\n");
    return 1;
  }

  void directions() {
    constexpr double kSharesOfConcern =
        20;  // some connections always begin or end outside of the time we listen
    const std::uint64_t spoken = of("flows_total", "spoken");
    const double share = percent(of("flows_total", "one_sided"), spoken);
    if (spoken == 0)
      return note("no TCP connection carried data: whether both directions arrive cannot be said");
    if (share >= kSharesOfConcern)
      wrong(number(share) + " % of the TCP connections with data show one direction only",
            "mirror both directions of the port (rx and tx, or \"both\"), and give both sides of a TAP to "
            "one sensor");
    else
      good("both directions arrive");
  }

  void duplicates() {
    const std::uint64_t n = of("packets_total", "duplicate");
    const double share = percent(n, packets_);
    if (share >= 1)
      wrong(number(share) +
                " % of the packets arrive twice; the sensor removes them, at the price of half its capacity",
            "mirror a path at one place only: ports or VLANs, ingress or egress");
    else if (n > 0)
      note(std::to_string(n) + " duplicated packets were removed");
    else
      good("no packet arrives twice");
  }

  void holes() {
    const std::uint64_t gaps = of("gaps_total");
    if (gaps == 0) return good("no data was acknowledged that the mirror did not show");
    const std::uint64_t cut = of("reassembly_total", "cut_bytes");  // said elsewhere: the snap length
    const std::uint64_t missing = of("gap_bytes_total") > cut ? of("gap_bytes_total") - cut : 0;
    const std::string what = std::to_string(missing) + " bytes in " + std::to_string(gaps) + " holes";
    constexpr double kShareOfConcern =
        0.01;  // percent; what is under way when we stop listening looks like a hole
    if (percent(missing, missing + of("stream_bytes_total")) < kShareOfConcern)
      return note(what + ": next to nothing");
    wrong(what + ": data was acknowledged that never arrived here",
          "the mirror's port is overloaded or slower than what it mirrors: mirror less, or use a faster port "
          "or a TAP");
  }

  void frames() {
    if (const std::uint64_t cut = of("frames_total", "cut"); cut > 0)
      wrong(std::to_string(cut) + " frames are cut short",
            "raise the snap length of the mirror or capture to 65535 or more");
    if (const std::uint64_t n = of("frames_total", "super"); n > 0)
      note(std::to_string(n) +
           " frames are larger than any wire's: taken before segmentation offload; they are read as "
           "they are");
    else if (const std::uint64_t jumbo = of("frames_total", "jumbo"); jumbo > 0)
      note(std::to_string(jumbo) + " jumbo frames");
    for (const char* cause : {"truncated", "bad_link", "bad_ip", "bad_transport", "too_many_headers"})
      if (const std::uint64_t n = of("packets_total", cause); n > 0)
        note(std::to_string(n) + " packets could not be decoded: " + cause);
  }

  void wrapping() {
    if (const std::uint64_t n = of("frames_total", "vlan"); n > 0)
      note(number(percent(n, packets_)) + " % of the frames carry VLAN tags");
    for (const char* tunnel : {"vxlan", "geneve", "gre", "erspan", "ipip", "teredo", "gtp"})
      if (const std::uint64_t n = of("tunnel_frames_total", tunnel); n > 0)
        note(number(percent(n, packets_)) + " % of the frames are inside " + tunnel);
  }

  void encryption() {
    const std::uint64_t flows = of("inspect_total", "encrypted");
    if (flows == 0) return;
    note(std::to_string(flows) + " connections (" +
         number(percent(of("encrypted_bytes_total"), of("received_bytes_total"))) +
         " % of the bytes) are encrypted: mirror behind the place where TLS ends to see their calls");
  }

  // Where packets and records are lost between the wire and the subscriber, and what helps.
  void losses() {
    std::uint64_t bad_frames = 0, unread = 0;
    for (const auto& port : engine_.ports()) {
      const PortCounters c = port->counters();
      bad_frames += c.errors;
      unread += c.lost() - c.errors;
    }
    const struct {
      std::uint64_t count;
      const char *what, *mend;
    } causes[] = {
        {unread + of("packets_total", "handover_full"), "packets were lost in this machine",
         "give the sensor more workers or larger rings (lcores.workers, dpdk.rxDescriptors)"},
        {bad_frames, "frames were refused by the device: too long for it, or damaged on the way",
         "raise its MTU to that of what is mirrored; else look at cable and optics (ethtool -S)"},
        {of("packets_total", "table_full"), "packets found no room for their connection",
         "raise flows.max or give the sensor more workers"},
        {of("packets_total", "fragment_refused"), "IP fragments could not be kept: cut short, or no memory",
         "raise the snap length of the mirror, or reassembly.stateMemory"},
        {of("packets_total", "shed_flow") + of("packets_total", "shed_protocol"),
         "packets were left out because the workers had too much to do",
         "give the sensor more workers (lcores.workers)"},
        {of("records_dropped_total", "no_buffer") + of("records_dropped_total", "too_large") +
             of("records_dropped_total", "no_topic"),
         "records were lost before they were published", "raise publishing.batches"},
    };
    bool any = false;
    for (const auto& cause : causes) {
      if (cause.count == 0) continue;
      any = true;
      wrong(std::to_string(cause.count) + " " + cause.what, cause.mend);
    }
    if (!any) good("nothing was lost in this machine");
  }

  const Engine& engine_;
  std::uint64_t packets_ = 0;
  bool bad_ = false;
};

}  // namespace

int run_doctor(int argc, char** argv) {
  DoctorArguments arguments;
  if (const auto status = parse(argc, argv, arguments)) return *status;
  std::optional<Settings> settings = settings_from(arguments.settings_path);
  if (!settings) return 1;
  set_log(LogLevel::warning, settings->log_json);
  settings->packet_ring_mb = 0;  // nobody can ask for them
  settings->ports.clear();
  for (const std::string& source : arguments.sources) settings->ports.push_back({.source = source});
  const bool file = reads_capture(*settings);
  if (file && settings->ports.size() > 1) {
    std::fprintf(stderr, "spanlight doctor: %s\n", kOneCapture);
    return 1;
  }
  for (const SettingsFault& fault : check_against_machine(*settings, arguments.settings_path)) {
    std::fprintf(stderr, "spanlight doctor: %s\n", fault.sentence().c_str());
    return 1;
  }
  const std::atomic<bool>& end = end_requested();
  const std::vector<unsigned> cpus = worker_cpus(*settings);
  if (!eal_is_up(*settings, cpus, true)) return 1;
  auto made = Engine::make(*settings, cpus, file ? Pace::capture : Pace::live, new_epoch());
  if (const auto* fault = std::get_if<std::string>(&made)) {
    std::fprintf(stderr, "spanlight doctor: %s\n", fault->c_str());
    return 1;
  }
  Engine& engine = *std::get<std::unique_ptr<Engine>>(made);
  engine.follow_unread();
  Printer nobody(Format::none, false, end);
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(arguments.seconds);
  if (const std::string fault = engine.start(); !fault.empty()) {
    std::fprintf(stderr, "spanlight doctor: %s\n", fault.c_str());
    return 1;
  }
  for (int tick = 1; engine.running() || nobody.drain(engine.pools()); ++tick) {
    nobody.drain(engine.pools());
    if (tick % 500 == 0) {
      engine.read_ports();
      for (const std::string& sentence : engine.news())
        std::fprintf(stderr, "spanlight doctor: %s\n", sentence.c_str());
    }
    if (end.load() || (!file && (std::chrono::steady_clock::now() >= until || engine.all_ports_failed())))
      engine.request_stop();
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  engine.stop();
  for (const std::string& sentence : engine.news())
    std::fprintf(stderr, "spanlight doctor: %s\n", sentence.c_str());
  const int status = Report(engine).print();
  return engine.all_sources_whole() ? status : 1;
}

}  // namespace spanlight
