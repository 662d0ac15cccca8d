#include "mongodb/walk.h"

#include <algorithm>

namespace spanlight::mongodb {
namespace {

constexpr std::string_view kIdentityCommands[] = {"saslStart",  "saslContinue", "authenticate",
                                                  "createUser", "updateUser",   "copydbsaslstart",
                                                  "getnonce",   "copydb"};

std::uint32_t count_of(std::int64_t number) {
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(number, 0, 0xffffffff));
}

}  // namespace

Walk::Look Walk::look(Bytes bytes, Element& out) const {
  if (bytes.empty()) return Look::more;
  out.type = bytes[0];
  if (out.type == 0) return Look::end;
  const Bytes names = bytes.subspan(1, std::min(bytes.size() - 1, kNameBytesMax + 1));
  const auto zero = std::find(names.begin(), names.end(), 0);
  if (zero == names.end()) return names.size() > kNameBytesMax ? Look::bad : Look::more;
  out.name = as_text(names.first(static_cast<std::size_t>(zero - names.begin())));
  out.head = 1 + out.name.size() + 1;
  const Bytes value = bytes.subspan(out.head);
  out.size = size_of(out.type, value.first(std::min(value.size(), kElementBytesMax - out.head)));
  if (out.size == kUnknown) return Look::bad;
  if (out.size == kShort) return value.size() >= kElementBytesMax - out.head ? Look::bad : Look::more;
  const bool nested = out.type == kDocument || out.type == kArray;
  const std::size_t looked_at =
      nested ? 4 : static_cast<std::size_t>(std::min<std::uint64_t>(out.size, kLookedAtMax));
  if (value.size() < looked_at) return Look::more;
  out.value = value.first(looked_at);
  return Look::element;
}

std::size_t Walk::feed(Bytes bytes, bool last, Said& said) {
  std::size_t at = 0;
  while (state_ != State::done && state_ != State::broken) {
    if (passing_ > 0) {
      const auto n = static_cast<std::size_t>(std::min<std::uint64_t>(passing_, bytes.size() - at));
      passing_ -= n;
      at += n;
      if (passing_ > 0) return at;
      continue;
    }
    const Bytes rest = bytes.subspan(at);
    if (state_ == State::begin) {
      if (rest.size() < 4) break;
      const std::uint32_t length = Reader(rest).le<std::uint32_t>();
      if (length < kDocumentBytesMin || length > kDocumentBytesMax) {
        state_ = State::broken;
        break;
      }
      left_[0] = length - 4;
      at += 4;
      state_ = State::elements;
      continue;
    }
    Element element;
    const Look seen = look(rest, element);
    if (seen == Look::more) break;
    if (seen == Look::end) {
      at += 1;
      if (left_[depth_] != 1)
        state_ = State::broken;
      else if (depth_ == 0)
        state_ = State::done;
      else
        --depth_;
      continue;
    }
    if (seen == Look::bad || element.head + element.size >= left_[depth_]) {
      state_ = State::broken;
      break;
    }
    left_[depth_] -= element.head + element.size;
    at += element.head;
    take(element, said);
    Place into = Place::top;
    if (enters(element, said, into)) {
      ++depth_;
      places_[depth_] = into;
      left_[depth_] = element.size - 4;
      at += 4;
    } else {
      passing_ = element.size;
    }
  }
  if (last && state_ != State::done) state_ = State::broken;
  return at;
}

void Walk::take(const Element& element, Said& said) {
  const std::string_view name = element.name;
  const bool number = is_number(element.type);
  switch (places_[depth_]) {
    case Place::top:
      take_outer(element, said);
      return take_error(element, said);
    case Place::concern_error:
    case Place::write_error:
    case Place::outcome:
      return take_error(element, said);
    case Place::cursor:
      if (name == "id" && number) {
        said.cursor = integer_of(element.type, element.value);
        said.has_cursor = true;
      }
      if (name == "ns" && element.type == kString && said.collection.empty()) {
        const std::string_view space = text_of(element.value);
        const std::size_t dot = space.find('.');
        if (dot != std::string_view::npos) said.collection.set(space.substr(dot + 1));
      }
      return;
    case Place::batch:
      ++said.documents;
      return;
    case Place::write_errors:
      ++said.write_errors;
      return;
  }
}

// Of the command, or of its answer.
void Walk::take_outer(const Element& element, Said& said) {
  const std::string_view name = element.name;
  const bool number = is_number(element.type), text = element.type == kString;
  if (first_) {
    first_ = name == "$query" && element.type == kDocument;  // the command stands within
    said.command.set(name);
    if (text) said.collection.set(text_of(element.value));
    for (const std::string_view command : kIdentityCommands)
      if (name == command) said.proves_identity = true;
  }
  if (name == "$db" && text) said.database.set(text_of(element.value));
  if (name == "collection" && text && said.collection.empty()) said.collection.set(text_of(element.value));
  if (name == "speculativeAuthenticate" || (name == "conversationId" && number)) said.proves_identity = true;
  if (name == "getMore" && number) {
    said.cursor = integer_of(element.type, element.value);
    said.has_cursor = true;
  }
  if (name == "ok" && number) {
    said.ok = number_of(element.type, element.value);
    said.has_ok = true;
  }
  if (name == "nErrors" && number)
    said.write_errors = std::max(said.write_errors, count_of(integer_of(element.type, element.value)));
  if (name == "n" && number) {
    said.n = integer_of(element.type, element.value);
    said.has_n = true;
  }
}

// The first that comes counts.
void Walk::take_error(const Element& element, Said& said) {
  const std::string_view name = element.name;
  const bool text = element.type == kString;
  if (name == "code" && is_number(element.type) && !said.has_code) {
    said.code = static_cast<std::int32_t>(integer_of(element.type, element.value));
    said.has_code = true;
  }
  if ((name == "errmsg" || name == "$err") && text && said.message.empty())
    said.message.set(text_of(element.value));
  if (name == "codeName" && text && said.code_name.empty()) said.code_name.set(text_of(element.value));
}

// The documents that are worth a look inside.
bool Walk::enters(const Element& element, Said& said, Place& into) const {
  if (depth_ + 1u >= kDepthMax) return false;
  const bool document = element.type == kDocument, array = element.type == kArray;
  const Place here = places_[depth_];
  if (here == Place::top && document && element.name == "$query")
    into = Place::top;
  else if (here == Place::top && document && element.name == "cursor")
    into = Place::cursor;
  else if (here == Place::top && document && element.name == "writeConcernError")
    into = Place::concern_error;
  else if (here == Place::top && array && element.name == "writeErrors")
    into = Place::write_errors;
  else if (here == Place::write_errors && document && said.write_errors == 1)
    into = Place::write_error;
  else if (here == Place::cursor && array && (element.name == "firstBatch" || element.name == "nextBatch"))
    into = Place::batch;
  else if (here == Place::batch && document && said.answers_bulk && !said.has_code)
    into = Place::outcome;
  else
    return false;
  if (into == Place::batch) said.has_batch = true;
  if (into == Place::concern_error) said.concern_error = true;
  return true;
}

}  // namespace spanlight::mongodb
