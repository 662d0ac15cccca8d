#include "publish/messages.h"

#include <flatbuffers/flatbuffers.h>

#include <set>

#include "core/descriptor.h"
#include "publish/topics.h"
#include "schema/hello_generated.h"
#include "schema/stats_generated.h"

namespace spanlight {

namespace {

using flatbuffers::FlatBufferBuilder;
using flatbuffers::Offset;

flatbuffers::Offset<flatbuffers::String> text(FlatBufferBuilder& builder, std::string_view s) {
  return builder.CreateString(s.data(), s.size());
}

wire::FieldType wire_type(FieldType type) {
  switch (type) {
    case FieldType::text:
      return wire::FieldType::text;
    case FieldType::integer:
      return wire::FieldType::integer;
    case FieldType::boolean:
      return wire::FieldType::boolean;
    case FieldType::number:
      return wire::FieldType::number;
    case FieldType::list:
      return wire::FieldType::list;
  }
  return wire::FieldType::text;
}

// A protocol with its fields and those of the protocols that are told under its name; the first of a field's
// meanings stands.
Offset<wire::Protocol> add_protocol(FlatBufferBuilder& builder, const Descriptor& protocol) {
  std::vector<Offset<wire::FieldSpec>> fields;
  std::set<std::string_view> known;
  const auto add_fields = [&](const Descriptor& from) {
    for (const FieldSpec& field : from.fields) {
      if (!known.insert(field.name).second) continue;
      const auto name = text(builder, field.name);
      const auto meaning = text(builder, field.meaning);
      fields.push_back(wire::CreateFieldSpec(builder, name, wire_type(field.type), field.in_request,
                                             field.in_response, meaning));
    }
  };
  add_fields(protocol);
  for (const Descriptor* other : registry())
    if (other->told_as == protocol.name) add_fields(*other);
  const auto name = text(builder, protocol.name);
  const auto title = text(builder, protocol.title);
  return wire::CreateProtocol(builder, name, title, builder.CreateVector(fields));
}

auto add_counters(FlatBufferBuilder& builder, const std::vector<CounterValue>& counters) {
  std::vector<Offset<wire::Counter>> out;
  out.reserve(counters.size());
  for (const CounterValue& counter : counters) {
    const auto name = builder.CreateSharedString(counter.name);
    const auto label = counter.label.empty() ? 0 : builder.CreateSharedString(counter.label);
    out.push_back(wire::CreateCounter(builder, name, label, counter.value));
  }
  return builder.CreateVector(out);
}

std::vector<std::uint8_t> bytes_of(const FlatBufferBuilder& builder) {
  return {builder.GetBufferPointer(), builder.GetBufferPointer() + builder.GetSize()};
}

}  // namespace

std::vector<std::uint8_t> encode_hello(const SensorIdentity& identity) {
  FlatBufferBuilder builder;
  std::vector<Offset<wire::Protocol>> protocols;
  for (const Descriptor* protocol : registry())
    if (protocol->told_as.empty() && !protocol->fields.empty())
      protocols.push_back(add_protocol(builder, *protocol));
  const auto sensor = text(builder, identity.sensor);
  const auto version = text(builder, identity.version);
  const auto list = builder.CreateVector(protocols);
  wire::FinishHelloBuffer(
      builder, wire::CreateHello(builder, sensor, identity.epoch, version, kSchemaVersion, identity.workers,
                                 identity.started, list, identity.packet_bytes, identity.packet_seconds));
  return bytes_of(builder);
}

std::vector<std::uint8_t> encode_stats(const SensorIdentity& identity, const StatsSnapshot& snapshot) {
  FlatBufferBuilder builder;
  std::vector<Offset<wire::PortStats>> ports;
  for (const PortStats& port : snapshot.ports) {
    const auto name = text(builder, port.port);
    ports.push_back(wire::CreatePortStats(builder, name, add_counters(builder, port.counters)));
  }
  std::vector<Offset<wire::WorkerStats>> workers;
  for (const WorkerStats& worker : snapshot.workers)
    workers.push_back(
        wire::CreateWorkerStats(builder, worker.worker, add_counters(builder, worker.counters)));
  std::vector<Offset<wire::NextSequence>> sequences;
  for (const NextSequence& entry : snapshot.next_sequences) {
    const auto topic = builder.CreateSharedString(entry.topic);
    sequences.push_back(wire::CreateNextSequence(builder, entry.worker, topic, entry.next));
  }
  const auto publisher = add_counters(builder, snapshot.publisher);
  const auto sensor = text(builder, identity.sensor);
  const auto port_list = builder.CreateVector(ports);
  const auto worker_list = builder.CreateVector(workers);
  const auto sequence_list = builder.CreateVector(sequences);
  wire::FinishStatsBuffer(
      builder, wire::CreateStats(builder, sensor, identity.epoch, snapshot.sequence, snapshot.time, port_list,
                                 worker_list, publisher, sequence_list));
  return bytes_of(builder);
}

}  // namespace spanlight
