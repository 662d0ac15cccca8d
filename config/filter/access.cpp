#include "filter/access.h"

#include <algorithm>
#include <cstring>
#include <limits>

namespace spanlight::filter {
namespace {

std::string_view view_of(const flatbuffers::Vector<std::uint8_t>* bytes) {
  if (bytes == nullptr) return {};
  return {reinterpret_cast<const char*>(bytes->data()), bytes->size()};
}

std::uint64_t headers_size(const wire::Message* message) {
  if (message == nullptr) return 0;
  std::uint64_t sum = 0;
  HeaderReader headers(*message);
  while (const std::optional<Header> header = headers.next())
    sum += header->name.size() + header->value.size();
  return sum;
}

bool is_request(Var var) {
  return var == Var::request_body || var == Var::request_content_type || var == Var::request_content_encoding;
}

// Where the store's calendar ends, in 2262; a sensor without a clock may be beyond.
constexpr std::uint64_t kTimeMax = std::numeric_limits<std::int64_t>::max();

std::uint64_t size_of_message(const wire::Message* message) {
  return message == nullptr ? 0 : message->size();
}
std::uint64_t size_of_body(const wire::Message* message) {
  return message == nullptr ? 0 : message->body_size();
}

const wire::Field* field_in(const wire::Message* message, std::string_view name) {
  if (message == nullptr) return nullptr;
  for (const wire::Field* field : elements_of(message->fields()))
    if (text_of(field->name()) == name) return field;
  return nullptr;
}

}  // namespace

std::string_view Scratch::join(std::string_view a, std::string_view between, std::string_view b) {
  const std::size_t size = a.size() + between.size() + b.size();
  char* const start = room(size);
  char* at = start;
  for (const std::string_view part : {a, between, b}) {
    if (part.empty()) continue;
    std::memcpy(at, part.data(), part.size());
    at += part.size();
  }
  return {start, size};
}

char* Scratch::more(std::size_t bytes) {
  blocks_.push_back(std::make_unique<char[]>(bytes));
  return blocks_.back().get();
}

char folded(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool equal_folded(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i)
    if (a[i] != b[i] && folded(a[i]) != folded(b[i])) return false;
  return true;
}

bool cookie_of(std::string_view text, Piece& piece) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos) return false;
  piece = {text.substr(0, equals), text.substr(equals + 1)};
  return true;
}

bool parameter_of(std::string_view text, Piece& piece) {
  if (text.empty()) return false;
  const std::size_t equals = text.find('=');
  const bool has_value = equals != std::string_view::npos;
  piece = {text.substr(0, equals), has_value ? text.substr(equals + 1) : std::string_view{}};
  return true;
}

std::string_view RecordView::text(Var var) const {
  switch (var) {
    case Var::id:
      return hex(call_.batch->sensor_epoch(), true, call_.record->id());
    case Var::conn_id:
      return hex(0, false, call_.record->conn_id());
    case Var::state:
    case Var::reason:
    case Var::transport:
    case Var::tunnel:
      return enumeration(var);
    case Var::src_ip:
    case Var::dst_ip: {
      char* const start = scratch_.room(kAddressTextMax);
      return {start, static_cast<std::size_t>(write_address(start, address(var)) - start)};
    }
    case Var::request_body:
    case Var::response_body:
    case Var::request_content_type:
    case Var::response_content_type:
    case Var::request_content_encoding:
    case Var::response_content_encoding:
      return message_text(var);
    default:
      return var >= Var::src_name ? end_text(var) : word(var);
  }
}

std::string_view RecordView::word(Var var) const {
  const wire::Record& record = *call_.record;
  switch (var) {
    case Var::method:
      return text_of(record.method());
    case Var::url:
      return text_of(record.url());
    case Var::path:
      return text_of(record.path());
    case Var::query_string:
      return text_of(record.query_string());
    case Var::version:
      return text_of(record.version());
    case Var::protocol:
      return text_of(record.protocol());
    case Var::sensor:
      return text_of(call_.batch->sensor());
    case Var::source:
      return "live";
    case Var::error:
      return text_of(record.error());
    case Var::summary:
      return text_of(record.summary());
    case Var::trace_id:
      return text_of(record.trace_id());
    case Var::request_id:
      return text_of(record.request_id());
    default:
      return {};
  }
}

std::string_view RecordView::message_text(Var var) const {
  const wire::Message* message = is_request(var) ? call_.record->request() : call_.record->response();
  if (message == nullptr) return {};
  if (var == Var::request_body || var == Var::response_body) return view_of(message->body());
  if (var == Var::request_content_type || var == Var::response_content_type)
    return text_of(message->content_type());
  return text_of(message->content_encoding());
}

std::string_view RecordView::end_text(Var var) const {
  const bool client = var <= Var::src_dns;
  const CallEnd& end = client ? call_.src : call_.dst;
  constexpr auto kToClient =
      static_cast<std::uint8_t>(Var::dst_name) - static_cast<std::uint8_t>(Var::src_name);
  const Var as_client = client ? var : static_cast<Var>(static_cast<std::uint8_t>(var) - kToClient);
  if (as_client == Var::src_dns) return end.dns;
  if (end.party == nullptr) return as_client == Var::src_name ? end.dns : std::string_view{};
  const Party& party = *end.party;
  switch (as_client) {
    case Var::src_name:
      return party.name.empty() ? end.dns : std::string_view(party.name);
    case Var::src_namespace:
      return party.name_space;
    case Var::src_pod:
      return party.pod;
    case Var::src_service:
      return party.service;
    case Var::src_workload_kind:
      return party.workload_kind;
    case Var::src_workload:
      return party.workload;
    case Var::src_node:
      return party.node;
    default:
      return {};
  }
}

std::string_view RecordView::enumeration(Var var) const {
  const wire::Record& record = *call_.record;
  switch (var) {
    case Var::state:
      return state_name(record.state());
    case Var::reason:
      return record.reason() == wire::Reason::none ? std::string_view{} : reason_name(record.reason());
    case Var::transport:
      return transport_name(record.transport());
    default:
      return record.tunnel() == wire::Tunnel::none ? std::string_view{} : tunnel_name(record.tunnel());
  }
}

std::string_view RecordView::hex(std::uint64_t high, bool both, std::uint64_t low) const {
  constexpr std::string_view kDigits = "0123456789abcdef";
  char* const start = scratch_.room(32);
  char* at = start;
  const auto put = [&at, kDigits](std::uint64_t value) {
    for (int shift = 60; shift >= 0; shift -= 4) *at++ = kDigits[value >> shift & 0xfu];
  };
  if (both) put(high);
  put(low);
  return {start, static_cast<std::size_t>(at - start)};
}

std::int64_t RecordView::integer(Var var) const {
  const wire::Record& record = *call_.record;
  const auto whole = [](std::uint64_t value) { return static_cast<std::int64_t>(value); };
  switch (var) {
    case Var::status_code:
      return record.status_code();
    case Var::elapsed_time:
      return boolean(Var::has_elapsed)
                 ? static_cast<std::int64_t>(record.response_timestamp() - record.timestamp()) / 1'000
                 : 0;
    case Var::src_port:
      return record.src_port();
    case Var::dst_port:
      return record.dst_port();
    case Var::tunnel_id:
      return record.tunnel_id();
    case Var::request_size:
      return whole(size_of_message(record.request()));
    case Var::response_size:
      return whole(size_of_message(record.response()));
    case Var::total_size:
      return whole(size_of_message(record.request()) + size_of_message(record.response()));
    case Var::request_body_size:
      return whole(size_of_body(record.request()));
    case Var::response_body_size:
      return whole(size_of_body(record.response()));
    case Var::request_headers_size:
      return whole(headers_size(record.request()));
    case Var::response_headers_size:
      return whole(headers_size(record.response()));
    case Var::timestamp:
      return whole(
          std::min(record.timestamp() != 0 ? record.timestamp() : record.response_timestamp(), kTimeMax));
    case Var::response_timestamp:
      return whole(record.response_timestamp());
    default:
      return code(var);
  }
}

std::int64_t RecordView::code(Var var) const {
  const wire::Record& record = *call_.record;
  switch (var) {
    case Var::state_code:
      return static_cast<std::int64_t>(record.state());
    case Var::reason_code:
      return static_cast<std::int64_t>(record.reason());
    case Var::transport_code:
      return static_cast<std::int64_t>(record.transport());
    case Var::tunnel_code:
      return static_cast<std::int64_t>(record.tunnel());
    case Var::flag_bits:
      return record.flags();
    case Var::epoch_number:
      return static_cast<std::int64_t>(call_.batch->sensor_epoch());
    case Var::id_number:
      return static_cast<std::int64_t>(record.id());
    case Var::conn_number:
      return static_cast<std::int64_t>(record.conn_id());
    default:
      return 0;
  }
}

bool RecordView::boolean(Var var) const {
  const wire::Record& record = *call_.record;
  switch (var) {
    case Var::is_error:
      return record.is_error();
    case Var::has_status:
      return record.has_status();
    case Var::has_elapsed:
      return record.timestamp() != 0 && record.response_timestamp() != 0;
    case Var::request_present:
      return record.request() != nullptr;
    case Var::response_present:
      return record.response() != nullptr;
    default:
      return false;
  }
}

const wire::Address& RecordView::address(Var var) const {
  // The schema wants both ends, and a record is verified before anybody reads it.
  return var == Var::src_ip ? *call_.record->src() : *call_.record->dst();  // NOLINT(clang-analyzer-*)
}

const wire::Field* RecordView::field(const FieldRef& ref) const {
  const wire::Record& record = *call_.record;
  if (!ref.protocols.empty()) {
    const std::string_view protocol = text_of(record.protocol());
    if (std::find(ref.protocols.begin(), ref.protocols.end(), protocol) == ref.protocols.end())
      return nullptr;
  }
  const wire::Field* found = ref.side == Side::response ? nullptr : field_in(record.request(), ref.name);
  if (found == nullptr && ref.side != Side::request) found = field_in(record.response(), ref.name);
  return found;
}

// Repeated headers are one list in the order of the wire (RFC 9110 section 5.3). Measured before it is put
// together: a hostile message has a million of them.
std::optional<std::string_view> RecordView::header(const wire::Message* message,
                                                   std::string_view name) const {
  if (message == nullptr) return std::nullopt;
  constexpr std::string_view kBetween = ", ";
  std::optional<std::string_view> only;
  std::size_t size = 0, count = 0;
  HeaderReader headers(*message);
  while (const std::optional<Header> header = headers.next()) {
    if (!equal_folded(header->name, name)) continue;
    only = header->value;
    size += header->value.size() + (count == 0 ? 0 : kBetween.size());
    ++count;
  }
  if (count <= 1) return only;
  char* const start = scratch_.room(size);
  char* at = start;
  bool first = true;
  HeaderReader again(*message);
  while (const std::optional<Header> header = again.next()) {
    if (!equal_folded(header->name, name)) continue;
    if (!first) at = std::copy(kBetween.begin(), kBetween.end(), at);
    at = std::copy(header->value.begin(), header->value.end(), at);
    first = false;
  }
  return std::string_view(start, size);
}

const std::vector<Label>* RecordView::labels(Var map) const {
  const Party* party = map == Var::src_labels ? call_.src.party : call_.dst.party;
  return party == nullptr ? nullptr : &party->labels;
}

std::optional<std::string_view> RecordView::map_get(Var map, std::string_view key) const {
  std::optional<std::string_view> value;
  const auto take = [&](const Piece& piece) {
    if (piece.name != key) return false;
    value = piece.value;
    return true;
  };
  switch (map) {
    case Var::request_headers:
      return header(call_.record->request(), key);
    case Var::response_headers:
      return header(call_.record->response(), key);
    case Var::request_cookies:
      any_cookie(call_.record->request(), true, take);
      return value;
    case Var::response_cookies:
      any_cookie(call_.record->response(), false, take);
      return value;
    case Var::query_parameters:
      any_parameter(text_of(call_.record->query_string()), take);
      return value;
    default: {
      const std::vector<Label>* list = labels(map);
      if (list == nullptr) return std::nullopt;
      const auto at =
          std::lower_bound(list->begin(), list->end(), key,
                           [](const Label& label, std::string_view name) { return label.name < name; });
      if (at == list->end() || at->name != key) return std::nullopt;
      return at->value;
    }
  }
}

std::int64_t RecordView::map_size(Var map) const {
  if (map == Var::request_headers || map == Var::response_headers) {
    const wire::Message* message =
        map == Var::request_headers ? call_.record->request() : call_.record->response();
    if (message == nullptr) return 0;
    std::int64_t count = 0;
    HeaderReader headers(*message);
    while (headers.next()) ++count;
    return count;
  }
  std::int64_t count = 0;
  any_key(map, [&count](std::string_view) {
    ++count;
    return false;
  });
  return count;
}

}  // namespace spanlight::filter
