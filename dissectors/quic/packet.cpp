#include "quic/packet.h"

namespace spanlight::quic {
namespace {

using enum PacketType;

constexpr Salt kSaltOfV1 = {0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34, 0xb3, 0x4d, 0x17,
                            0x9a, 0xe6, 0xa4, 0xc8, 0x0c, 0xad, 0xcc, 0xbb, 0x7f, 0x0a};
constexpr Salt kSaltOfV2 = {0x0d, 0xed, 0xe3, 0xde, 0xf7, 0x00, 0xa6, 0xdb, 0x81, 0x93,
                            0x81, 0xbe, 0x6e, 0x26, 0x9d, 0xcb, 0xf9, 0xbd, 0x2e, 0xd9};
constexpr Salt kSaltOfDraft29 = {0xaf, 0xbf, 0xec, 0x28, 0x99, 0x93, 0xd2, 0x4c, 0x9e, 0x97,
                                 0x86, 0xf1, 0x9c, 0x61, 0x11, 0xe0, 0x43, 0x90, 0xa8, 0x99};
constexpr Salt kSaltOfDraft23 = {0xc3, 0xee, 0xf7, 0x12, 0xc7, 0x2e, 0xbb, 0x5a, 0x11, 0xa7,
                                 0xd2, 0x43, 0x2b, 0xb4, 0x63, 0x65, 0xbe, 0xf9, 0xf5, 0x02};

// Version 1 and what became it: they differ in the salt alone.
constexpr Version like_v1(std::uint32_t number, std::string_view name, std::string_view short_name,
                          const Salt& salt) {
  return {number,     name,      short_name, salt,
          "quic key", "quic iv", "quic hp",  {initial, zero_rtt, handshake, retry}};
}
constexpr Version draft(std::uint32_t number, std::string_view name, const Salt& salt) {
  return like_v1(number, name, name, salt);
}

// RFC 9001, 5.2; RFC 9369, 3.3; the drafts that were deployed.
constexpr Version kVersions[] = {
    like_v1(0x00000001, "v1", "1", kSaltOfV1),
    {0x6b3343cf,
     "v2",
     "2",
     kSaltOfV2,
     "quicv2 key",
     "quicv2 iv",
     "quicv2 hp",
     {retry, initial, zero_rtt, handshake}},
    draft(0xff000017, "draft-23", kSaltOfDraft23),
    draft(0xff000018, "draft-24", kSaltOfDraft23),
    draft(0xff000019, "draft-25", kSaltOfDraft23),
    draft(0xff00001a, "draft-26", kSaltOfDraft23),
    draft(0xff00001b, "draft-27", kSaltOfDraft23),
    draft(0xff00001c, "draft-28", kSaltOfDraft23),
    draft(0xff00001d, "draft-29", kSaltOfDraft29),
    draft(0xff00001e, "draft-30", kSaltOfDraft29),
    draft(0xff00001f, "draft-31", kSaltOfDraft29),
    draft(0xff000020, "draft-32", kSaltOfDraft29),
    draft(0xff000021, "draft-33", kSaltOfV1),
    draft(0xff000022, "draft-34", kSaltOfV1),
    // Facebook's (mvfst), of draft 27: its numbers are its names.
    draft(0xfaceb002, "0xfaceb002", kSaltOfDraft23),
    draft(0xfaceb00e, "0xfaceb00e", kSaltOfDraft23),
};

// The ids and what follows them are of the same form in all versions (RFC 8999, 5.1).
void read_ids(Reader& r, Head& out) {
  const std::size_t to_bytes = r.u8();
  out.to = r.take(to_bytes);
  const std::size_t from_bytes = r.u8();
  out.from = r.take(from_bytes);
}

}  // namespace

const Version* find_version(std::uint32_t number) {
  for (const Version& version : kVersions)
    if (version.number == number) return &version;
  return nullptr;
}

std::uint64_t read_varint(Reader& r) {
  const std::uint8_t first = r.u8();
  std::uint64_t value = first & 0x3f;
  for (unsigned more = (1u << (first >> 6)) - 1; more > 0; --more) value = value << 8 | r.u8();
  return r.ok() ? value : 0;
}

// flags | u32 version | u8 size, id | u8 size, id | [varint size, token] | varint length | number and payload
Head parse_head(Bytes in) {
  Reader r(in);
  Head out;
  const std::uint8_t flags = r.u8();
  out.version = r.be<std::uint32_t>();
  read_ids(r, out);
  r.require((flags & 0x80) != 0, Fault::bad_magic);
  if (r.ok() && out.version == 0) {
    out.type = version_negotiation;
    out.versions = r.rest();
  } else if (r.ok() && (out.known = find_version(out.version)) != nullptr) {
    out.type = out.known->types[flags >> 4 & 3];
    r.require(out.to.size() <= kConnectionIdBytesMax && out.from.size() <= kConnectionIdBytesMax,
              Fault::bad_length);
    if (out.type == initial) {
      const std::uint64_t token_bytes = read_varint(r);
      r.require(token_bytes <= r.left(), Fault::bad_length);
      out.token = r.take(r.ok() ? static_cast<std::size_t>(token_bytes) : 0);
    }
    if (out.type != retry) {
      const std::uint64_t length = read_varint(r);
      r.require(length <= r.left(), Fault::bad_length);
      out.number_at = r.at();
      if (r.ok()) out.whole_bytes = r.at() + static_cast<std::size_t>(length);
    }
  }
  if (out.whole_bytes == 0) out.whole_bytes = in.size();
  out.fault = r.fault();
  return out;
}

}  // namespace spanlight::quic
