#include "encode/record_writer.h"

#include <ctime>

#include <algorithm>
#include <array>
#include <cassert>
#include <optional>

#include "encode/batch_builder.h"
#include "encode/record_bound.h"
#include "encode/record_layout.h"
#include "encode/tables.h"
#include "encode/utf8.h"

namespace spanlight {

namespace {

using flatbuffers::Offset;

constexpr unsigned kWorkerShift = 48;
constexpr std::uint64_t kRecordIdMask = (std::uint64_t{1} << kWorkerShift) - 1;

// What closing a batch adds beside the vector of records: its table and vtable, root, identifier, alignment.
constexpr std::size_t kClosingBytes = kForm<BatchHead>.bytes_max() + 64;

std::string utf8(std::string_view text) {
  std::string copy(utf8_bytes(text), '\0');
  copy_utf8(text, reinterpret_cast<std::uint8_t*>(copy.data()));
  return copy;
}

}  // namespace

// The batch of one protocol that is under way, if any.
struct RecordWriter::Topic {
  std::string name;  // "record.<protocol>."
  const Descriptor* protocol = nullptr;
  Batch* batch = nullptr;
  std::optional<BatchBuilder> builder;  // there while `batch` is
  TextCache texts;
  FieldCache fields;
  Text name_text, sensor_text, protocol_text;
  TimeNs first_record = 0;
  std::uint32_t records = 0;
  BatchTally tally;
  std::array<Offset<wire::Record>, kRecordsPerBatchMax> offsets;

  std::size_t closing_bytes() const { return kClosingBytes + sizeof(offsets[0]) * (records + 1); }
  bool fits(std::size_t bytes) const {
    const std::size_t left = builder->left_bytes();
    return closing_bytes() <= left && bytes <= left - closing_bytes();
  }
};

RecordWriter::RecordWriter(std::uint16_t worker, std::string_view sensor_name, std::uint64_t sensor_epoch,
                           BatchPool& pool, Redactor& redactor, const EncodeOptions& options,
                           EncodeCounters& counters, std::span<const Descriptor* const> protocols)
    : worker_(worker),
      sensor_name_(utf8(sensor_name)),
      sensor_epoch_(sensor_epoch),
      pool_(pool),
      redactor_(redactor),
      options_(options),
      counters_(counters),
      protocols_(protocols),
      topics_(std::make_unique<Topic[]>(protocols.size())),
      sequences_(std::make_unique<std::atomic<std::uint64_t>[]>(protocols.size())) {
  for (std::size_t i = 0; i < protocols.size(); ++i) {
    topics_[i].protocol = protocols[i];
    topics_[i].name = "record." + std::string(protocols[i]->name) + ".";
  }
}

RecordWriter::~RecordWriter() {
  for (std::size_t i = 0; i < protocols_.size(); ++i)
    if (topics_[i].batch != nullptr) pool_.release(topics_[i].batch);
}

// Protocols that are told under another's name share its topic, so that each topic has one sequence.
RecordWriter::Topic* RecordWriter::topic_of(const Descriptor* protocol) {
  if (protocol == last_protocol_) return last_topic_;
  const auto known = std::find(protocols_.begin(), protocols_.end(), protocol);
  if (known == protocols_.end()) return nullptr;
  auto owner = std::find_if(protocols_.begin(), protocols_.end(),
                            [&](const Descriptor* d) { return d->name == record_name(*protocol); });
  if (owner == protocols_.end()) owner = known;
  last_protocol_ = protocol;
  last_topic_ = &topics_[static_cast<std::size_t>(owner - protocols_.begin())];
  return last_topic_;
}

void RecordWriter::write(const Transaction& call, const ConnectionInfo& connection, TimeNs now) {
  Topic* topic = topic_of(call.protocol);
  if (topic == nullptr) {
    ++counters_.dropped_no_topic;
    return;
  }
  RecordShape shape;
  if (!make_room(*topic, call, shape)) return;
  BatchBuilder& builder = *topic->builder;
  const std::size_t size_before = builder.size();
  const std::uint64_t id = std::uint64_t{worker_} << kWorkerShift | (++records_written_ & kRecordIdMask);
  RecordTarget target{builder, topic->texts, topic->fields, topic->protocol_text};
  // Time may step back from packet to packet of a capture; a batch's age may not underflow.
  if (topic->records == 0 || now < topic->first_record) topic->first_record = now;
  topic->offsets[topic->records++] = write_record(target, id, call, connection, shape, redactor_, counters_);
  ++topic->tally.by_state[static_cast<std::size_t>(call.state) & 3];
  topic->tally.flagged_gap += (call.flags & kFlagGap) != 0;
  topic->tally.errors += call.is_error;
  ++counters_.records;
  counters_.record_bytes += builder.size() - size_before;
  if (builder.size() >= options_.batch_bytes || topic->records == kRecordsPerBatchMax ||
      now - topic->first_record >= options_.batch_ns)
    close(*topic);
}

// A batch under way that has room for the record, in a poorer shape if need be. False: the record is lost,
// and counted.
bool RecordWriter::make_room(Topic& topic, const Transaction& call, RecordShape& shape) {
  if (topic.batch == nullptr && !open(topic)) return false;
  if (topic.fits(quick_bound_of(call).whole())) [[likely]]
    return true;
  const RecordBound bound = bound_of(call);
  if (topic.fits(bound.whole())) return true;
  if (topic.records > 0) {
    close(topic);
    if (!open(topic)) return false;
    if (topic.fits(bound.whole())) return true;
  }
  shape.bodies = false;
  if (bound.bodies > 0 && topic.fits(bound.spine + bound.headers)) {
    ++counters_.bodies_left_out;
    return true;
  }
  shape.headers = false;
  if (topic.fits(bound.spine)) {
    if (bound.bodies > 0) ++counters_.bodies_left_out;
    ++counters_.headers_left_out;
    return true;
  }
  ++counters_.dropped_too_large;
  return false;
}

bool RecordWriter::open(Topic& topic) {
  Batch* batch = pool_.take();
  while (batch == nullptr && (options_.wait_for_buffer || patience_ > 0)) {
    // Only where a capture is read, or at the end, which are exempt from the rule that nobody waits.
    constexpr timespec kNap{.tv_sec = 0, .tv_nsec = 20'000};
    nanosleep(&kNap, nullptr);
    patience_ -= std::min<DurationNs>(patience_, kNap.tv_nsec);
    batch = pool_.take();
  }
  if (batch == nullptr) {
    ++counters_.dropped_no_buffer;
    return false;
  }
  BatchBuilder& builder = topic.builder.emplace(batch->storage, batch->storage_bytes);
  topic.records = 0;
  topic.tally = {};
  topic.texts.clear();
  topic.fields.clear();
  const std::size_t texts =
      text_bound(topic.name) + text_bound(sensor_name_) + text_bound(topic.protocol->name);
  if (!topic.fits(texts)) {  // a pool of useless buffers
    topic.builder.reset();
    pool_.release(batch);
    ++counters_.dropped_too_large;
    return false;
  }
  topic.name_text = builder.text(topic.name);
  topic.sensor_text = builder.text(sensor_name_);
  topic.protocol_text = builder.text(topic.protocol->name);
  topic.batch = batch;
  ++open_batches_;
  return true;
}

void RecordWriter::close(Topic& topic) {
  assert(topic.batch != nullptr && topic.records > 0);
  const auto index = static_cast<std::size_t>(&topic - topics_.get());
  const std::uint64_t sequence = sequences_[index].load(std::memory_order_relaxed);
  BatchBuilder& builder = *topic.builder;
  const auto records = builder.vector_of(topic.offsets.data(), topic.records);
  const auto [root, head] =
      builder.table<BatchHead>(BatchChildren{records, topic.name_text, topic.sensor_text});
  head.sensor_epoch = sensor_epoch_;
  head.sequence = sequence;
  head.worker = worker_;
  builder.finish(root.o, wire::RecordBatchIdentifier());

  Batch* batch = topic.batch;
  batch->data_offset = static_cast<std::size_t>(builder.data() - batch->storage);
  batch->data_bytes = builder.size();
  batch->worker = worker_;
  batch->topic = static_cast<std::uint16_t>(index);
  batch->records = topic.records;
  batch->tally = topic.tally;
  batch->sequence = sequence;
  topic.builder.reset();
  topic.batch = nullptr;
  topic.records = 0;
  --open_batches_;
  ++counters_.batches;
  sequences_[index].store(sequence + 1, std::memory_order_relaxed);
  pool_.submit(batch);
}

void RecordWriter::flush_due(TimeNs now) {
  if (open_batches_ == 0) return;
  for (std::size_t i = 0; i < protocols_.size(); ++i) {
    Topic& topic = topics_[i];
    // A clock that was set back makes a batch due too: nobody knows how old it is.
    const bool due = now < topic.first_record || now - topic.first_record >= options_.batch_ns;
    if (topic.records > 0 && due) close(topic);
  }
}

void RecordWriter::flush() {
  for (std::size_t i = 0; i < protocols_.size(); ++i)
    if (topics_[i].records > 0) close(topics_[i]);
}

std::uint64_t RecordWriter::next_sequence(std::size_t topic) const {
  return topic < protocols_.size() ? sequences_[topic].load(std::memory_order_relaxed) : 0;
}

std::size_t RecordWriter::record_bytes_max(const Settings& settings) {
  // A head's bytes may stand in the record as URL, path and query, and summary; each side's headers once.
  constexpr std::size_t kLocations = 3, kMessages = 2, kRestBytes = 16'384;
  const std::size_t message = std::size_t{settings.head_bytes_max} +
                              settings.headers_max * sizeof(HeaderSpan) + settings.body_preview_bytes;
  return kLocations * settings.head_bytes_max + kMessages * message + kRestBytes;
}

}  // namespace spanlight
