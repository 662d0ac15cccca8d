#include "tail.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <fstream>

namespace spanlight {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kTurn{200};  // longest wait before signals and the output are looked at again
constexpr milliseconds kPatience{1'000};
constexpr milliseconds kMissedEach{1'000};

bool read_keys(const std::string& file, SubscriberSettings& settings) {
  std::ifstream in(file);
  return static_cast<bool>(std::getline(in, settings.curve_public_key)) &&
         static_cast<bool>(std::getline(in, settings.curve_secret_key));
}

// Why nobody answers, as far as this machine knows.
std::string why_nobody(const std::string& endpoint) {
  constexpr std::string_view kIpc = "ipc://";
  if (!endpoint.starts_with(kIpc)) return "nobody answers at " + endpoint;
  const std::string path = endpoint.substr(kIpc.size());
  if (access(path.c_str(), R_OK | W_OK) == 0) return "nobody listens at " + endpoint;
  if (errno == EACCES) return "this user may not open " + path + " (its group may)";
  if (errno == ENOENT) return "there is no " + path;
  return path + ": " + std::strerror(errno);
}

// A sensor's words on the way to a terminal.
std::string shown(const flatbuffers::String* text) {
  constexpr unsigned kColumnsMax = 64;
  TextBuffer out;
  append_shown(out, text_of(text), kColumnsMax);
  return std::string(out.view());
}

std::string counted(std::uint64_t count, std::string_view one, std::string_view many) {
  return std::to_string(count) + ' ' + std::string(count == 1 ? one : many);
}

TableOptions table_options(const TailOptions& options) {
  TableOptions table = table_options_of(STDOUT_FILENO);
  table.colour = table.colour && options.colour;
  return table;
}

}  // namespace

Tail::Tail(const TailOptions& options, TailSignals& signals)
    : options_(options), signals_(signals), table_(table_options(options)) {}

void Tail::say(const std::string& sentence) const {
  const std::string line = "spanlight tail: " + sentence + "\n";
  // Where standard error is closed too there is nobody left to tell.
  [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, line.data(), line.size());
}

bool Tail::connect() {
  SubscriberSettings settings;
  settings.endpoint = options_.endpoint;
  settings.protocols = options_.protocols;
  settings.curve_server_key = options_.server_key;
  if (!options_.key_file.empty() && !read_keys(options_.key_file, settings)) {
    say(options_.key_file + " does not hold two lines, the public key and the secret key.");
    return false;
  }
  std::string fault;
  subscriber_ = Subscriber::connect(settings, fault);
  if (subscriber_ == nullptr) say(fault);
  return subscriber_ != nullptr;
}

int Tail::run() {
  if (!options_.filter.empty()) {
    const std::string wrong = filter_.emplace(options_.filter).check();
    if (!wrong.empty()) {
      say("the filter is not understood:\n" + wrong);
      return 2;
    }
  }
  if (!connect()) return 1;
  waiting_since_ = Clock::now();
  while (!signals_.stop && !done()) {
    if (signals_.resized.exchange(false)) table_.set_options(table_options(options_));
    take(subscriber_->receive(kTurn));
  }
  if (output_ == Output::reader_gone) return 0;
  if (output_ == Output::failed) {
    say(std::string("standard output: ") + std::strerror(errno));
    return 1;
  }
  if (output_ == Output::refused) return 2;
  say_summary();
  return 0;
}

void Tail::take(const Received& received) {
  missed_unsaid_ += received.missed;
  if (received.restarted) {
    say("the sensor was restarted; what it published before and we had not got yet is lost.");
    hello_said_ = false;
  }
  switch (received.kind) {
    case Received::Kind::records:
      show(*received.batch);
      break;
    case Received::Kind::hello:
      take_hello(received);
      break;
    case Received::Kind::connected:
      if (said_waiting_) say("the sensor is there.");
      was_connected_ = true;
      said_waiting_ = false;
      break;
    case Received::Kind::disconnected:
      waiting_since_ = Clock::now();
      hello_said_ = false;
      break;
    case Received::Kind::refused:
      if (!said_waiting_) say("the sensor is there but does not let us in: see --server-key and --key-file.");
      said_waiting_ = true;
      break;
    case Received::Kind::nothing:
      if (reader_gone()) output_ = Output::reader_gone;
      break;
    case Received::Kind::stats:
    case Received::Kind::malformed:
      break;  // counted by the subscriber; told at the end
  }
  say_waiting();
  say_missed();
}

void Tail::say_waiting() {
  if (subscriber_->connected() || said_waiting_ || Clock::now() - waiting_since_ < kPatience) return;
  say((was_connected_ ? "the sensor went away: " : "no sensor yet: ") + why_nobody(options_.endpoint) +
      "; waiting for it.");
  said_waiting_ = true;
}

void Tail::say_missed() {
  if (missed_unsaid_ == 0 || Clock::now() - missed_said_ < kMissedEach) return;
  say("missed " + counted(missed_unsaid_, "batch of records", "batches of records") +
      ": this program, or what reads its output, was too slow or not connected.");
  missed_unsaid_ = 0;
  missed_said_ = Clock::now();
}

// Hellos are repeated whenever a subscriber comes; one is enough for people.
void Tail::take_hello(const Received& received) {
  if (hello_said_ || !learn(*received.hello)) return;
  hello_said_ = true;
  const wire::Hello& hello = *received.hello;
  say("sensor " + shown(hello.sensor()) + ", Spanlight " + shown(hello.version()) + ", " +
      counted(hello.workers(), "worker", "workers") + ".");
  for (const std::string& wanted : options_.protocols) {
    std::string known;
    bool found = false;
    for (const wire::Protocol* protocol : elements_of(hello.protocols())) {
      found = found || text_of(protocol->name()) == wanted;
      if (!known.empty()) known += ", ";
      known += shown(protocol->name());
    }
    if (!found)
      say("this sensor has no protocol " + wanted + "; it has " + (known.empty() ? "none" : known) + ".");
  }
}

bool Tail::learn(const wire::Hello& hello) {
  if (!filter_) return true;
  const std::string wrong = filter_->learn(hello);
  if (wrong.empty()) return true;
  say("the filter is not understood with what this sensor sees:\n" + wrong);
  output_ = Output::refused;
  return false;
}

bool Tail::wanted(const wire::RecordBatch& batch, const wire::Record& record) {
  if (!filter_) return true;
  if (!filter_->ready()) {
    ++too_early_;
    return false;
  }
  ++looked_at_;
  return filter_->matches(batch, record);
}

void Tail::show(const wire::RecordBatch& batch) {
  for (const wire::Record* record : elements_of(batch.records())) {
    if (!wanted(batch, *record)) continue;
    if (options_.format == TailOptions::Format::json) {
      json_.append(batch, *record);
    } else {
      table_.append(batch, *record);
    }
    ++shown_;
    if (done()) break;
  }
  flush();
}

void Tail::flush() {
  output_ = write_out(options_.format == TailOptions::Format::json ? json_.text() : table_.text());
  json_.clear();
  table_.clear();
}

// In pieces that a ready pipe takes without blocking, so that a signal is seen also while the reader of our
// output stands still. Meanwhile messages wait in ZeroMQ up to the high-water mark; then they are lost, and
// counted.
Tail::Output Tail::write_out(std::string_view text) const {
  while (!text.empty()) {
    pollfd out{STDOUT_FILENO, POLLOUT, 0};
    const int ready = poll(&out, 1, static_cast<int>(kTurn.count()));
    if (signals_.stop) return Output::stopped;
    if (ready <= 0) continue;
    const ssize_t written = write(STDOUT_FILENO, text.data(), std::min<std::size_t>(text.size(), PIPE_BUF));
    if (written >= 0) {
      text.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno == EPIPE) {
      return Output::reader_gone;
    } else if (errno != EINTR && errno != EAGAIN) {
      return Output::failed;
    }
  }
  return Output::open;
}

// `spanlight tail | head -1` must end also when no further call comes.
bool Tail::reader_gone() const {
  pollfd out{STDOUT_FILENO, 0, 0};
  return poll(&out, 1, 0) > 0 && (out.revents & POLLERR) != 0;
}

void Tail::say_summary() const {
  const LossTracker& loss = subscriber_->loss();
  const Subscriber::Counters& counters = subscriber_->counters();
  std::string summary =
      counted(shown_, "record", "records") + ", missed " + counted(loss.missed(), "batch", "batches");
  if (filter_) summary += ", " + std::to_string(looked_at_) + " looked at";
  if (too_early_ > 0)
    summary += ", " + std::to_string(too_early_) + " came before the sensor's hello and were passed over";
  if (counters.malformed > 0) {
    summary += ", skipped " + counted(counters.malformed, "malformed message", "malformed messages");
  }
  if (json_.header_spans_skipped() > 0) {
    summary +=
        ", skipped " + counted(json_.header_spans_skipped(), "header out of range", "headers out of range");
  }
  if (loss.restarts() > 0) {
    summary += ", the sensor was restarted " + counted(loss.restarts(), "time", "times");
  }
  say(summary + ".");
}

}  // namespace spanlight
