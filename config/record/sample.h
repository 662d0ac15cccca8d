#pragma once
// Batches, hellos and stats made by hand, for tests, benchmarks and the sample publisher; not part of any
// program that is installed. A plain struct says what shall stand in the message, build() puts it there, also
// what no sensor would.

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "schema/hello_generated.h"
#include "schema/record_generated.h"
#include "schema/stats_generated.h"

namespace spanlight::sample {

struct Field {
  std::string name;
  wire::FieldKind kind = wire::FieldKind::text;
  std::string text;
  std::int64_t integer = 0;
  double number = 0;
  std::vector<std::string> list;
};

struct Message {
  bool present = true;
  std::uint64_t size = 0;
  std::vector<std::pair<std::string, std::string>> headers;
  std::vector<wire::HeaderSpan> wrong_spans;  // behind the right ones
  std::uint64_t body_size = 0;
  std::string body;
  std::vector<Field> fields;
};

struct Record {
  std::uint64_t id = 1;
  std::string protocol = "http";
  std::string version;
  wire::State state = wire::State::complete;
  wire::Reason reason = wire::Reason::none;
  std::uint32_t flags = 0;
  std::uint64_t timestamp = 0;
  std::uint64_t response_timestamp = 0;
  wire::Transport transport = wire::Transport::tcp;
  std::uint64_t conn_id = 0;
  std::vector<std::uint16_t> vlans;
  wire::Tunnel tunnel = wire::Tunnel::none;
  std::uint32_t tunnel_id = 0;
  wire::Address src, dst;
  std::uint16_t src_port = 0, dst_port = 0;
  std::string method, url, path, query_string;
  bool has_status = false;
  std::int32_t status_code = 0;
  bool is_error = false;
  std::string error, summary, trace_id, request_id;
  Message request, response;
};

struct Batch {
  std::string sensor = "rack12";
  std::uint64_t sensor_epoch = 0;
  std::uint16_t worker = 0;
  std::uint64_t sequence = 0;
  std::string topic = "record.http.";
  std::vector<Record> records;
};

struct NextSequence {
  std::uint16_t worker = 0;
  std::string topic;
  std::uint64_t next = 0;
};

// 8-aligned, as received messages must be.
using Bytes = flatbuffers::DetachedBuffer;
Bytes build(const Batch& batch);
Bytes build_stats(const std::string& sensor, std::uint64_t epoch, const std::vector<NextSequence>& next);
Bytes build_hello(const std::string& sensor, std::uint64_t epoch);

wire::Address ipv4(std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d);

// An HTTP call as it is seen a million times: 24 headers, a JSON body.
Record usual_call();

}  // namespace spanlight::sample
