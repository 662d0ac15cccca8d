// What a message says: its opening, compressed or not, and what of its documents is shown.

#include <algorithm>

#include "mongodb/connection.h"
#include "mongodb/json.h"

namespace spanlight::mongodb {
namespace {

// i32 size | name\0 | documents: as a member of a JSON object. Gives how much of `in` it is; 0: not all is
// there.
std::size_t show_sequence(Bytes in, bool hides, TextRoom& out, bool& redacted) {
  constexpr std::size_t kNameBytesMax = 255;
  Reader r(in);
  const std::uint32_t size = r.le<std::uint32_t>();
  if (!r.ok()) return 0;
  const Bytes names = in.subspan(4, std::min(in.size() - 4, kNameBytesMax));
  const auto zero = static_cast<std::size_t>(std::find(names.begin(), names.end(), 0) - names.begin());
  if (zero == names.size() || size < 4 + zero + 1) return 0;
  out.put('{');
  out.open_json_string();
  out.text(as_text(names.first(zero)));
  out.close_json_string();
  out.put(":[");
  std::size_t at = 4 + zero + 1;
  for (bool any = false; at < size; any = true) {
    if (any) out.put(',');
    if (at >= in.size() || !to_json(in.subspan(at), hides, out, redacted)) return 0;
    at += Reader(in.subspan(at)).le<std::uint32_t>();
  }
  out.put("]}");
  return at == size ? at : 0;
}

}  // namespace

// How much stands before the documents. `body` is what is there of the message, `size` all of it. Documents
// are read as they pass; here what is shown of them is made.
std::size_t Connection::read_head(Half& half, std::uint32_t opcode, Bytes body, std::uint64_t size,
                                  Documents& documents) {
  constexpr std::uint64_t kChecksumBytes = 4;
  half.opcode = opcode;
  const Opening opening = parse_opening(opcode, body);
  half.bits = opening.flags;
  half.space.set(opening.space);
  half.returned = opening.returned;
  half.said.cursor = opening.cursor;
  half.said.has_cursor = opening.has_cursor;
  if (opening.fault != Fault::none) {
    ++workshop_.counters.malformed;
    half.malformed = half.json_cut = true;
    return 0;
  }
  const bool sections = opcode == kMsg;
  std::uint64_t bytes = size - opening.size;
  if (sections && (opening.flags & kChecksum) != 0) bytes -= std::min(bytes, kChecksumBytes);
  const bool looked_at = sections || opening.has_document;
  Bytes shown = body.subspan(opening.size);
  shown = shown.first(static_cast<std::size_t>(std::min<std::uint64_t>(shown.size(), bytes)));
  const bool has_documents = looked_at || opcode == kInsert || opcode == kUpdate || opcode == kDelete;
  if (!has_documents) return opening.size;
  documents.begin(sections, looked_at ? bytes : 0);
  // A look ahead: whether it holds what logs somebody in is to be known before anything is shown.
  Documents ahead = documents;
  Said said;
  ahead.feed(shown, said);
  half.said.proves_identity = said.proves_identity;
  const Call* answered = way(Direction::s2c).call;
  const bool of_answer = answered != nullptr && &answered->told == &half;
  const bool hides =
      said.proves_identity || ahead.broken() || (of_answer && answered->asked.said.proves_identity);
  show(half, shown, sections, hides && !workshop_.limits.credentials_shown);
  return opening.size;
}

void Connection::read_packed(Direction from, Bytes body) {
  Way& w = way(from);
  Half& half = half_of(from);
  const Packing packing = parse_packing(body);
  if (packing.fault != Fault::none) {
    ++workshop_.counters.malformed;
    half.malformed = true;
    return;
  }
  half.opcode = packing.opcode;
  half.packing = packing.name;
  const Bytes packed = body.subspan(kPackingBytes);
  unpack::Unpacked out;
  if (packing.method == unpack::Method::none)
    out.bytes = packed;
  else if (w.left == body.size())
    out = unpack::unpack(workshop_, packing.method, packed, packing.size);
  half.malformed = out.malformed;
  half.unread = out.bytes.empty();
  if (!half.unread) {
    Documents documents;
    documents.begin(false, 0);
    const std::uint64_t size = std::max<std::uint64_t>(packing.size, out.bytes.size());
    const std::size_t at = read_head(half, packing.opcode, out.bytes, size, documents);
    documents.feed(out.bytes.subspan(at), half.said);
    half.sent = documents.sent();
    if (out.bytes.size() < size) half.json_cut = true;
  }
  workshop_.previews.give(out.block);
}

// The documents as JSON, one line for each section.
void Connection::show(Half& half, Bytes documents, bool sections, bool hides) {
  if (documents.empty()) return;
  char room[kJsonBytesMax];
  const std::size_t bytes = std::min<std::size_t>(workshop_.limits.body_preview_bytes, kJsonBytesMax);
  half.json_cut = true;
  half.json_shed = workshop_.limits.previews_shed;
  if (bytes == 0 || half.json_shed) return;
  TextRoom out({room, bytes});
  std::size_t at = 0;
  while (at < documents.size()) {
    if (at > 0) out.put('\n');
    const bool sequence = sections && documents[at] == 1;
    const Bytes rest = documents.subspan(at + (sections ? 1 : 0));
    std::size_t n = 0;
    if (sequence)
      n = show_sequence(rest, hides, out, half.redacted);
    else if (to_json(rest, hides, out, half.redacted))
      n = Reader(rest).le<std::uint32_t>();
    if (n == 0) break;
    at += n + (sections ? 1 : 0);
  }
  half.json_cut = at < documents.size() || out.full();
  if (half.json.append(workshop_.previews, as_bytes(out.since(0)))) return;
  ++workshop_.counters.preview_exhausted;
  half.json_cut = true;
}

}  // namespace spanlight::mongodb
