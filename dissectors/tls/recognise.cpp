#include "tls/recognise.h"

#include <algorithm>

#include "core/tls/hello.h"
#include "tls/record_layer.h"

namespace spanlight::tls {
namespace {

constexpr std::size_t kHelloBytesMin = 38;  // version, random, sizes of what may be empty

// type | u24 length | u16 version; the first record may end within them
Verdict look_at_hello(Bytes in, bool whole) {
  Reader r(in);
  const std::uint8_t type = r.u8();
  const std::size_t high = r.u8();
  const std::size_t bytes = high << 16 | r.be<std::uint16_t>();
  const bool length_seen = r.ok();
  const std::uint8_t major = r.u8();
  const bool major_seen = r.ok();
  const bool client = type == handshake::client_hello;
  if (!in.empty() && !client && type != handshake::server_hello) return Verdict::no;
  if (in.size() > 1 && high != 0) return Verdict::no;
  if (length_seen && bytes < kHelloBytesMin) return Verdict::no;
  if (major_seen && major != 3) return Verdict::no;
  if (!whole) return Verdict::more;
  return client ? Verdict::client : Verdict::server;
}

// What is said of SSL 2's form, byte by byte: type, version, and that the parts make up the whole.
Verdict look_at_old(Bytes in) {
  constexpr std::size_t kPartsAt = 5, kHeadBytes = 11, kCipherBytes = 3, kChallengeMin = 16,
                        kChallengeMax = 32;
  if (in.size() > 2 && in[2] != handshake::client_hello) return Verdict::no;
  if (in.size() > 3 && in[3] != 3) return Verdict::no;
  if (in.size() > 4 && in[4] > 3) return Verdict::no;
  if (in.size() < kHeadBytes) return Verdict::more;
  Reader r(in.subspan(kPartsAt));
  const std::size_t ciphers = r.be<std::uint16_t>(), id = r.be<std::uint16_t>(),
                    challenge = r.be<std::uint16_t>();
  const bool parts = ciphers > 0 && ciphers % kCipherBytes == 0 && id <= 32 && challenge >= kChallengeMin &&
                     challenge <= kChallengeMax;
  const bool sum = old_record_bytes(in) == kHeadBytes - kOldHeadBytes + ciphers + id + challenge;
  return parts && sum ? Verdict::client : Verdict::no;
}

// In the clear, as it is where a server has no hello for the client.
Look look_at_alert(Bytes window) {
  constexpr std::size_t kAlertBytes = 2;
  if (window.empty() || window[0] != content::alert) return Look::no;
  const RecordHead head = parse_record_head(window);
  if (head.fault == Fault::short_input) return Look::more;
  return head.fault == Fault::none && head.bytes == kAlertBytes ? Look::yes : Look::no;
}

Verdict hello_of(Direction from) {
  return from == Direction::c2s ? Verdict::client : Verdict::server;
}

}  // namespace

Verdict probe(Bytes own, Bytes) {
  if (own.empty()) return Verdict::more;
  if (own[0] != content::handshake) return begins_old(own) ? look_at_old(own) : Verdict::no;
  if (own.size() > 1 && own[1] != 3) return Verdict::no;
  if (own.size() > 2 && own[2] > 4) return Verdict::no;
  if (own.size() < kRecordHeadBytes) return Verdict::more;
  const RecordHead head = parse_record_head(own);
  if (head.fault != Fault::none) return Verdict::no;
  const std::size_t shown = std::min<std::size_t>(head.bytes, kProbeBytes - kRecordHeadBytes);
  const Bytes inside = own.subspan(kRecordHeadBytes);
  return look_at_hello(inside.first(std::min(shown, inside.size())), inside.size() >= shown);
}

std::span<const Signs> signs(Direction) {
  static constexpr Signs kSigns[] = {Signs(ByteSet::range(content::change_cipher_spec, content::application),
                                           ByteSet::of("\3"), ByteSet::range(0, 4),
                                           ByteSet::range(0, kRecordBytesMax >> 8))};
  return kSigns;
}

Look begins(Direction from, Bytes window) {
  // SSL 2's form alone is no proof among anybody's bytes.
  if (!any_allows(signs(from), window)) return Look::no;
  if (probe(window, {}) == hello_of(from)) return Look::yes;
  constexpr unsigned kRecordsMin = 2;
  for (unsigned seen = 0; seen < kRecordsMin; ++seen) {
    if (window.size() < kRecordHeadBytes)
      return any_allows(signs(Direction::c2s), window) ? Look::more : Look::no;
    const RecordHead head = parse_record_head(window);
    if (head.fault != Fault::none || head.bytes == 0 || !any_allows(signs(Direction::c2s), window))
      return Look::no;
    const std::size_t whole = kRecordHeadBytes + head.bytes;
    window = window.subspan(std::min(whole, window.size()));
  }
  return Look::yes;
}

Sync sync(Direction from, Bytes window) {
  return first_of(window, signs(from), [from](Bytes rest) {
    const Verdict seen = probe(rest, {});
    const Look alert = from == Direction::s2c ? look_at_alert(rest) : Look::no;
    if (seen == hello_of(from) || alert == Look::yes) return Look::yes;
    return seen == Verdict::more || alert == Look::more ? Look::more : Look::no;
  });
}

}  // namespace spanlight::tls
