#pragma once
// Messages of MongoDB's wire protocol: bytes to message, pure. Source: MongoDB manual, "Wire Protocol".

#include <cstdint>
#include <string_view>

#include "core/reader.h"
#include "core/unpack/unpack.h"
#include "mongodb/walk.h"

namespace spanlight::mongodb {

// i32 length | i32 request id | i32 response to | i32 opcode
constexpr std::size_t kHeaderBytes = 16;
constexpr std::uint32_t kMessageBytesMax = kDocumentBytesMax + 4'096;

enum Opcode : std::uint32_t {
  kReply = 1,
  kUpdate = 2001,
  kInsert = 2002,
  kQuery = 2004,
  kGetMore = 2005,
  kDelete = 2006,
  kKillCursors = 2007,
  kCompressed = 2012,
  kMsg = 2013,
};

struct Header {
  std::uint32_t length = 0;
  std::uint32_t request_id = 0;
  std::uint32_t response_to = 0;
  std::uint32_t opcode = 0;
  bool understood() const;
};
Header header_of(Bytes in);  // of 16 bytes at least

std::string_view op_name(std::uint32_t opcode);  // msg, query, reply, …; empty: no such opcode

// Bits of OP_MSG.
constexpr std::uint32_t kChecksum = 1u << 0;
constexpr std::uint32_t kMoreToCome = 1u << 1;
constexpr std::uint32_t kExhaustAllowed = 1u << 16;
constexpr std::uint32_t kMsgFlags = kChecksum | kMoreToCome | kExhaustAllowed;
constexpr std::uint32_t kQueryFailure = 1u << 1;  // of OP_REPLY

// What stands before the documents.
struct Opening {
  Fault fault = Fault::none;
  std::size_t size = 0;  // of it
  std::uint32_t flags = 0;
  std::string_view space;  // database.collection
  std::int64_t cursor = 0;
  std::uint32_t returned = 0;  // documents of a reply
  bool has_cursor = false;
  bool has_document = false;
};
Opening parse_opening(std::uint32_t opcode, Bytes body);

// OP_COMPRESSED: i32 opcode | i32 size unpacked | u8 how
struct Packing {
  Fault fault = Fault::none;
  std::uint32_t opcode = 0;
  std::uint32_t size = 0;
  std::uint8_t how = 0;
  unpack::Method method = unpack::Method::none;
  std::string_view name;
};
constexpr std::size_t kPackingBytes = 9;
Packing parse_packing(Bytes body);

// Documents of a message as they come: OP_MSG's sections, or an older message's first document; the others
// pass.
class Documents {
 public:
  void begin(bool sections, std::uint64_t bytes);

  // Takes what it can of the message's documents.
  std::size_t feed(Bytes bytes, Said& said);

  bool done() const { return stage_ == Stage::done; }
  bool broken() const { return broken_; }
  std::uint64_t passing() const;
  void pass(std::uint64_t n, bool missing);
  std::uint64_t sent() const { return sent_; }  // documents of a sequence

 private:
  enum class Stage : std::uint8_t { kind, document, sequence, in_sequence, done };
  std::size_t step(Bytes bytes, Said& said);
  std::size_t begin_sequence(Bytes bytes);
  std::size_t next_of_sequence(Bytes bytes);
  void fail();

  Walk walk_;
  Stage stage_ = Stage::done;
  bool sections_ = false;
  bool broken_ = false;
  std::uint64_t left_ = 0;
  std::uint64_t sequence_left_ = 0;
  std::uint64_t passing_ = 0;
  std::uint64_t sent_ = 0;
};

}  // namespace spanlight::mongodb
