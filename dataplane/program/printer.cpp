#include "program/printer.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <iterator>

#include "publish/messages.h"
#include "publish/topics.h"
#include "record/batch_stream.h"
#include "record/reader.h"

namespace spanlight {

namespace {

constexpr std::size_t kWriteAt = 262'144;  // bytes collected before they are written

TableOptions table_options(bool colour) {
  TableOptions options = table_options_of(STDOUT_FILENO);
  options.colour = options.colour && colour;
  return options;
}

}  // namespace

Printer::Printer(Format format, bool colour, const std::atomic<bool>& end)
    : end_(end), format_(format), topics_(record_topics()), table_(table_options(colour)) {}

std::size_t Printer::drain(const std::vector<BatchPool*>& pools) {
  std::size_t batches = 0;
  for (BatchPool* pool : pools) {
    while (Batch* batch = pool->next()) {
      ++batches;
      print(*batch);
      pool->release(batch);
      if (json_.text().size() >= kWriteAt || table_.text().size() >= kWriteAt) flush();
    }
  }
  return batches;
}

void Printer::print(const Batch& batch) {
  const std::span<const std::uint8_t> bytes(batch.storage + batch.data_offset, batch.data_bytes);
  if (format_ == Format::flatbuffers) {
    next_sequences_[{batch.worker, batch.topic}] = batch.sequence + 1;
    write_message(topics_.at(batch.topic), bytes);  // whoever reads it verifies it
  } else if (format_ != Format::none || filter_) {
    const auto opened = open_batch(bytes);
    if (!opened) {
      ++counts_.unreadable;
      return;
    }
    if (filter_) {
      print_matching(*opened);
    } else {
      if (format_ == Format::json) json_.append(*opened);
      if (format_ == Format::table) table_.append(*opened);
    }
  }
  counts_.records += batch.records;
  for (std::size_t state = 0; state < std::size(counts_.by_state); ++state)
    counts_.by_state[state] += batch.tally.by_state[state];
  counts_.flagged_gap += batch.tally.flagged_gap;
  counts_.errors += batch.tally.errors;
}

void Printer::print_matching(const wire::RecordBatch& batch) {
  for (const wire::Record* record : elements_of(batch.records())) {
    if (!filter_->matches({&batch, record, {}, {}})) continue;
    ++counts_.matching;
    if (format_ == Format::json) json_.append(batch, *record);
    if (format_ == Format::table) table_.append(batch, *record);
  }
}

void Printer::flush() {
  write_out(json_.text());
  json_.clear();
  write_out(table_.text());
  table_.clear();
}

void Printer::write_message(std::string_view topic, std::span<const std::uint8_t> message) {
  write_out(StreamHead(topic, message.size()).bytes());
  write_out({reinterpret_cast<const char*>(message.data()), message.size()});
  write_out(stream_padding(message.size()));
}

void Printer::begin_stream() {
  write_out(kStreamMagic);
}

void Printer::begin_capture(const std::string& name, const SensorIdentity& identity) {
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(name.data());
  write_message(kCaptureTopic, {bytes, std::min(name.size(), kStreamNameBytesMax)});
  write_message(kHelloTopic, encode_hello(identity));
  next_sequences_.clear();
}

void Printer::end_capture(const SensorIdentity& identity, StatsSnapshot snapshot) {
  for (const auto& [series, next] : next_sequences_)
    snapshot.next_sequences.push_back({series.first, topics_.at(series.second), next});
  write_message(kStatsTopic, encode_stats(identity, snapshot));
}

void Printer::end_stream(bool whole) {
  const std::uint8_t said = whole ? 1 : 0;
  write_message(kEndTopic, {&said, 1});
}

// Waits for the reader, in steps, so that a wish to end is heard meanwhile.
bool Printer::writable() {
  constexpr int kStepMs = 100;
  pollfd out{.fd = STDOUT_FILENO, .events = POLLOUT, .revents = 0};
  for (;;) {
    const int ready = poll(&out, 1, kStepMs);
    if (ready > 0) return true;  // also for an error: write() says which
    // Interrupted: one more step, since the signal may be the wish to end and the reader well.
    if (ready == 0 ? end_.load() : errno != EINTR) return false;
  }
}

void Printer::write_out(std::string_view text) {
  // A pipe that takes one byte may not take all: no more than PIPE_BUF at once goes without waiting.
  while (!text.empty() && !broken_) {
    if (!writable()) {
      broken_ = true;
      return;
    }
    const ssize_t n = write(STDOUT_FILENO, text.data(), std::min<std::size_t>(text.size(), PIPE_BUF));
    if (n > 0) {
      text.remove_prefix(static_cast<std::size_t>(n));
    } else if (n < 0 && errno != EINTR && errno != EAGAIN) {
      broken_ = true;
      fault_ = errno == EPIPE ? 0 : errno;
    }
  }
}

}  // namespace spanlight
