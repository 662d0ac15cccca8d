// spanlight-overload: a worker that is offered more than it can take. How much of its best is left, whether
// every packet is accounted for, and how soon everything is back when the load falls.

#include <sched.h>

#include <algorithm>
#include <chrono>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <thread>

#include <rte_cycles.h>
#include <rte_launch.h>
#include <rte_pause.h>

#include "cli/options.h"
#include "command/targets.h"
#include "core/transaction.h"
#include "lcore/worker.h"
#include "offered_queue.h"
#include "port/eal.h"
#include "record/reader.h"
#include "trace.h"

namespace spanlight::bench {

namespace {

using Clock = std::chrono::steady_clock;

constexpr double kWarmUpSeconds = 1;
constexpr std::uint64_t kLookedAtEvery = 8;  // batches; who looks at each of them is slower than the worker
constexpr double kAimOfBound = 0.9;          // of (1 - f r) / (1 - r)
constexpr double kLoadAfterwards = 0.5;
constexpr double kRecoveryPatienceSeconds = 10;

struct Arguments {
  std::string mix = "web";
  std::uint64_t seconds = 2, repeat = 3, factor = 2, flood = 10, slow = 10, queue = 4'096, seed = 1,
                connections = 0, patience = 5;
  bool json = false, no_huge = false;
};

std::optional<int> parse(int argc, char** argv, Arguments& a) {
  cli::Options options(
      {.name = "spanlight-overload",
       .summary = "what is left of a worker's best when it is offered too much",
       .synopsis = {"[OPTIONS]"},
       .description =
           {"Offers frames at a rate of its own to one of the sensor's workers, through a queue of limited "
            "length that loses what it has no room for. First the best: always one more frame, nothing "
            "left out. Then what it costs to leave a packet out (r, as a share of one that is dissected). "
            "Then --factor times the best, and complete calls a second beside (1 - f r) / (1 - r) of the "
            "best, which is what is left when packets are left out by nobody's mistake. Then --flood times "
            "the best, until the load falls to half of it: is every packet accounted for, and how soon is "
            "nothing left out any more.",
            "Seconds are those in which the worker's thread runs, so that others on its CPU do not count as "
            "load. Twice: as the worker is, and slowed so that each packet which is dissected costs --slow "
            "times "
            "as much."},
       .examples = {{"spanlight-overload --mix rpc --seconds 5",
                     "small calls, five seconds for each figure"}},
       .exit_status = {{"0", "every packet was accounted for"},
                       {"1", "it could not run, or packets were not accounted for"}}});
  options.choice('m', "mix", {"rpc", "web", "bulk"}, &a.mix,
                 "Small calls, calls of 7 KB, or bodies of 1 MB.");
  options.number('s', "seconds", "N", &a.seconds, 1, 600, "How long to measure, for each figure.");
  options.number('r', "repeat", "N", &a.repeat, 1, 99,
                 "Best, left out and --factor times the best, one after the other; the median counts.");
  options.number('f', "factor", "N", &a.factor, 2, 100, "Times the best that is offered.");
  options.number(0, "flood", "N", &a.flood, 2, 1'000, "Times the best that is offered at the worst.");
  options.number(0, "slow", "N", &a.slow, 1, 1'000, "Times slower; 1: only as it is.");
  options.number('q', "queue", "N", &a.queue, 64, 32'768, "Frames that the queue holds.");
  options.number(0, "seed", "N", &a.seed, 0, ~std::uint64_t{0}, "Another trace of the same kind.");
  options.number(0, "connections", "N", &a.connections, 0, kConnectionsMax,
                 "Open at once; 0: what suits the mix.");
  options.number(0, "patience", "MS", &a.patience, 1, 1'000, "The setting shedding.patience.");
  options.flag('j', "json", &a.json, "One JSON object instead of lines.");
  options.flag(0, "no-huge", &a.no_huge, "No hugepages, even if there are some.");
  return options.parse(argc, argv);
}

// ---- one run ------------------------------------------------------------------------------------

// A worker on its lcore, its queue, and a thread that counts the records it makes.
class Run {
 public:
  Run(const Settings& settings, const Identifier& identifier, Preloaded& preloaded,
      std::uint32_t queue_length, std::uint32_t wasted_pauses)
      : settings_(settings), hand_over_(1, 64), targets_(1), queue_(preloaded, queue_length) {
    shared_.reset(new WorkerShared{.settings = settings_,
                                   .identifier = identifier,
                                   .hand_over = hand_over_,
                                   .sensor = "overload",
                                   .wasted_pauses = wasted_pauses});
    redactor_ = std::get<0>(Redactor::create(settings_));
    pool_ = std::make_unique<BatchPool>(std::uint16_t{0},
                                        settings_.batch_bytes + RecordWriter::record_bytes_max(settings_),
                                        settings_.batches_per_worker);
    worker_ = std::make_unique<Worker>(std::uint16_t{0}, *shared_, *pool_, *redactor_, targets_.reader(0));
    worker_->attach(queue_, true);
    sink_ = std::thread([this] { count_records(); });
    on_lcore([this] {  // as the sensor does
      if (!worker_->take_memory())
        std::fprintf(stderr, "spanlight-overload: too little memory for all flows\n");
    });
    rte_eal_wait_lcore(worker_lcore(0));
    on_lcore([this] { worker_->run(stop_); });
  }
  ~Run() { finish(); }
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  // Ends the worker and with it every flow; what it counted stays.
  void finish() {
    if (!sink_.joinable()) return;
    queue_.end();
    stop_.store(true);
    rte_eal_wait_lcore(worker_lcore(0));
    ended_.store(true);
    sink_.join();
  }

  OfferedQueue& queue() { return queue_; }
  const OfferedQueue& queue() const { return queue_; }
  std::uint64_t records() const { return records_.load(); }
  std::uint64_t looked_at() const { return looked_at_.load(); }
  std::uint64_t complete() const { return complete_.load(); }  // of those that were looked at
  std::uint64_t count(std::string_view name, std::string_view label = {}) const {
    return worker_->board().value(name, label);
  }
  std::uint64_t outcomes() const { return worker_->board().sum("packets_total"); }

 private:
  void on_lcore(std::function<void()> body) {
    body_ = std::move(body);
    rte_eal_remote_launch(
        [](void* what) {
          (*static_cast<std::function<void()>*>(what))();
          return 0;
        },
        &body_, worker_lcore(0));
  }

  // Complete: both halves, and no hole in either.
  void look_at(const Batch& batch) {
    const auto opened = open_batch({batch.storage + batch.data_offset, batch.data_bytes});
    if (!opened) return;
    std::uint64_t n = 0;
    for (const wire::Record* record : *opened->records())
      n += record->state() == wire::State::complete && (record->flags() & kFlagGap) == 0 ? 1 : 0;
    complete_.fetch_add(n);
    looked_at_.fetch_add(batch.records);
  }

  void count_records() {
    bool last = false;
    while (!last) {
      last = ended_.load();
      bool any = false;
      while (Batch* batch = pool_->next()) {
        any = true;
        records_.fetch_add(batch->records);
        if (batch->sequence % kLookedAtEvery == 0) look_at(*batch);
        pool_->release(batch);
      }
      if (!any && !last) std::this_thread::sleep_for(std::chrono::microseconds(50));
    }
  }

  const Settings settings_;
  HandOver hand_over_;
  TargetBoard targets_;
  std::unique_ptr<WorkerShared> shared_;
  std::unique_ptr<Redactor> redactor_;
  std::unique_ptr<BatchPool> pool_;
  OfferedQueue queue_;
  std::unique_ptr<Worker> worker_;
  std::function<void()> body_;
  std::thread sink_;
  std::atomic<bool> stop_{false}, ended_{false};
  std::atomic<std::uint64_t> records_{0}, looked_at_{0}, complete_{0};
};

void sleep_for(double seconds) {
  std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
}

double seconds_since(Clock::time_point then) {
  return std::chrono::duration<double>(Clock::now() - then).count();
}

// So long as the worker's thread has run for so many seconds.
void let_run(const Run& run, double seconds) {
  while (run.queue().cpu_ns() == 0) sleep_for(0.002);  // it has not begun to run
  const std::uint64_t until = run.queue().cpu_ns() + static_cast<std::uint64_t>(seconds * 1e9);
  while (run.queue().cpu_ns() < until) sleep_for(0.002);
}

// What happened between two moments of a run.
struct Figures {
  double seconds = 0, cpu_share = 0;
  double offered = 0, lost = 0, given = 0;
  double records = 0, looked_at = 0, complete_of_those = 0;
  double complete() const { return looked_at == 0 ? 0 : records * complete_of_those / looked_at; }
  double cycles_packet() const { return seconds * cpu_share * static_cast<double>(rte_get_tsc_hz()) / given; }
};

Figures measure(Run& run, double seconds) {
  const auto look = [&run] {
    const OfferedQueue& q = run.queue();
    return Figures{.seconds = static_cast<double>(q.cpu_ns()) / 1e9,
                   .offered = static_cast<double>(q.offered()),
                   .lost = static_cast<double>(q.lost()),
                   .given = static_cast<double>(q.given()),
                   .records = static_cast<double>(run.records()),
                   .looked_at = static_cast<double>(run.looked_at()),
                   .complete_of_those = static_cast<double>(run.complete())};
  };
  const Clock::time_point began = Clock::now();
  const Figures before = look();
  let_run(run, seconds);
  const Figures after = look();
  const double took = seconds_since(began);
  return {.seconds = after.seconds - before.seconds,
          .cpu_share = (after.seconds - before.seconds) / took,
          .offered = after.offered - before.offered,
          .lost = after.lost - before.lost,
          .given = after.given - before.given,
          .records = after.records - before.records,
          .looked_at = after.looked_at - before.looked_at,
          .complete_of_those = after.complete_of_those - before.complete_of_those};
}

double cycles_of_a_pause() {
  constexpr int kPauses = 1'000;
  std::uint64_t least = ~std::uint64_t{0};
  for (int attempt = 0; attempt < 100; ++attempt) {
    const std::uint64_t began = rte_rdtsc();
    for (int n = 0; n < kPauses; ++n) rte_pause();
    least = std::min(least, rte_rdtsc() - began);
  }
  return static_cast<double>(least) / kPauses;
}

// ---- what is asked ------------------------------------------------------------------------------

struct Result {
  double slow = 1;  // times
  Figures best, shed, much;
  double r = 0, shed_share = 0;
  double kept_permille = 0;
  double shed_flow = 0, previews_ms = 0, flows_ms = 0;  // of the run at `much`
  double factor = 0;
  double flood_offered = 0, flood_lost = 0, flood_shed = 0, flood_received = 0;
  double recovery_s = 0, recovery_cpu_s = 0;  // the latter: in which the worker's thread ran
  bool accounted = false;

  double goodput() const { return (much.complete() / much.seconds) / (best.complete() / best.seconds); }
  double bound() const { return std::max(0.0, (1 - factor * r) / (1 - r)); }
};

class Bench {
 public:
  Bench(const Arguments& arguments, const Settings& settings, const Identifier& identifier,
        Preloaded& preloaded)
      : a_(arguments), settings_(settings), identifier_(identifier), preloaded_(preloaded) {}

  Result run(double slow, double cycles_as_it_is) {
    Result result{.slow = slow, .factor = static_cast<double>(a_.factor)};
    wasted_ = static_cast<std::uint32_t>((slow - 1) * cycles_as_it_is / cycles_of_a_pause());
    std::vector<Result> tries;
    for (std::uint64_t i = 0; i < a_.repeat; ++i) {
      tries.push_back(result);
      best(tries.back());
      shed(tries.back());
      much(tries.back());
    }
    const bool all_accounted =
        std::all_of(tries.begin(), tries.end(), [](const Result& t) { return t.accounted; });
    const auto middle = tries.begin() + static_cast<std::ptrdiff_t>(tries.size() / 2);
    std::nth_element(tries.begin(), middle, tries.end(), [](const Result& x, const Result& y) {
      return x.goodput() * y.bound() < y.goodput() * x.bound();
    });
    result = *middle;
    result.accounted = all_accounted;
    flood(result);
    return result;
  }

 private:
  Run start(const Settings& settings) {
    return Run(settings, identifier_, preloaded_, static_cast<std::uint32_t>(a_.queue), wasted_);
  }
  double seconds() const { return static_cast<double>(a_.seconds); }

  void best(Result& result) {
    Settings settings = settings_;
    settings.shedding_enabled = false;
    Run run = start(settings);
    run.queue().set_rate(OfferedQueue::kAlwaysMore);
    let_run(run, kWarmUpSeconds);
    result.best = measure(run, seconds());
    run.finish();
    result.accounted = accounted(run);
  }

  // Next to everything is left out, for as long as more comes.
  void shed(Result& result) {
    Settings settings = settings_;
    settings.shedding_one_of = 65'536;
    Run run = start(settings);
    run.queue().set_rate(OfferedQueue::kAlwaysMore);
    let_run(run, kWarmUpSeconds);
    const auto before = static_cast<double>(run.count("packets_total", "shed_flow"));
    result.shed = measure(run, seconds());
    result.shed_share =
        (static_cast<double>(run.count("packets_total", "shed_flow")) - before) / result.shed.given;
    result.r = result.shed.cycles_packet() / result.best.cycles_packet();
    run.finish();
    result.accounted = result.accounted && accounted(run);
  }

  static double best_rate(const Result& result) { return result.best.given / result.best.seconds; }

  void much(Result& result) {
    Run run = start(settings_);
    run.queue().set_rate(result.factor * best_rate(result));
    let_run(run, kWarmUpSeconds);
    result.much = measure(run, seconds());
    result.kept_permille = static_cast<double>(run.count("shedding_kept_flows_permille"));
    run.finish();
    result.shed_flow = static_cast<double>(run.count("packets_total", "shed_flow"));
    result.previews_ms = static_cast<double>(run.count("shedding_milliseconds_total", "previews"));
    result.flows_ms = static_cast<double>(run.count("shedding_milliseconds_total", "flows"));
    result.accounted = result.accounted && accounted(run);
  }

  void flood(Result& result) {
    Run run = start(settings_);
    run.queue().set_rate(static_cast<double>(a_.flood) * best_rate(result));
    let_run(run, seconds());
    run.queue().set_rate(kLoadAfterwards * best_rate(result));
    const Clock::time_point fell = Clock::now();
    const std::uint64_t fell_cpu_ns = run.queue().cpu_ns();
    const auto recovered = [&run] {
      return run.count("shedding_level") == 0 && run.count("shedding_kept_flows_permille") == 1'000;
    };
    while (!recovered() && seconds_since(fell) < kRecoveryPatienceSeconds) sleep_for(0.002);
    result.recovery_s = seconds_since(fell);
    result.recovery_cpu_s = static_cast<double>(run.queue().cpu_ns() - fell_cpu_ns) / 1e9;
    run.finish();
    result.flood_offered = static_cast<double>(run.queue().offered());
    result.flood_lost = static_cast<double>(run.queue().lost());
    result.flood_received = static_cast<double>(run.queue().given());
    result.flood_shed = static_cast<double>(run.count("packets_total", "shed_flow"));
    result.accounted = result.accounted && accounted(run);
  }

  // To the packet.
  static bool accounted(Run& run) {
    return run.count("received_packets_total") == run.queue().given() &&
           run.outcomes() == run.queue().given();
  }

  const Arguments& a_;
  const Settings& settings_;
  const Identifier& identifier_;
  Preloaded& preloaded_;
  std::uint32_t wasted_ = 0;
};

// ---- words --------------------------------------------------------------------------------------

void print_text(const Arguments& a, const Result& x) {
  if (x.slow == 1)
    std::printf("%s, as the worker is\n", a.mix.c_str());
  else
    std::printf("%s, slowed %.0f times\n", a.mix.c_str(), x.slow);
  std::printf("  best       %8.3f M packets/s  %9.0f calls/s  %8.1f cycles/packet  (CPU %.0f %%)\n",
              x.best.given / x.best.seconds / 1e6, x.best.complete() / x.best.seconds, x.best.cycles_packet(),
              x.best.cpu_share * 100);
  std::printf("  left out   %8.1f cycles/packet: r = %.3f  (%.1f %% of the packets were; CPU %.0f %%)\n",
              x.shed.cycles_packet(), x.r, x.shed_share * 100, x.shed.cpu_share * 100);
  std::printf(
      "  at %.0fx      %9.0f calls/s = %.3f of the best; (1 - %.0f r) / (1 - r) = %.3f, aim %.3f  (queue "
      "lost "
      "%.2f %%, flows kept %.1f %%, CPU %.0f %%)\n",
      x.factor, x.much.complete() / x.much.seconds, x.goodput(), x.factor, x.bound(), kAimOfBound * x.bound(),
      x.much.lost / x.much.offered * 100, x.kept_permille / 10, x.much.cpu_share * 100);
  std::printf("  at %" PRIu64
              "x     offered %.0f, lost by the queue %.0f, left out %.0f, received %.0f; all accounted for: "
              "%s; back to nothing left out after %.2f s (%.2f s of CPU), aim 1 s\n",
              a.flood, x.flood_offered, x.flood_lost, x.flood_shed, x.flood_received,
              x.accounted ? "yes" : "NO", x.recovery_s, x.recovery_cpu_s);
}

void print_json(const Arguments& a, const std::vector<Result>& results) {
  std::printf("{\"mix\":\"%s\",\"tsc_hz\":%" PRIu64 ",\"factor\":%" PRIu64 ",\"flood\":%" PRIu64
              ",\"queue\":%" PRIu64 ",\"runs\":[",
              a.mix.c_str(), rte_get_tsc_hz(), a.factor, a.flood, a.queue);
  for (const Result& x : results) {
    std::printf(
        "%s{\"slow\":%.0f,\"best\":{\"packets_per_s\":%.0f,\"calls_per_s\":%.1f,\"cycles_per_packet\":%.2f,"
        "\"cpu_share\":%.4f},\"shed\":{\"cycles_per_packet\":%.2f,\"share\":%.4f,\"cpu_share\":%.4f},"
        "\"r\":%.4f,",
        &x == results.data() ? "" : ",", x.slow, x.best.given / x.best.seconds,
        x.best.complete() / x.best.seconds, x.best.cycles_packet(), x.best.cpu_share, x.shed.cycles_packet(),
        x.shed_share, x.shed.cpu_share, x.r);
    std::printf(
        "\"much\":{\"offered_per_s\":%.0f,\"calls_per_s\":%.1f,\"goodput\":%.4f,\"bound\":%.4f,\"aim\":%.4f,"
        "\"lost_share\":%.5f,\"kept_permille\":%.0f,\"shed_packets\":%.0f,\"previews_ms\":%.0f,"
        "\"flows_ms\":%.0f,\"cpu_share\":%.4f},",
        x.much.offered / x.much.seconds, x.much.complete() / x.much.seconds, x.goodput(), x.bound(),
        kAimOfBound * x.bound(), x.much.lost / x.much.offered, x.kept_permille, x.shed_flow, x.previews_ms,
        x.flows_ms, x.much.cpu_share);
    std::printf(
        "\"flood\":{\"offered\":%.0f,\"lost\":%.0f,\"received\":%.0f,\"shed\":%.0f,\"recovery_s\":%.3f,"
        "\"recovery_cpu_s\":%.3f},"
        "\"accounted\":%s}",
        x.flood_offered, x.flood_lost, x.flood_received, x.flood_shed, x.recovery_s, x.recovery_cpu_s,
        x.accounted ? "true" : "false");
  }
  std::printf("]}\n");
}

int fail(const std::string& sentence) {
  std::fprintf(stderr, "spanlight-overload: %s\n", sentence.c_str());
  return 1;
}

unsigned last_cpu() {
  cpu_set_t set;
  CPU_ZERO(&set);
  sched_getaffinity(0, sizeof(set), &set);
  unsigned last = 0;
  for (unsigned cpu = 0; cpu < CPU_SETSIZE; ++cpu)
    if (CPU_ISSET(cpu, &set)) last = cpu;
  return last;
}

// This thread and those it starts keep to the others, where there are any.
void leave_to_worker(unsigned cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  sched_getaffinity(0, sizeof(set), &set);
  CPU_CLR(cpu, &set);
  if (CPU_COUNT(&set) > 0) sched_setaffinity(0, sizeof(set), &set);
}

int overload(const Arguments& a) {
  const Trace trace = make_trace(
      {.mix = *mix_of(a.mix), .seed = a.seed, .connections = static_cast<std::uint32_t>(a.connections)});
  if (trace.frames.size() < 2 * a.queue) return fail("the queue is too long for this trace; give it fewer");
  Settings settings;
  settings.idle = Idle::poll;
  settings.hugepages = a.no_huge ? Hugepages::never : Hugepages::automatic;
  settings.lent_buffers = 0;
  settings.shedding_patience_ms = static_cast<std::uint32_t>(a.patience);
  settings.batches_per_worker = 512;  // whoever takes the records may have to wait for a CPU
  settings.memory_mb = static_cast<std::uint32_t>(
      (Preloaded::memory_bytes(trace.frames.size(), trace.frame_bytes_max, false, 0) * 17 / 16 >> 20) + 64);
  settings.workers = {last_cpu()};
  const auto started = start_eal(settings, settings.workers);
  if (const auto* fault = std::get_if<std::string>(&started)) return fail(*fault);
  leave_to_worker(settings.workers[0]);
  Preloaded preloaded;
  if (!preloaded.load(trace, 0, 0)) return fail("there is no memory for the frames; use fewer --connections");
  std::string fault;
  const auto identifier = Identifier::make({}, fault);
  if (identifier == nullptr) return fail(fault);

  Bench bench(a, settings, *identifier, preloaded);
  std::vector<Result> results;
  results.push_back(bench.run(1, 0));
  if (!a.json) print_text(a, results.back());
  if (a.slow > 1) {
    results.push_back(bench.run(static_cast<double>(a.slow), results[0].best.cycles_packet()));
    if (!a.json) print_text(a, results.back());
  }
  if (a.json) print_json(a, results);
  const bool right = std::all_of(results.begin(), results.end(), [](const Result& x) { return x.accounted; });
  return right ? 0 : fail("received packets and their outcomes are not equal");
}

}  // namespace
}  // namespace spanlight::bench

int main(int argc, char** argv) {
  spanlight::bench::Arguments arguments;
  if (const auto status = spanlight::bench::parse(argc, argv, arguments)) return *status;
  return spanlight::bench::overload(arguments);
}
