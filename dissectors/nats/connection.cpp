#include "nats/connection.h"

#include "nats/recognise.h"

namespace spanlight::nats {
namespace {

// A subject that was made for one answer (clients' inboxes), or for one delivery (JetStream's
// acknowledgements).
bool is_inbox(std::string_view subject) {
  return subject.starts_with("_INBOX.") || subject.starts_with("$JS.ACK.") || subject.starts_with("_R_.");
}

// A pull: what it gets comes under the messages' own subjects, and to its inbox nothing but why there are no
// more. In front stands $JS.API, $JS.<domain>.API, or whatever an account imports it as.
bool is_pull(std::string_view subject) {
  return subject.find(".CONSUMER.MSG.NEXT.") != std::string_view::npos;
}

std::uint64_t hash_of(std::string_view text) {  // FNV-1a
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash;
}

}  // namespace

Token Connection::token(Direction from, Bytes rest) const {
  const Line line = read_line(rest);
  if (line.fault != Fault::none) return {.fault = line.fault};
  if (!(from == Direction::c2s ? is_from_client(line.op) : is_from_server(line.op)))
    return {.fault = Fault::bad_value};
  return {.head = line.bytes, .payload = line.carries() ? line.payload + 2 : 0};
}

Place Connection::accept(Direction, const Token&, Bytes head, bool, Sink&) {
  const Line line = read_line(head);
  return {.last = true, .body = line.carries(), .lead = line.header_bytes, .tail = 2};
}

Sync Connection::find(Direction from, Bytes rest) const {
  return find_again(from, rest);
}

// Who asked on this connection asked by PUB; who is asked on it got MSG, and answers by PUB.
Connection::Mark Connection::mark(Direction from, const KeptMessage& message) {
  const Line line = read_kept_line(message.head.bytes());
  if (line.fault != Fault::none) return {.role = Role::nothing};
  if (!line.carries()) return {};
  if (is_inbox(line.subject) && line.reply.empty())
    return {.role = Role::answers, .id = hash_of(line.subject)};
  // Who was sent a message need not answer it.
  if (is_inbox(line.reply))
    return {.role = Role::asks,
            .id = hash_of(line.reply),
            .quiet = from == Direction::s2c || is_pull(line.subject)};
  return {};
}

bool Connection::answers(const KeptMessage& request, const KeptMessage& response) const {
  return read_line(request.head.bytes()).reply == read_line(response.head.bytes()).subject;
}

void Connection::tell(const ToldCall& call, Sink& sink) {
  emit_call(call, workshop_.limits, sink);
}

bool Connection::park(const Position& position, Memo& memo) const {
  if (!rests(position)) return false;
  memo = to_memo(known());
  return true;
}

void Connection::resume(const Position& position, const Memo& memo) {
  resume_at(position);
  remember(from_memo<Known>(memo));
}

}  // namespace spanlight::nats
