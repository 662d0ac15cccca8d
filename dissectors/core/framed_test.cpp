// What Framed, Ordered and ById promise, through a protocol of lines: "?id text" asks, "!id text" answers,
// "+n" carries n bytes of payload, "." says something that is no answer.

#include "core/framed.h"

#include <gtest/gtest.h>

#include <charconv>
#include <cstring>
#include <new>

#include "core/by_id.h"
#include "core/ordered.h"
#include "core/testing/harness.h"

namespace spanlight {
namespace {

using testing::Call;
using testing::Conversation;
using testing::Outcome;
using testing::Play;

constexpr Direction kClient = Direction::c2s, kServer = Direction::s2c;
extern const Descriptor kById, kInOrder;

Token read_token(Bytes rest) {
  const void* found = std::memchr(rest.data(), '\n', rest.size());
  if (std::string_view("?!+.").find(static_cast<char>(rest[0])) == std::string_view::npos)
    return {.fault = Fault::bad_magic};
  if (found == nullptr) return {.fault = Fault::short_input};
  const auto size = static_cast<std::size_t>(static_cast<const std::uint8_t*>(found) - rest.data()) + 1;
  std::uint64_t payload = 0;
  if (rest[0] == '+')
    std::from_chars(reinterpret_cast<const char*>(rest.data()) + 1,
                    reinterpret_cast<const char*>(rest.data()) + size - 1, payload);
  return {.head = size, .payload = payload};
}

Sync find_token(Bytes rest) {
  for (std::size_t at = 0; at < rest.size(); ++at)
    if (std::string_view("?!").find(static_cast<char>(rest[at])) != std::string_view::npos)
      return {.skip = at, .found = true};
  return {.skip = rest.size(), .found = false};
}

void emit(const Descriptor& protocol, const ToldCall& call, Sink& sink) {
  Transaction out;
  out.protocol = &protocol;
  out.state = call.state;
  out.reason = call.reason;
  out.flags = call.flags;
  if (call.request != nullptr) {
    out.flags |= call.request->flags;
    out.summary = call.request->text();
    out.request = {.present = true,
                   .first_byte = call.request->first_byte,
                   .size = call.request->size,
                   .body_size = call.request->body_size};
  }
  if (call.response != nullptr) {
    out.flags |= call.response->flags;
    out.path = call.response->text();
    out.response = {.present = true, .first_byte = call.response->first_byte, .size = call.response->size};
  }
  sink.emit(out);
}

class LinesById final : public ById {
 public:
  using ById::ById;

 private:
  Token token(Direction, Bytes rest) const override { return read_token(rest); }
  Place accept(Direction, const Token& token, Bytes, bool, Sink&) override {
    return {.last = true, .body = token.payload > 0, .tail = 1};
  }
  Sync find(Direction, Bytes rest) const override { return find_token(rest); }
  Mark mark(Direction, const KeptMessage& message) override {
    const std::string_view text = message.text();
    if (text.size() < 2 || text[0] == '+' || text[0] == '.') return {};
    return {.role = text[0] == '?' ? Role::asks : Role::answers,
            .id = static_cast<std::uint8_t>(text[1]),
            .quiet = text[1] == 'q'};
  }
  void tell(const ToldCall& call, Sink& sink) override { emit(kById, call, sink); }
};

class LinesInOrder final : public Ordered {
 public:
  using Ordered::Ordered;

 private:
  Token token(Direction, Bytes rest) const override { return read_token(rest); }
  Place accept(Direction from, const Token& token, Bytes, bool, Sink& sink) override {
    if (from == kServer) look(false, sink);
    return {.last = true, .body = token.payload > 0, .tail = 1};
  }
  Sync find(Direction, Bytes rest) const override { return find_token(rest); }
  Asked look_at_request(KeptMessage& request) override {
    return {.answered = !request.text().starts_with('.')};
  }
  Kind kind_of(const KeptMessage& message, bool) override {
    return message.text().starts_with('.') ? Kind::push : Kind::answer;
  }
  bool is_tellable(const KeptMessage&) const override { return true; }
  void tell(const ToldCall& call, Sink& sink) override { emit(kInOrder, call, sink); }
};

template <typename Kind>
Dissector* create(void* slot, Workshop& workshop) {
  return new (slot) Kind(workshop);
}
const Descriptor kById{
    .name = "by_id", .title = "By id", .slot_bytes = sizeof(LinesById), .create = create<LinesById>};
const Descriptor kInOrder{.name = "in_order",
                          .title = "In order",
                          .slot_bytes = sizeof(LinesInOrder),
                          .create = create<LinesInOrder>};

std::string seen(const Outcome& o) {
  std::string out;
  for (const Call& c : o.calls)
    out += c.summary.substr(0, 2) +
           (c.state == State::complete  ? "="
            : c.state == State::one_way ? "~"
                                        : "-") +
           c.path.substr(0, 2) + ((c.flags & kFlagGap) != 0 ? "(gap) " : " ");
  return out;
}

struct Case {
  const char* name;
  Conversation conversation;
  const char* by_id;
  const char* in_order;
};

TEST(Framed, ByTable) {
  const Case cases[] = {
      {"in turn",
       {{kClient, "?a\n"}, {kServer, "!a\n"}, {kClient, "?b\n"}, {kServer, "!b\n"}},
       "?a=!a ?b=!b ",
       "?a=!a ?b=!b "},
      {"out of order", {{kClient, "?a\n?b\n"}, {kServer, "!b\n!a\n"}}, "?b=!b ?a=!a ", "?a=!b ?b=!a "},
      {"by either side", {{kServer, "?a\n"}, {kClient, "!a\n"}}, "?a=!a ", "-?a !a- "},
      {"nobody asked", {{kClient, "?a\n"}, {kServer, "!a\n!c\n"}}, "?a=!a -!c ", "?a=!a -!c "},
      {"one way", {{kClient, "?a\n"}, {kServer, ".x\n!a\n"}}, ".x~ ?a=!a ", ".x~ ?a=!a "},
      {"never answered", {{kClient, "?a\n?q\n"}}, "?a- ?q~ ", "?a- ?q- "},
      {"begun before it was asked",
       {{kServer, "!a"}, {kClient, "?a\n"}, {kServer, "\n"}},
       "-!a ?a- ",
       "-!a(gap) ?a-(gap) "},
      {"garbage is looked through", {{kClient, "?a\n"}, {kServer, "xx!a\n"}}, "?a=!a ", "?a- -!a "},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(seen(testing::play(kById, c.conversation)), c.by_id) << c.name;
    EXPECT_EQ(seen(testing::play(kInOrder, c.conversation)), c.in_order) << c.name;
    for (const Descriptor* protocol : {&kById, &kInOrder})
      EXPECT_EQ(testing::check_splits(*protocol, c.conversation), "") << c.name;
  }
}

TEST(Framed, PayloadsPassByCounter) {
  const Conversation c = {{kClient, "+100000\n" + std::string(50'000, 'x')},
                          {kClient, std::string(50'000, 'x') + "?a\n"},
                          {kServer, "!a\n"}};
  const Outcome o = testing::play(kById, c);
  ASSERT_EQ(o.calls.size(), 2u);
  EXPECT_EQ(o.calls[0].request_size, 100'008u);
  EXPECT_EQ(o.calls[0].request_body_size, 99'999u);
  EXPECT_GT(o.skipped_bytes, 40'000u);
  EXPECT_EQ(testing::check_splits(kById, c), "");
}

TEST(Framed, AHoleInAPayloadTouchesItsMessageAlone) {
  Conversation c = {{kClient, "+300\n" + std::string(100, 'x')},
                    {kClient, std::string(100, 'x')},
                    {kClient, std::string(100, 'x') + "?a\n"},
                    {kServer, "!a\n"}};
  c[1].lost = true;
  const Outcome o = testing::play(kById, c);
  EXPECT_EQ(seen(o), "+3~(gap) ?a=!a ");
  EXPECT_EQ(o.calls[0].request_body_size, 299u);
}

TEST(Framed, AHoleElsewhereIsTold) {
  Conversation c = {{kClient, "?a\n"}, {kServer, "!a\n"}, {kClient, "?b\n"},
                    {kServer, "!b\n"}, {kClient, "?c\n"}, {kServer, "!c\n"}};
  for (const Descriptor* protocol : {&kById, &kInOrder}) {
    EXPECT_EQ(testing::check_gaps(*protocol, c), "");
    Conversation holed = c;
    holed[3].lost = true;
    // In order the next request says that the answer was lost; by id it may still come.
    EXPECT_EQ(seen(testing::play(*protocol, holed)),
              protocol == &kById ? "?a=!a ?c=!c ?b-(gap) " : "?a=!a ?b-(gap) ?c=!c ");
  }
}

TEST(Framed, NoMemoryIsSurvived) {
  Play how;
  how.state_bytes = how.preview_bytes = 0;
  for (const Descriptor* protocol : {&kById, &kInOrder}) {
    const Outcome o = testing::play(*protocol, {{kClient, "?a\n"}, {kServer, "!a\n"}}, how);
    EXPECT_TRUE(o.violations.empty());
    EXPECT_EQ(o.used_bytes, 0u);
    EXPECT_GT(o.counters.preview_exhausted, 0u);
  }
}

}  // namespace
}  // namespace spanlight
