#pragma once
// The tables of config/schema/record.fbs as they are laid out here: a fixed part with every scalar, zero or
// not, at a place of its own, then the offsets of those children that are there. So writing one is a row of
// stores, and its vtable depends on nothing but which children there are. Readers go by the vtable and see no
// difference.

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

#include "encode/batch_builder.h"
#include "schema/record_generated.h"

namespace spanlight {

// What the vtable calls `slot` stands `at` so many bytes behind the table's start.
struct MemberPlace {
  flatbuffers::voffset_t slot;
  flatbuffers::voffset_t at;
};

struct TableForm {
  std::uint8_t number;  // unlike any other form's
  bool wide;            // it has members of eight bytes, the first of them four behind the table's start
  flatbuffers::voffset_t head_bytes, vtable_bytes;
  std::span<const MemberPlace> head;
  std::span<const flatbuffers::voffset_t> children;  // slots, in the order of the struct of children

  // The most that one table takes: members, vtable, alignment of both.
  constexpr std::size_t bytes_max() const {
    return head_bytes + children.size() * sizeof(flatbuffers::uoffset_t) + vtable_bytes +
           2 * BatchBuilder::kAlignment;
  }
};

// The fixed parts. `vtable` is filled by BatchBuilder::table(). Packed: FlatBuffers aligns a table's wide
// members, not its start.
struct [[gnu::packed]] RecordHead {
  using Table = wire::Record;
  flatbuffers::soffset_t vtable;
  std::uint64_t id, timestamp, response_timestamp, conn_id;
  std::uint64_t src_high, src_low, dst_high, dst_low;
  std::uint32_t flags, tunnel_id;
  std::int32_t status_code;
  std::uint16_t src_port, dst_port;
  std::uint8_t state, reason, transport, tunnel;
  bool has_status, is_error;
  std::uint16_t unused;
};
struct RecordChildren {
  flatbuffers::Offset<wire::Message> request, response;
  Text protocol, version, method, url, path, query_string, error, summary, trace_id, request_id;
  flatbuffers::Offset<flatbuffers::Vector<std::uint16_t>> vlans;
};

struct [[gnu::packed]] MessageHead {
  using Table = wire::Message;
  flatbuffers::soffset_t vtable;
  std::uint64_t size, last_byte, body_size;
};
struct MessageChildren {
  flatbuffers::Offset<flatbuffers::Vector<std::uint8_t>> header_bytes, body;
  flatbuffers::Offset<flatbuffers::Vector<const wire::HeaderSpan*>> headers;
  Text content_type, content_encoding;
  flatbuffers::Offset<flatbuffers::Vector<flatbuffers::Offset<wire::Field>>> fields;
};

// A field by its kind. That of a text is zero and not written.
struct [[gnu::packed]] TextFieldHead {
  using Table = wire::Field;
  flatbuffers::soffset_t vtable;
};
struct TextFieldChildren {
  Text name, text;
};
template <typename Value>
struct [[gnu::packed]] ValueFieldHead {
  using Table = wire::Field;
  flatbuffers::soffset_t vtable;
  Value value;
  std::uint32_t kind;  // one byte of it is
};
using IntegerFieldHead = ValueFieldHead<std::int64_t>;
using NumberFieldHead = ValueFieldHead<double>;
struct ValueFieldChildren {
  Text name;
};
struct [[gnu::packed]] ListFieldHead {
  using Table = wire::Field;
  flatbuffers::soffset_t vtable;
  std::uint32_t kind;  // one byte of it is
};
struct ListFieldChildren {
  Text name;
  flatbuffers::Offset<flatbuffers::Vector<Text>> list;
  Text form;  // of the list's texts, if they are more than texts
};

struct [[gnu::packed]] BatchHead {
  using Table = wire::RecordBatch;
  flatbuffers::soffset_t vtable;
  std::uint64_t sensor_epoch, sequence;
  std::uint16_t worker, unused;
};
struct BatchChildren {
  flatbuffers::Offset<flatbuffers::Vector<flatbuffers::Offset<wire::Record>>> records;
  Text topic, sensor;
};

namespace forms {

using R = wire::Record;
inline constexpr MemberPlace kRecordHead[] = {
    {R::VT_ID, offsetof(RecordHead, id)},
    {R::VT_TIMESTAMP, offsetof(RecordHead, timestamp)},
    {R::VT_RESPONSE_TIMESTAMP, offsetof(RecordHead, response_timestamp)},
    {R::VT_CONN_ID, offsetof(RecordHead, conn_id)},
    {R::VT_SRC, offsetof(RecordHead, src_high)},
    {R::VT_DST, offsetof(RecordHead, dst_high)},
    {R::VT_FLAGS, offsetof(RecordHead, flags)},
    {R::VT_TUNNEL_ID, offsetof(RecordHead, tunnel_id)},
    {R::VT_STATUS_CODE, offsetof(RecordHead, status_code)},
    {R::VT_SRC_PORT, offsetof(RecordHead, src_port)},
    {R::VT_DST_PORT, offsetof(RecordHead, dst_port)},
    {R::VT_STATE, offsetof(RecordHead, state)},
    {R::VT_REASON, offsetof(RecordHead, reason)},
    {R::VT_TRANSPORT, offsetof(RecordHead, transport)},
    {R::VT_TUNNEL, offsetof(RecordHead, tunnel)},
    {R::VT_HAS_STATUS, offsetof(RecordHead, has_status)},
    {R::VT_IS_ERROR, offsetof(RecordHead, is_error)}};
inline constexpr flatbuffers::voffset_t kRecordChildren[] = {
    R::VT_REQUEST,  R::VT_RESPONSE,   R::VT_PROTOCOL,     R::VT_VERSION, R::VT_METHOD,
    R::VT_URL,      R::VT_PATH,       R::VT_QUERY_STRING, R::VT_ERROR,   R::VT_SUMMARY,
    R::VT_TRACE_ID, R::VT_REQUEST_ID, R::VT_VLANS};

using M = wire::Message;
inline constexpr MemberPlace kMessageHead[] = {{M::VT_SIZE, offsetof(MessageHead, size)},
                                               {M::VT_LAST_BYTE, offsetof(MessageHead, last_byte)},
                                               {M::VT_BODY_SIZE, offsetof(MessageHead, body_size)}};
inline constexpr flatbuffers::voffset_t kMessageChildren[] = {
    M::VT_HEADER_BYTES, M::VT_BODY, M::VT_HEADERS, M::VT_CONTENT_TYPE, M::VT_CONTENT_ENCODING, M::VT_FIELDS};

using F = wire::Field;
inline constexpr flatbuffers::voffset_t kTextFieldChildren[] = {F::VT_NAME, F::VT_TEXT};
inline constexpr MemberPlace kIntegerFieldHead[] = {{F::VT_INTEGER, offsetof(IntegerFieldHead, value)},
                                                    {F::VT_KIND, offsetof(IntegerFieldHead, kind)}};
inline constexpr MemberPlace kNumberFieldHead[] = {{F::VT_NUMBER, offsetof(NumberFieldHead, value)},
                                                   {F::VT_KIND, offsetof(NumberFieldHead, kind)}};
inline constexpr flatbuffers::voffset_t kValueFieldChildren[] = {F::VT_NAME};
inline constexpr MemberPlace kListFieldHead[] = {{F::VT_KIND, offsetof(ListFieldHead, kind)}};
inline constexpr flatbuffers::voffset_t kListFieldChildren[] = {F::VT_NAME, F::VT_LIST, F::VT_TEXT};

using B = wire::RecordBatch;
inline constexpr MemberPlace kBatchHead[] = {{B::VT_SENSOR_EPOCH, offsetof(BatchHead, sensor_epoch)},
                                             {B::VT_SEQUENCE, offsetof(BatchHead, sequence)},
                                             {B::VT_WORKER, offsetof(BatchHead, worker)}};
inline constexpr flatbuffers::voffset_t kBatchChildren[] = {B::VT_RECORDS, B::VT_TOPIC, B::VT_SENSOR};

template <typename Head>
constexpr TableForm form(std::uint8_t number, std::span<const MemberPlace> head,
                         std::span<const flatbuffers::voffset_t> children) {
  flatbuffers::voffset_t last = 0;
  for (const MemberPlace& member : head) last = std::max(last, member.slot);
  for (const flatbuffers::voffset_t slot : children) last = std::max(last, slot);
  return {number,       sizeof(Head) > 2 * sizeof(flatbuffers::uoffset_t),
          sizeof(Head), static_cast<flatbuffers::voffset_t>(last + sizeof(last)),
          head,         children};
}

}  // namespace forms

template <typename Head>
constexpr TableForm kForm{};
template <>
inline constexpr TableForm kForm<RecordHead> = forms::form<RecordHead>(1, forms::kRecordHead,
                                                                       forms::kRecordChildren);
template <>
inline constexpr TableForm kForm<MessageHead> = forms::form<MessageHead>(2, forms::kMessageHead,
                                                                         forms::kMessageChildren);
template <>
inline constexpr TableForm kForm<TextFieldHead> = forms::form<TextFieldHead>(3, {},
                                                                             forms::kTextFieldChildren);
template <>
inline constexpr TableForm kForm<IntegerFieldHead> =
    forms::form<IntegerFieldHead>(4, forms::kIntegerFieldHead, forms::kValueFieldChildren);
template <>
inline constexpr TableForm kForm<NumberFieldHead> = forms::form<NumberFieldHead>(5, forms::kNumberFieldHead,
                                                                                 forms::kValueFieldChildren);
template <>
inline constexpr TableForm kForm<ListFieldHead> = forms::form<ListFieldHead>(6, forms::kListFieldHead,
                                                                             forms::kListFieldChildren);
template <>
inline constexpr TableForm kForm<BatchHead> = forms::form<BatchHead>(7, forms::kBatchHead,
                                                                     forms::kBatchChildren);

inline flatbuffers::uoffset_t BatchBuilder::vtable_of(const TableForm& form, std::uint32_t present) {
  constexpr unsigned kFormShift = 24;  // above any form's children
  const std::uint32_t key = std::uint32_t{form.number} << kFormShift | present;
  Vtable& known = vtables_[key * 0x9e3779b1u >> (32 - kVtableBits)];  // Fibonacci hashing
  if (known.key != key) [[unlikely]]
    known = {key, write_vtable(form, present)};
  return known.offset;
}

template <typename Head, typename Children>
NewTable<Head> BatchBuilder::table(const Children& children) {
  constexpr const TableForm& kHere = kForm<Head>;
  constexpr flatbuffers::uoffset_t kHeadBytes = sizeof(Head), kOffsetBytes = sizeof(flatbuffers::uoffset_t);
  static_assert(sizeof(Children) == kHere.children.size() * kOffsetBytes);
  const auto* const source = reinterpret_cast<const std::uint8_t*>(&children);
  const auto child = [source](std::size_t i) {
    flatbuffers::uoffset_t offset = 0;
    std::memcpy(&offset, source + i * kOffsetBytes, kOffsetBytes);
    return offset;
  };
  std::uint32_t present = 0;
  for (std::size_t i = 0; i < kHere.children.size(); ++i) present |= std::uint32_t{child(i) != 0} << i;
  const flatbuffers::uoffset_t vtable = vtable_of(kHere, present);
  const std::size_t bytes = kHeadBytes + static_cast<std::size_t>(std::popcount(present)) * kOffsetBytes;
  std::uint8_t* const at = kHere.wide ? room(bytes, kAlignment, kAlignment / 2) : room(bytes);
  const flatbuffers::uoffset_t here = size();
  std::uint8_t* to = at + kHeadBytes;
  flatbuffers::uoffset_t to_end = here - kHeadBytes;  // from `to`
  for (std::uint32_t left = present; left != 0; left &= left - 1) {
    store(to, to_end - child(static_cast<std::size_t>(std::countr_zero(left))));
    to += kOffsetBytes;
    to_end -= kOffsetBytes;
  }
  auto* const head = new (at) Head{};
  head->vtable = static_cast<flatbuffers::soffset_t>(vtable) - static_cast<flatbuffers::soffset_t>(here);
  return {{here}, *head};
}

}  // namespace spanlight
