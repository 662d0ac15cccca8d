// Bytes → what GraphQL's readers make of them: requests, forms, responses, query strings, bare documents,
// messages of WebSocket. Checked: views lie in the input or in the room, and what is said of a preview that
// is cut is never taken back when the rest is there.
//
// Input: u8 which reader, then the text.

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>

#include "core/gql/request.h"

namespace spanlight {
namespace {

using gql::Request;
using gql::Room;

constexpr std::size_t kTextMax = 2'048;
constexpr std::size_t kPrefixesMax = 64;

[[noreturn]] void broken(const char* what) {
  std::fprintf(stderr, "broken: %s\n", what);
  std::abort();
}

void check_view(std::string_view view, std::string_view text, const Room& room) {
  if (view.empty()) return;
  const auto inside = [&](const void* data, std::size_t size) {
    const auto* first = static_cast<const char*>(data);
    return view.data() >= first && view.data() + view.size() <= first + size;
  };
  if (!inside(text.data(), text.size()) && !inside(room.data(), room.size())) broken("a view of nothing");
}

void check_request(const Request& request, std::string_view text, const Room& room) {
  check_view(request.name, text, room);
  check_view(request.persisted, text, room);
  for (std::size_t i = 0; i < std::min<std::size_t>(request.variables, gql::kVariablesMax); ++i)
    check_view(request.variable_names[i], text, room);
  for (std::size_t i = 0; i < std::min<std::size_t>(request.batch, gql::kOperationsMax); ++i)
    check_view(request.batch_names[i], text, room);
  const bool typed = request.type != gql::OperationType::none;
  if (typed && !request.found) broken("an operation of nothing");
  if (gql::operation_name(request.type).empty() == typed) broken("a type without a name");
}

void check_requests(std::string_view text) {
  const auto room = std::make_unique<Room>(), other = std::make_unique<Room>();
  Request whole;
  gql::read_request(text, true, *room, whole);
  check_request(whole, text, *room);
  if (!whole.found || whole.cut) return;
  const std::size_t step = text.size() / kPrefixesMax + 1;
  for (std::size_t n = 0; n < text.size(); n += step) {
    Request part;
    gql::read_request(text.substr(0, n), false, *other, part);
    check_request(part, text, *other);
    if (!part.found) continue;
    if (!part.cut) broken("a preview that is cut and does not say so");
    if (part.type != gql::OperationType::none && (part.type != whole.type || part.name != whole.name) &&
        whole.type != gql::OperationType::none)
      broken("another operation than the whole has");
  }
}

void check_document(std::string_view text) {
  Request whole;
  gql::read_document(text, true, whole);
  const gql::Document named = gql::parse_document(text, "a", false);
  if (named.type != gql::OperationType::none && named.name != "a")
    broken("another operation than was asked for");
  if (!whole.found) return;
  const std::size_t step = text.size() / kPrefixesMax + 1;
  for (std::size_t n = 0; n < text.size(); n += step) {
    Request part;
    gql::read_document(text.substr(0, n), false, part);
    if (part.found && part.type != gql::OperationType::none) broken("a cut document that is sure of itself");
  }
}

using ReadResponse = void (*)(std::string_view, bool, gql::Response&);

void check_response(ReadResponse read, std::string_view text) {
  gql::Response whole;
  read(text, true, whole);
  gql::Response part;
  read(text.substr(0, text.size() / 2), false, part);
  if (part.errors > 0 && whole.errors == 0) broken("errors that the whole does not have");
}

void run(std::string_view text) {
  const auto room = std::make_unique<Room>();
  const char which = text.empty() ? '\0' : text[0];
  text = text.substr(std::min<std::size_t>(text.size(), 1), kTextMax);
  gql::may_be_request(text);
  switch (which & 7) {
    case 0:
      return check_document(text);
    case 1: {
      Request request;
      if ((which & 8) != 0)
        gql::read_form(text, *room, request);
      else
        gql::read_query_string(text, *room, request);
      return check_request(request, text, *room);
    }
    case 2: {
      constexpr ReadResponse kReaders[] = {gql::read_response, gql::read_parts, gql::read_events,
                                           gql::read_response};
      return check_response(kReaders[which >> 3 & 3], text);
    }
    case 3: {
      gql::SocketMessage message;
      gql::read_socket_message(text, (which & 8) != 0, *room, message);
      check_view(message.id, text, *room);
      return check_request(message.request, text, *room);
    }
    default:
      return check_requests(text);
  }
}

}  // namespace
}  // namespace spanlight

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  spanlight::run(spanlight::as_text({data, size}));
  return 0;
}
