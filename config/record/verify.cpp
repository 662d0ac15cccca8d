#include "record/verify.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>

namespace spanlight {
namespace {

using flatbuffers::soffset_t;
using flatbuffers::uoffset_t;
using flatbuffers::voffset_t;

// ---- the schema, as far as it matters here --------------------------------------------------------

// A member that stands in the table itself.
struct Inline {
  voffset_t slot;
  std::uint8_t bytes;
  std::uint8_t alignment;
  bool required = false;
};
// A member that the table points to.
struct Child {
  voffset_t slot;
  bool required = false;
};

template <typename T>
constexpr Inline scalar(voffset_t slot) {
  return {slot, sizeof(T), alignof(T)};
}
constexpr Inline required_address(voffset_t slot) {
  return {slot, sizeof(wire::Address), alignof(wire::Address), true};
}

template <typename Table>
struct Form;

template <>
struct Form<wire::Field> {
  using T = wire::Field;
  static constexpr Inline kInline[] = {scalar<std::uint8_t>(T::VT_KIND), scalar<std::int64_t>(T::VT_INTEGER),
                                       scalar<double>(T::VT_NUMBER)};
  enum { name, text, list };
  static constexpr Child kChildren[] = {{T::VT_NAME, true}, {T::VT_TEXT}, {T::VT_LIST}};
};

template <>
struct Form<wire::Message> {
  using T = wire::Message;
  static constexpr Inline kInline[] = {scalar<std::uint64_t>(T::VT_SIZE),
                                       scalar<std::uint64_t>(T::VT_LAST_BYTE),
                                       scalar<std::uint64_t>(T::VT_BODY_SIZE)};
  enum { header_bytes, headers, body, content_type, content_encoding, fields };
  static constexpr Child kChildren[] = {{T::VT_HEADER_BYTES}, {T::VT_HEADERS},          {T::VT_BODY},
                                        {T::VT_CONTENT_TYPE}, {T::VT_CONTENT_ENCODING}, {T::VT_FIELDS}};
};

template <>
struct Form<wire::Record> {
  using T = wire::Record;
  static constexpr Inline kInline[] = {scalar<std::uint64_t>(T::VT_ID),
                                       scalar<std::uint8_t>(T::VT_STATE),
                                       scalar<std::uint8_t>(T::VT_REASON),
                                       scalar<std::uint32_t>(T::VT_FLAGS),
                                       scalar<std::uint64_t>(T::VT_TIMESTAMP),
                                       scalar<std::uint64_t>(T::VT_RESPONSE_TIMESTAMP),
                                       scalar<std::uint8_t>(T::VT_TRANSPORT),
                                       scalar<std::uint64_t>(T::VT_CONN_ID),
                                       scalar<std::uint8_t>(T::VT_TUNNEL),
                                       scalar<std::uint32_t>(T::VT_TUNNEL_ID),
                                       required_address(T::VT_SRC),
                                       scalar<std::uint16_t>(T::VT_SRC_PORT),
                                       required_address(T::VT_DST),
                                       scalar<std::uint16_t>(T::VT_DST_PORT),
                                       scalar<std::uint8_t>(T::VT_HAS_STATUS),
                                       scalar<std::int32_t>(T::VT_STATUS_CODE),
                                       scalar<std::uint8_t>(T::VT_IS_ERROR)};
  enum { first_text = 0, texts = 10, vlans = texts, request, response };
  static constexpr Child kChildren[] = {
      {T::VT_PROTOCOL, true}, {T::VT_VERSION}, {T::VT_METHOD},  {T::VT_URL},      {T::VT_PATH},
      {T::VT_QUERY_STRING},   {T::VT_ERROR},   {T::VT_SUMMARY}, {T::VT_TRACE_ID}, {T::VT_REQUEST_ID},
      {T::VT_VLANS},          {T::VT_REQUEST}, {T::VT_RESPONSE}};
};

template <>
struct Form<wire::RecordBatch> {
  using T = wire::RecordBatch;
  static constexpr Inline kInline[] = {scalar<std::uint64_t>(T::VT_SENSOR_EPOCH),
                                       scalar<std::uint16_t>(T::VT_WORKER),
                                       scalar<std::uint64_t>(T::VT_SEQUENCE)};
  enum { sensor, topic, records };
  static constexpr Child kChildren[] = {{T::VT_SENSOR, true}, {T::VT_TOPIC, true}, {T::VT_RECORDS, true}};
};

// The generated function that makes a table takes the builder and each member: one that was appended to the
// schema and is missing above does not compile.
template <typename Result, typename... Members>
constexpr std::size_t members_of(Result (*)(flatbuffers::FlatBufferBuilder&, Members...)) {
  return sizeof...(Members);
}
template <typename Table>
constexpr std::size_t kMembers = std::size(Form<Table>::kInline) + std::size(Form<Table>::kChildren);
static_assert(kMembers<wire::Field> == members_of(&wire::CreateField));
static_assert(kMembers<wire::Message> == members_of(&wire::CreateMessage));
static_assert(kMembers<wire::Record> == members_of(&wire::CreateRecord));
static_assert(kMembers<wire::RecordBatch> == members_of(&wire::CreateRecordBatch));

// ---- one message ----------------------------------------------------------------------------------

// What a vtable says, for all tables that use it.
template <typename Table>
struct Layout {
  static constexpr std::size_t kNowhere = SIZE_MAX;
  std::size_t vtable = kNowhere;
  std::uint32_t end = 0;      // behind the table's last member, from its beginning
  std::uint8_t residues = 0;  // bit r: a table at an address of remainder r modulo 8 has its members aligned
  std::array<voffset_t, std::size(Form<Table>::kChildren)> at{};  // of the children; 0 = absent
};

// The layouts of a few vtables: calls differ in what they have, and a batch has a vtable for each difference.
template <typename Table>
class Layouts {
 public:
  Layout<Table>& of(std::size_t vtable) {
    constexpr unsigned kBits = 3;
    return layouts_[static_cast<std::uint32_t>(vtable) * 0x9e37'79b1u >> (32 - kBits)];
  }

 private:
  std::array<Layout<Table>, 8> layouts_;
};

// At which remainders modulo 8 a table must stand for a member at `at` to be aligned.
std::uint8_t residues_of(voffset_t at, std::size_t alignment) {
  const unsigned every = alignment == 8 ? 0x01 : alignment == 4 ? 0x11 : alignment == 2 ? 0x55 : 0xff;
  const std::size_t up = (alignment - at % alignment) % alignment;
  return static_cast<std::uint8_t>(every << up);
}

// Offsets are numbers here, never pointers, and none is followed before it was compared with the size.
class BatchVerifier {
 public:
  explicit BatchVerifier(std::span<const std::uint8_t> bytes)
      : bytes_(bytes.data()), size_(bytes.size()), tables_left_(bytes.size() / 8 + 1) {}

  ReadFault verify() {
    std::size_t root = 0;
    const bool sound = holds(0, sizeof(uoffset_t)) && follow(0, root) && batch(root);
    if (spent()) return ReadFault::amplified;
    return sound ? ReadFault::none : ReadFault::malformed;
  }

 private:
  template <typename T>
  T read(std::size_t at) const {
    T value;
    std::memcpy(&value, bytes_ + at, sizeof(value));
    return value;
  }
  // The whole message is never one part of itself.
  bool holds(std::size_t at, std::size_t n) const { return n < size_ && at <= size_ - n; }
  static bool aligned(std::size_t at, std::size_t alignment) { return (at & (alignment - 1)) == 0; }

  // The offset at `at`, which is within the message and aligned: to somewhere behind itself.
  bool follow(std::size_t at, std::size_t& target) const {
    const auto offset = read<uoffset_t>(at);
    target = at + offset;
    return offset != 0 && offset <= INT32_MAX && target < size_;
  }
  // The elements of a vector are followed wherever they point, and what is found there says whether that was
  // right.
  std::size_t element(std::size_t vector, std::size_t i) const {
    const std::size_t at = vector + sizeof(uoffset_t) * (1 + i);
    return at + read<uoffset_t>(at);
  }

  bool vector(std::size_t at, std::size_t element_bytes, std::size_t& count) const {
    if (!aligned(at, sizeof(uoffset_t)) || !holds(at, sizeof(uoffset_t))) return false;
    count = read<uoffset_t>(at);
    return holds(at, sizeof(uoffset_t) + element_bytes * count);
  }
  bool text(std::size_t at) {
    std::size_t n = 0;
    if (!vector(at, 1, n)) return false;
    used_ += n;
    const std::size_t end = at + sizeof(uoffset_t) + n;
    return end < size_ && bytes_[end] == 0;
  }

  // Children of a table, where `at` is the place in the vtable and 0 means that there is none.
  bool child_text(std::size_t table, voffset_t at) {
    std::size_t target = 0;
    return at == 0 || (follow(table + at, target) && text(target));
  }
  bool child_vector(std::size_t table, voffset_t at, std::size_t element_bytes) {
    std::size_t target = 0, count = 0;
    if (at == 0) return true;
    if (!follow(table + at, target) || !vector(target, element_bytes, count)) return false;
    used_ += element_bytes * count;
    return true;
  }

  bool spent() const { return used_ > size_ * kAmplificationMax; }

  template <typename Table>
  bool learn(Layout<Table>& layout, std::size_t vtable) const;
  template <typename Table>
  const Layout<Table>* open(std::size_t table, Layouts<Table>& layouts);

  bool batch(std::size_t at);
  bool record(std::size_t at);
  bool message(std::size_t at);
  bool field(std::size_t at);

  const std::uint8_t* const bytes_;
  const std::size_t size_;
  std::size_t tables_left_;
  std::uint64_t used_ = 0;  // what the parts of all records take together
  Layouts<wire::RecordBatch> batch_;
  Layouts<wire::Record> record_;
  Layouts<wire::Message> message_;
  Layouts<wire::Field> field_;
};

template <typename Table>
bool BatchVerifier::learn(Layout<Table>& layout, std::size_t vtable) const {
  layout.vtable = Layout<Table>::kNowhere;
  if (!aligned(vtable, sizeof(voffset_t)) || !holds(vtable, sizeof(voffset_t))) return false;
  const std::size_t vtable_bytes = read<voffset_t>(vtable);
  if (!aligned(vtable_bytes, sizeof(voffset_t)) || !holds(vtable, vtable_bytes)) return false;
  layout.end = sizeof(soffset_t);
  layout.residues = 0xff;
  const auto place = [&](voffset_t slot, std::size_t bytes, std::size_t alignment) -> voffset_t {
    const voffset_t at = slot < vtable_bytes ? read<voffset_t>(vtable + slot) : voffset_t{0};
    if (at == 0) return 0;
    layout.end = std::max(layout.end, static_cast<std::uint32_t>(at + bytes));
    layout.residues &= residues_of(at, alignment);
    return at;
  };
  bool complete = true;
  for (const Inline& member : Form<Table>::kInline) {
    const voffset_t at = place(member.slot, member.bytes, member.alignment);
    complete = complete && (at != 0 ? member.bytes < size_ : !member.required);
  }
  for (std::size_t i = 0; i < layout.at.size(); ++i) {
    const Child& child = Form<Table>::kChildren[i];
    layout.at[i] = place(child.slot, sizeof(uoffset_t), alignof(uoffset_t));
    complete = complete && (layout.at[i] != 0 || !child.required);
  }
  if (complete) layout.vtable = vtable;
  return complete;
}

// The layout of the table, every member of which is then within the message and aligned; nullptr: it is not
// so.
template <typename Table>
const Layout<Table>* BatchVerifier::open(std::size_t table, Layouts<Table>& layouts) {
  if (!aligned(table, sizeof(soffset_t)) || !holds(table, sizeof(soffset_t)) || tables_left_ == 0)
    return nullptr;
  --tables_left_;
  // Signed, and taken away: the vtable may stand before or behind.
  const std::size_t vtable = table - static_cast<std::size_t>(std::ptrdiff_t{read<soffset_t>(table)});
  Layout<Table>& known = layouts.of(vtable);
  if (vtable != known.vtable && !learn(known, vtable)) return nullptr;
  if (known.end > size_ - table || (known.residues >> (table & 7) & 1) == 0) return nullptr;
  return &known;
}

bool BatchVerifier::field(std::size_t at) {
  using F = Form<wire::Field>;
  const Layout<wire::Field>* layout = open(at, field_);
  if (layout == nullptr) return false;
  if (!child_text(at, layout->at[F::name]) || !child_text(at, layout->at[F::text])) return false;
  if (layout->at[F::list] == 0) return true;
  std::size_t list = 0, count = 0;
  if (!follow(at + layout->at[F::list], list) || !vector(list, sizeof(uoffset_t), count)) return false;
  used_ += sizeof(uoffset_t) * count;
  for (std::size_t i = 0; i < count; ++i)
    if (!text(element(list, i))) return false;
  return !spent();
}

bool BatchVerifier::message(std::size_t at) {
  using F = Form<wire::Message>;
  const Layout<wire::Message>* layout = open(at, message_);
  if (layout == nullptr) return false;
  const auto& child = layout->at;
  if (!child_vector(at, child[F::header_bytes], 1) ||
      !child_vector(at, child[F::headers], sizeof(wire::HeaderSpan)) ||
      !child_vector(at, child[F::body], 1) || !child_text(at, child[F::content_type]) ||
      !child_text(at, child[F::content_encoding]))
    return false;
  if (child[F::fields] == 0) return true;
  std::size_t fields = 0, count = 0;
  if (!follow(at + child[F::fields], fields) || !vector(fields, sizeof(uoffset_t), count)) return false;
  for (std::size_t i = 0; i < count; ++i)
    if (!field(element(fields, i))) return false;
  return true;
}

bool BatchVerifier::record(std::size_t at) {
  using F = Form<wire::Record>;
  const Layout<wire::Record>* layout = open(at, record_);
  if (layout == nullptr) return false;
  const auto& child = layout->at;
  for (std::size_t i = F::first_text; i < F::texts; ++i)
    if (!child_text(at, child[i])) return false;
  if (!child_vector(at, child[F::vlans], sizeof(std::uint16_t))) return false;
  std::size_t target = 0;
  if (child[F::request] != 0 && !(follow(at + child[F::request], target) && message(target))) return false;
  if (child[F::response] != 0 && !(follow(at + child[F::response], target) && message(target))) return false;
  return !spent();
}

bool BatchVerifier::batch(std::size_t at) {
  using F = Form<wire::RecordBatch>;
  const Layout<wire::RecordBatch>* layout = open(at, batch_);
  if (layout == nullptr) return false;
  if (!child_text(at, layout->at[F::sensor]) || !child_text(at, layout->at[F::topic])) return false;
  used_ = 0;  // of the records alone
  std::size_t records = 0, count = 0;
  if (!follow(at + layout->at[F::records], records) || !vector(records, sizeof(uoffset_t), count))
    return false;
  for (std::size_t i = 0; i < count; ++i)
    if (!record(element(records, i))) return false;
  return true;
}

}  // namespace

ReadFault verify_batch(std::span<const std::uint8_t> bytes) {
  return BatchVerifier(bytes).verify();
}

}  // namespace spanlight
