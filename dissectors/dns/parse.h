#pragma once
// DNS messages (RFC 1035, 4.1): bytes to an outline of the message, pure and without state. A message is
// given whole, by its datagram or its length; `short_input` says that its counts promise more than it holds.

#include <cstdint>

#include "core/reader.h"
#include "dns/name.h"

namespace spanlight::dns {

constexpr std::size_t kLengthBytes = 2;  // in front of a message, in a stream (RFC 1035, 4.2.2)

enum class Section : std::uint8_t { question, answer, authority, additional };
constexpr unsigned kSections = 4;

// Bits of Header::flags (RFC 1035, 4.1.1; RFC 4035, 3).
enum HeaderFlag : std::uint16_t {
  kResponse = 1u << 15,
  kAuthoritative = 1u << 10,
  kTruncated = 1u << 9,
  kRecursionDesired = 1u << 8,
  kRecursionAvailable = 1u << 7,
  kReserved = 1u << 6,
  kAuthentic = 1u << 5,
  kCheckingDisabled = 1u << 4,
};

struct Header {
  std::uint16_t id = 0;
  std::uint16_t flags = 0;
  std::uint16_t counts[kSections]{};
  bool is_response() const { return (flags & kResponse) != 0; }
  std::uint8_t opcode() const { return flags >> 11 & 15; }
  std::uint8_t rcode() const { return flags & 15; }
  std::uint16_t count(Section s) const { return counts[static_cast<unsigned>(s)]; }
};

// Positions count from the message's start; of 32 bits, since a query keeps its outline while it waits.
struct Question {
  std::uint32_t name_at = 0;
  std::uint32_t name_bytes = 0;  // where it stands
  std::uint16_t type = 0;
  std::uint16_t klass = 0;
};

struct ResourceRecord {
  std::uint32_t name_at = 0;
  std::uint16_t type = 0;
  std::uint16_t klass = 0;
  std::uint32_t ttl = 0;
  std::uint32_t rdata_at = 0;
  std::uint16_t rdata_bytes = 0;
};

// Read what stands at `at` and move it on; what a fault left is not to be used.
Fault read_header(Bytes message, Header& out);
Fault read_question(Bytes message, std::size_t& at, Question& out);
Fault read_record(Bytes message, std::size_t& at, ResourceRecord& out);

struct Outline {
  Fault fault = Fault::none;
  Section reached = Section::question;  // the section that the fault is in; else the last one
  bool has_header = false;
  bool has_opt = false;
  Header header;
  std::uint32_t begin[kSections]{};  // of the sections up to `reached`
  std::uint32_t end = 0;             // behind the last record that was read
  Question question;                 // the first one, if the header counts any
  ResourceRecord opt;                // EDNS (RFC 6891), from the additional section

  bool understood() const { return has_header && (fault == Fault::none || reached != Section::question); }
  bool asks() const { return header.count(Section::question) > 0; }
};

Outline outline_of(Bytes message);

// Stateful operations (RFC 8490, 5.4) have no sections: behind the header stand types, lengths and values.
bool holds_values(const Header& header);

// Whether `at` is a message's end: nothing stands behind it but such values, or the mark by which Windows
// asks for a zone.
bool is_end(Bytes message, const Header& header, std::size_t at);

// Calls `on_record(const ResourceRecord&)` for each record of a section, up to the message's fault.
template <typename OnRecord>
void each_record(Bytes message, const Outline& outline, Section section, const OnRecord& on_record) {
  if (outline.fault != Fault::none && section > outline.reached) return;
  std::size_t at = outline.begin[static_cast<unsigned>(section)];
  for (unsigned left = outline.header.count(section); left > 0; --left) {
    ResourceRecord record;
    if (read_record(message, at, record) != Fault::none) return;
    on_record(record);
  }
}

// The code of a response: the header's, extended by EDNS.
unsigned rcode_of(const Outline& outline);

// Of the first questions of messages: nothing stands before them that their names could point to.
// Same name, type and class. Both are understood; of `a` nothing is parsed.
bool same_question(Bytes a, Bytes b, const Question& in_b);
// Of equal questions the same; never 0.
std::uint16_t digest_of(Bytes message, const Question& question);

}  // namespace spanlight::dns
