#pragma once
// Transaction + connection → FlatBuffers record in the batch under way. The only room that knows the record's
// layout on the way out. One for each worker; no allocation: the builder writes into the batch's own buffer.

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "core/descriptor.h"
#include "core/transaction.h"
#include "decode/flow_key.h"
#include "encode/redact.h"
#include "publish/batch_pool.h"

namespace spanlight {

// The connection a call belongs to, as the record shows it.
struct ConnectionInfo {
  IpAddress client, server;
  std::uint16_t client_port = 0, server_port = 0;
  std::uint8_t protocol = 0;  // IP protocol number
  Tunnel tunnel = Tunnel::none;
  std::uint32_t tunnel_id = 0;
  std::uint8_t vlan_count = 0;
  std::uint16_t vlans[4]{};
  std::uint64_t conn_id = 0;
};

// Written by the worker alone.
struct EncodeCounters {
  std::uint64_t records = 0;
  std::uint64_t record_bytes = 0;
  std::uint64_t batches = 0;
  std::uint64_t dropped_no_buffer = 0;  // records lost because every batch buffer was in flight
  std::uint64_t dropped_too_large = 0;  // records that no buffer could hold
  std::uint64_t dropped_no_topic =
      0;  // records of a protocol that is not in the registry: a programmer's error
  std::uint64_t bodies_left_out = 0;   // records whose previews were dropped so that they fit a buffer
  std::uint64_t headers_left_out = 0;  // records whose headers were dropped so that they fit a buffer
  std::uint64_t bodies_shed = 0;       // records with a body that overload left out of them, or cut
  std::uint64_t bodies_withheld = 0;   // records with a body that a redaction rule could not be applied to
  std::uint64_t fields_left_out = 0;   // messages or lists with more than the limits of record_layout.h
  std::uint64_t redacted = 0;          // records in which a redaction rule changed something
};

struct EncodeOptions {
  std::size_t batch_bytes = 262'144;          // a batch is closed when it holds as much,
  DurationNs batch_ns = 10 * kMillisecondNs;  // or so long after its first record
  bool wait_for_buffer = false;  // a capture waits for its reader: nothing is dropped for want of a buffer
};

constexpr std::uint32_t kRecordsPerBatchMax = 2'048;  // a batch is closed there, whatever its size

struct RecordShape;

class RecordWriter {
 public:
  // `sensor_name` is copied; the other references must outlive the writer. `protocols`: one topic each.
  // A buffer of the pool should hold EncodeOptions::batch_bytes and one largest record: see
  // record_bytes_max().
  RecordWriter(std::uint16_t worker, std::string_view sensor_name, std::uint64_t sensor_epoch,
               BatchPool& pool, Redactor& redactor, const EncodeOptions& options, EncodeCounters& counters,
               std::span<const Descriptor* const> protocols = registry());
  ~RecordWriter();  // batches not flushed are lost; their buffers go back with the pool
  RecordWriter(const RecordWriter&) = delete;
  RecordWriter& operator=(const RecordWriter&) = delete;

  void write(const Transaction& call, const ConnectionInfo& connection, TimeNs now);
  void flush_due(TimeNs now);  // submits the batches whose time has come; cheap, once a turn
  void flush();                // submits every batch under way

  // From now on records may wait for a buffer, so long in all: a worker that ends has much to say at once and
  // nothing to miss meanwhile.
  void be_patient(DurationNs patience) { patience_ = patience; }

  // The next batch's sequence number of a topic (its index in `protocols`). Any thread.
  std::uint64_t next_sequence(std::size_t topic) const;

  // An upper bound of one record under these limits, for the size of the pool's buffers.
  static std::size_t record_bytes_max(const Settings& settings);

 private:
  struct Topic;

  Topic* topic_of(const Descriptor* protocol);
  bool make_room(Topic& topic, const Transaction& call, RecordShape& shape);
  bool open(Topic& topic);
  void close(Topic& topic);

  const std::uint16_t worker_;
  const std::string sensor_name_;
  const std::uint64_t sensor_epoch_;
  BatchPool& pool_;
  Redactor& redactor_;
  const EncodeOptions options_;
  EncodeCounters& counters_;
  std::span<const Descriptor* const> protocols_;
  std::unique_ptr<Topic[]> topics_;
  std::unique_ptr<std::atomic<std::uint64_t>[]> sequences_;
  std::uint64_t records_written_ = 0;  // low 48 bits of the ids
  const Descriptor* last_protocol_ = nullptr;
  Topic* last_topic_ = nullptr;
  std::size_t open_batches_ = 0;
  DurationNs patience_ = 0;
};

}  // namespace spanlight
