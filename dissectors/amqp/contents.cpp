// Messages with a body: the method, its header and its frames, joined into one record.

#include <new>

#include "amqp/connection.h"
#include "amqp/table.h"

namespace spanlight::amqp {

void Connection::begin_content(Direction from, const Half& half, Sink& sink) {
  // One that did not end on this channel will not.
  if (Content* old = find_content(from, half.channel)) finish(*old, kFlagMalformed, sink);
  const bool full = content_count_ >= kContentsMax;
  const MutableBytes block = full ? MutableBytes{} : workshop_.state.take(sizeof(Content));
  Content* content = block.empty() ? nullptr : new (block.data()) Content;
  if (content == nullptr || !content->frames.append(workshop_.state, half.frame.bytes)) {
    workshop_.state.give(block);
    ++(full ? workshop_.counters.open_calls_exceeded : workshop_.counters.state_exhausted);
    return half.method->answers != 0 ? answer(from, half, kFlagTruncatedBody, sink)
                                     : say(from, half, kFlagTruncatedBody, sink);
  }
  content->from = from;
  content->channel = half.channel;
  content->method_bytes = static_cast<std::uint32_t>(half.frame.bytes.size());
  content->flags = half.frame.flags;
  content->size = half.frame.size;
  content->first_byte = half.frame.first_byte;
  content->last_byte = half.frame.last_byte;
  content->turn = half.frame.turn;
  Content** last = &contents_;
  while (*last != nullptr) last = &(*last)->next;
  *last = content;
  ++content_count_;
}

void Connection::take_header(Direction from, const Arrival& frame, Sink& sink) {
  const FrameHead head = read_head(frame.bytes);
  Content* content = find_content(from, head.channel);
  if (content == nullptr) return;  // its method was not seen
  if (content->has_header) return finish(*content, kFlagMalformed, sink);
  const ContentHeader header = read_content_header(frame.bytes.subspan(kHeadBytes));
  if (header.fault != Fault::none) {
    ++workshop_.counters.malformed;
    return finish(*content, kFlagMalformed, sink);
  }
  content->has_header = true;
  content->flags |= frame.flags;
  content->size += frame.size;
  content->last_byte = frame.last_byte;
  content->body_bytes = header.body_bytes;
  // A header that was cut cannot be read to its end: only what it says of the body is known.
  if (!frame.whole() || !content->frames.append(workshop_.state, frame.bytes)) {
    content->flags |= kFlagTruncatedHeaders;
    ++workshop_.counters.headers_truncated;
  }
  if (header.body_bytes == 0) return finish(*content, 0, sink);
  content->body.expect(workshop_, header.body_bytes);
}

// Tells the message, as far as it came.
void Connection::finish(Content& content, std::uint32_t flags, Sink& sink) {
  const Bytes frame = content.frames.bytes().first(content.method_bytes);
  const FrameHead head = read_head(frame);
  const Half half = Half::of({.bytes = frame,
                              .first_byte = content.first_byte,
                              .last_byte = content.last_byte,
                              .size = head.payload_bytes + kAroundBytes,
                              .turn = content.turn},
                             &content);
  flags |= content.flags;
  if (!content.has_header || content.body_seen < content.body_bytes) flags |= kFlagTruncatedBody;
  if (half.method->answers != 0)
    answer(content.from, half, flags, sink);
  else
    say(content.from, half, flags, sink);
  release(content);
}

Content* Connection::find_content(Direction from, std::uint16_t channel) const {
  for (Content* content = contents_; content != nullptr; content = content->next)
    if (content->from == from && content->channel == channel) return content;
  return nullptr;
}

void Connection::drop_contents(Direction from, std::uint32_t flags, Sink& sink) {
  for (Content* content = contents_; content != nullptr;) {
    Content* const next = content->next;
    if (content->from == from) finish(*content, flags | kFlagTruncatedBody, sink);
    content = next;
  }
}

void Connection::release(Content& content) {
  for (Way& way : ways_)
    if (way.content == &content) way.content = nullptr;
  Content** at = &contents_;
  while (*at != &content) at = &(*at)->next;
  *at = content.next;
  --content_count_;
  content.body.release(workshop_);
  content.frames.release(workshop_.state);
  workshop_.state.give({reinterpret_cast<std::uint8_t*>(&content), sizeof(Content)});
}

}  // namespace spanlight::amqp
