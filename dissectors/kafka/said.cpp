#include "kafka/said.h"

#include <algorithm>

#include "kafka/exchange.h"
#include "kafka/walk.h"

namespace spanlight::kafka {
namespace {

template <typename Write>
std::string_view write(TextRoom& room, Write put) {
  const std::size_t mark = room.mark();
  put();
  if (room.full()) room.back_to(mark);
  return room.since(mark);
}

void add_topic(Said& said, std::string_view topic) {
  if (topic.empty()) return;
  const auto known = said.topics.all();
  if (known.size() >= kTopicsMax) {
    said.cut = true;
    return;
  }
  if (std::find(known.begin(), known.end(), topic) == known.end()) said.topics.add(topic);
}

void read_error(TextRoom& room, std::int32_t code, std::string_view topic, std::int64_t partition,
                Said& said) {
  said.has_code = true;
  if (said.codes.all().size() < kCodesMax)
    said.codes.add(code == 0 ? std::string_view("0") : write(room, [&] {
      if (code < 0) room.put('-');
      room.number(static_cast<std::uint64_t>(code < 0 ? -code : code));
    }));
  if (code == 0) return;
  const std::string_view text = write(room, [&] {
    if (!topic.empty()) {
      room.put(topic);
      if (partition >= 0) {
        room.put('-');
        room.number(static_cast<std::uint64_t>(partition));
      }
      room.put(": ");
    }
    const std::string_view name = error_name(code);
    if (!name.empty()) return room.put(name);
    room.put("error ");
    if (code < 0) room.put('-');
    room.number(static_cast<std::uint64_t>(code < 0 ? -code : code));
  });
  if (said.first_error == 0) {
    said.first_error = code;
    said.first_error_text = text;
  }
  if (said.errors.all().size() < kErrorsMax && !text.empty()) said.errors.add(text);
}

}  // namespace

void read_said(const Request& request, Layout layout, Bytes body, TextRoom& room, Said& said) {
  Walk walk(layout, static_cast<std::uint8_t>(request.version), request.flexible, body);
  std::string_view topic;
  std::int64_t partition = -1;
  std::int64_t ahead = 0;  // an error code that stands before what it is of
  bool has_ahead = false;
  const auto settle_ahead = [&] {
    if (has_ahead) read_error(room, static_cast<std::int32_t>(ahead), topic, partition, said);
    has_ahead = false;
  };
  for (Walk::Value value; walk.next(value);) {
    const std::string_view text = as_text(value.bytes);
    switch (value.role) {
      case Role::topic:
        topic = text;
        partition = -1;
        add_topic(said, topic);
        settle_ahead();
        break;
      case Role::topic_id:
        if (topic.empty() || value.bytes.empty()) topic = {};
        break;
      case Role::partition:
        partition = value.number;
        settle_ahead();
        break;
      case Role::offset:
        if (said.offset < 0) said.offset = value.number;
        break;
      case Role::error:
        settle_ahead();
        read_error(room, static_cast<std::int32_t>(value.number), topic, partition, said);
        break;
      case Role::error_ahead:
        settle_ahead();
        ahead = value.number;
        has_ahead = true;
        break;
      case Role::error_text:
        if (said.error_text.empty()) said.error_text = text;
        break;
      case Role::throttle:
        said.throttle_ms = value.number;
        break;
      case Role::group:
        if (said.group.empty()) said.group = text;
        settle_ahead();
        break;
      case Role::member:
        if (said.member.empty()) said.member = text;
        break;
      case Role::transaction:
        if (said.transaction.empty()) said.transaction = text;
        break;
      case Role::key:
        if (said.key.empty()) said.key = text;
        settle_ahead();
        break;
      case Role::mechanism:
        if (said.mechanism.empty()) said.mechanism = text;
        break;
      case Role::software:
        if (said.software.empty()) said.software = text;
        break;
      case Role::secret:
        said.has_secret = said.has_secret || value.size > 0;
        said.secret = text.substr(0, kSecretBytesMax);
        break;
      case Role::records:
        if (!said.has_batches && !value.bytes.empty()) {
          said.batches = read_batches(value.bytes, value.size);
          said.has_batches = true;
        }
        break;
      case Role::acks:
      case Role::none:
        break;
    }
  }
  settle_ahead();
}

Counts count(const Request& request, Layout layout, Bytes body, bool whole) {
  Counts out;
  Walk walk(layout, static_cast<std::uint8_t>(request.version), request.flexible, body);
  for (Walk::Value value; walk.next(value);) {
    if (value.role == Role::partition) ++out.partitions;
    if (value.role == Role::acks) out.acks = value.number;
    if (value.role != Role::records) continue;
    out.record_bytes += value.size;
    if (value.size == 0) continue;
    const Batches batches = read_batches(value.bytes, value.size);
    if (!out.has_records) out.compression = batches.compression;
    out.has_records = true;
    out.records += batches.records;
    out.cut = out.cut || (batches.cut && value.bytes.size() < value.size);
    out.malformed = out.malformed || batches.malformed;
  }
  const bool is_short = walk.fault() == Fault::short_input;
  if (is_short && !whole) out.cut = true;
  // Newer versions than are known here may be laid out otherwise.
  const bool known = request.version <= request.api->version_max;
  if (walk.fault() != Fault::none && (!is_short || whole) && known) out.malformed = true;
  return out;
}

}  // namespace spanlight::kafka
