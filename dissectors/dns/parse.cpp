#include "dns/parse.h"

#include <algorithm>
#include <cstring>

#include "dns/codes.h"

namespace spanlight::dns {

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
  out.name_at = at;
  out.name_bytes = name.end - at;
  out.type = r.be<std::uint16_t>();
  out.klass = r.be<std::uint16_t>();
  at = name.end + r.at();
  return r.fault();
}

// name | u16 type | u16 class | u32 ttl | u16 length | rdata
Fault read_record(Bytes message, std::size_t& at, ResourceRecord& out) {
  const NameEnd name = skip_name(message, at);
  if (name.fault != Fault::none) return name.fault;
  Reader r{message.subspan(name.end)};
  out.name_at = at;
  out.type = r.be<std::uint16_t>();
  out.klass = r.be<std::uint16_t>();
  out.ttl = r.be<std::uint32_t>();
  out.rdata_bytes = r.be<std::uint16_t>();
  out.rdata_at = name.end + r.at();
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
  for (unsigned s = 0; s < kSections; ++s) {
    out.reached = static_cast<Section>(s);
    out.begin[s] = at;
    // Every round takes bytes off the message.
    for (unsigned i = 0; i < out.header.counts[s]; ++i) {
      Question question;
      ResourceRecord record;
      out.fault = s == 0 ? read_question(message, at, question) : read_record(message, at, record);
      if (out.fault != Fault::none) return out;
      out.end = at;
      if (s == 0 && i == 0) out.question = question;
      if (out.reached == Section::additional && record.type == type::kOpt && !out.has_opt) {
        out.has_opt = true;
        out.opt = record;
      }
    }
  }
  out.end = is_end(message, out.header, at) ? message.size() : at;
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
