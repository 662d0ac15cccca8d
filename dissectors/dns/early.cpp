// Answers that are seen before their queries: of a TAP's two ports each is read for itself, and under load
// one lags behind. They wait a moment, and are told alone if no query comes.

#include <algorithm>

#include "dns/connection.h"

namespace spanlight::dns {

// False: it is told at once. Of a stream both directions come in order; who asks a group asks elsewhere.
bool Connection::keep_early(Direction from, const Read& message) {
  if (!flavour_.datagrams || flavour_.asks_many || early_count_ >= kEarlyMax ||
      message.bytes.size() > kKeptBytesMax || was_answered(message))
    return false;
  Query* answer = take_query(message);
  if (answer == nullptr) return false;
  answer->from = from;
  append(early_, *answer);
  ++early_count_;
  return true;
}

// As it was when it came.
Connection::Read Connection::read_again(const Query& kept) {
  return {kept.bytes(), kept.size - kept.kept, kept.outline, kept.question, kept.first_byte, kept.last_byte};
}

// `query` has just come.
void Connection::answer_early(Query& query, Sink& sink) {
  for (Query** at = &early_; *at != nullptr; at = &(*at)->next) {
    Query& early = **at;
    Read answer = read_again(early);
    if (early.from == query.from || !is_answered_by(query, answer)) continue;
    // Where the clock is the sensor's own, it says when they were read.
    answer.first_byte = std::max(answer.first_byte, query.first_byte);
    answer.last_byte = std::max(answer.last_byte, answer.first_byte);
    *at = early.next;
    --early_count_;
    tell_pair(query, answer, sink);
    return give(early);
  }
}

// The oldest: nobody asked.
void Connection::tell_first_early(Sink& sink) {
  Query& early = *early_;
  early_ = early.next;
  --early_count_;
  tell_unasked(early.from, read_again(early), sink);
  give(early);
}

}  // namespace spanlight::dns
