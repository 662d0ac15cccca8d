#include "dns/parse.h"

#include <algorithm>
#include <cstring>

#include "dns/codes.h"

namespace spanlight::dns {
namespace {

constexpr std::size_t kQuestionFixedBytes = 4, kRecordFixedBytes = 10;  // behind the name
constexpr std::uint16_t kPointerToFirst = 0xc000 | kHeaderBytes;

std::uint16_t u16_at(Bytes bytes, std::size_t at) {
  return static_cast<std::uint16_t>(bytes[at] << 8 | bytes[at + 1]);
}

// Whose name a record is of. Names are read in their order: that behind the header, the first of all, stood
// the test when one behind it points to it.
NameEnd skip_owner(Bytes message, std::size_t at) {
  if (at > kHeaderBytes && message.size() - at >= 2 && u16_at(message, at) == kPointerToFirst)
    return {.end = at + 2};
  return skip_name(message, at);
}

}  // namespace

// id | flags | QDCOUNT | ANCOUNT | NSCOUNT | ARCOUNT, 16 bits each.
Fault read_header(Bytes message, Header& out) {
  Reader r{message};
  out.id = r.be<std::uint16_t>();
  out.flags = r.be<std::uint16_t>();
  for (std::uint16_t& count : out.counts) count = r.be<std::uint16_t>();
  return r.fault();
}

// name | u16 type | u16 class
Fault read_question(Bytes message, std::size_t& at, Question& out) {
  const NameEnd name = skip_name(message, at);
  if (name.fault != Fault::none) return name.fault;
  Reader r{message.subspan(name.end)};
  const Bytes fixed = r.take(kQuestionFixedBytes);
  if (!r.ok()) return r.fault();
  out.name_at = static_cast<std::uint32_t>(at);
  out.name_bytes = static_cast<std::uint32_t>(name.end - at);
  out.type = u16_at(fixed, 0);
  out.klass = u16_at(fixed, 2);
  at = name.end + kQuestionFixedBytes;
  return Fault::none;
}

// name | u16 type | u16 class | u32 ttl | u16 length | rdata
Fault read_record(Bytes message, std::size_t& at, ResourceRecord& out) {
  const NameEnd name = skip_owner(message, at);
  if (name.fault != Fault::none) return name.fault;
  Reader r{message.subspan(name.end)};
  const Bytes fixed = r.take(kRecordFixedBytes);
  if (!r.ok()) return r.fault();
  out.name_at = static_cast<std::uint32_t>(at);
  out.type = u16_at(fixed, 0);
  out.klass = u16_at(fixed, 2);
  out.ttl = std::uint32_t{u16_at(fixed, 4)} << 16 | u16_at(fixed, 6);
  out.rdata_bytes = u16_at(fixed, 8);
  out.rdata_at = static_cast<std::uint32_t>(name.end + kRecordFixedBytes);
  r.skip(out.rdata_bytes);
  at = name.end + r.at();
  return r.fault();
}

Outline outline_of(Bytes message) {
  Outline out;
  out.fault = read_header(message, out.header);
  if (out.fault != Fault::none) return out;
  out.has_header = true;
  std::size_t at = kHeaderBytes;
  // Every entry takes bytes off the message.
  const auto enter = [&](Section section) {
    out.reached = section;
    out.begin[static_cast<unsigned>(section)] = static_cast<std::uint32_t>(at);
  };
  const auto passes = [&](Fault fault) {
    out.fault = fault;
    if (fault == Fault::none) out.end = static_cast<std::uint32_t>(at);
    return fault == Fault::none;
  };
  enter(Section::question);
  for (unsigned i = 0; i < out.header.count(Section::question); ++i) {
    Question later;
    if (!passes(read_question(message, at, i == 0 ? out.question : later))) return out;
  }
  for (const Section section : {Section::answer, Section::authority, Section::additional}) {
    enter(section);
    for (unsigned i = 0; i < out.header.count(section); ++i) {
      ResourceRecord record;
      if (!passes(read_record(message, at, record))) return out;
      if (section != Section::additional || record.type != type::kOpt || out.has_opt) continue;
      out.has_opt = true;
      out.opt = record;
    }
  }
  out.end = static_cast<std::uint32_t>(is_end(message, out.header, at) ? message.size() : at);
  return out;
}

bool holds_values(const Header& header) {
  return header.opcode() == opcode::kStateful &&
         std::ranges::all_of(header.counts, [](std::uint16_t count) { return count == 0; });
}

bool is_end(Bytes message, const Header& header, std::size_t at) {
  if (holds_values(header)) {
    Reader r{message.subspan(at)};
    while (r.ok() && r.left() > 0) {
      r.skip(sizeof(std::uint16_t));
      r.skip(r.be<std::uint16_t>());
    }
    return r.ok();
  }
  const std::string_view rest = as_text(message.subspan(at));
  return rest.empty() || rest == "MS";
}

unsigned rcode_of(const Outline& outline) {
  const unsigned high = outline.has_opt ? outline.opt.ttl >> 24 : 0;
  return high << 4 | outline.header.rcode();
}

// Where the bytes of two names are the same, the names end at the same place.
bool same_question(Bytes a, Bytes b, const Question& in_b) {
  constexpr std::size_t kTypeAndClassBytes = 4;
  const std::size_t n = in_b.name_bytes;
  if (a.size() < in_b.name_at + n + kTypeAndClassBytes) return false;
  const Bytes of_a = a.subspan(in_b.name_at), of_b = b.subspan(in_b.name_at);
  return std::memcmp(of_a.data() + n, of_b.data() + n, kTypeAndClassBytes) == 0 &&
         same_name(of_a.first(n), of_b.first(n));
}

// Eight bytes at a time; case does not count, nor does what differs from case by the same bit.
std::uint16_t digest_of(Bytes message, const Question& question) {
  constexpr std::uint64_t kFold = 0x2020202020202020, kMix = 0x9e3779b97f4a7c15;
  std::uint64_t hash = question.type;
  const auto mix = [&hash](std::uint64_t word) {
    hash = (hash ^ (word | kFold)) * kMix;
    hash ^= hash >> 32;
  };
  Bytes rest = message.subspan(question.name_at, question.name_bytes);
  std::uint64_t word = 0;
  for (; rest.size() >= sizeof(word); rest = rest.subspan(sizeof(word))) {
    std::memcpy(&word, rest.data(), sizeof(word));
    mix(word);
  }
  word = 0;
  for (const std::uint8_t byte : rest) word = word << 8 | byte;
  if (!rest.empty()) mix(word);
  const auto folded = static_cast<std::uint16_t>(hash ^ hash >> 16);
  return folded == 0 ? 1 : folded;
}

}  // namespace spanlight::dns
