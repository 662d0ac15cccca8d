#include "ingest/dns_naming.h"

#include <algorithm>
#include <charconv>
#include <string>
#include <string_view>

#include "record/flat_object.h"
#include "record/reader.h"

namespace spanlight {
namespace {

const wire::Field* field_of(const wire::Message& message, std::string_view name) {
  for (const wire::Field* field : elements_of(message.fields()))
    if (text_of(field->name()) == name) return field;
  return nullptr;
}

std::string_view text_in(const wire::Message* message, std::string_view name) {
  const wire::Field* field = message == nullptr ? nullptr : field_of(*message, name);
  return field == nullptr ? std::string_view{} : text_of(field->text());
}

char lower(char c) {
  return static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

bool same_name(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, {}, lower, lower);
}

struct Answer {
  std::string_view name, type, data;
  std::uint32_t ttl_s = 0;
  bool is_address() const { return type == "A" || type == "AAAA"; }
};

// Names with escapes name nothing that is worth showing: DnsNames refuses them.
Answer read_answer(std::string_view text) {
  Answer out;
  FlatObject object(text);
  FlatObject::Member member;
  while (object.next(member)) {
    if (member.key == "name") out.name = member.value;
    if (member.key == "type") out.type = member.value;
    if (member.key == "data") out.data = member.value;
    if (member.key == "ttl")
      std::from_chars(member.value.data(), member.value.data() + member.value.size(), out.ttl_s);
  }
  return object.whole() ? out : Answer{};
}

// The name that was asked for and those that stand for it.
class Aliases {
 public:
  explicit Aliases(std::string_view asked) : names_{asked} {}
  bool holds(std::string_view name) const {
    return std::ranges::any_of(names_, [&](std::string_view known) { return same_name(known, name); });
  }
  // True: that was news.
  bool add(std::string_view name) {
    if (names_.size() == DnsNaming::kAliasesMax || holds(name)) return false;
    names_.push_back(name);
    return true;
  }

 private:
  std::vector<std::string_view> names_;
};

}  // namespace

void DnsNaming::learn(const wire::Record& record) {
  const std::string_view protocol = text_of(record.protocol());
  const bool multicast = protocol == "mdns";
  if (!multicast && protocol != "dns" && protocol != "llmnr") return;
  const wire::Message* answered = multicast ? record.request() : record.response();
  if (answered == nullptr || record.is_error()) return;
  // Nobody asked: such an answer may be anybody's invention. Multicast answers always come so.
  if (!multicast && record.reason() == wire::Reason::unsolicited) return;
  std::string_view asked = text_in(record.request(), "name");
  if (multicast) asked = {};
  if (asked.empty() && !multicast) {
    const wire::Field* questions = field_of(*answered, "questions");
    if (questions != nullptr && size_of(questions->list()) > 0) asked = text_of(questions->list()->Get(0));
  }
  const std::uint64_t time =
      record.response_timestamp() != 0 ? record.response_timestamp() : record.timestamp();
  learn_answers(*answered, asked, time, multicast);
}

void DnsNaming::learn_answers(const wire::Message& answered, std::string_view asked, std::uint64_t time_ns,
                              bool multicast) {
  const wire::Field* field = field_of(answered, "answers");
  if (field == nullptr || text_of(field->text()) != "json") return;
  Aliases aliases(asked);
  // Aliases may stand in any order.
  for (bool news = !asked.empty(); news;) {
    news = false;
    for (const flatbuffers::String* text : elements_of(field->list())) {
      const Answer answer = read_answer(text_of(text));
      if (answer.type == "CNAME" && aliases.holds(answer.name)) news |= aliases.add(answer.data);
    }
  }
  for (const flatbuffers::String* text : elements_of(field->list())) {
    const Answer answer = read_answer(text_of(text));
    if (!answer.is_address() || (multicast && answer.ttl_s == 0)) continue;  // RFC 6762, 10.1: it goes away
    const auto address = parse_address(answer.data);
    if (!address) continue;
    const bool for_asked = !asked.empty() && aliases.holds(answer.name);
    names_.learn(*address, for_asked ? asked : answer.name, time_ns, std::min(answer.ttl_s, kTtlMaxS));
  }
}

std::shared_ptr<const void> DnsNaming::name(std::vector<Call>& calls,
                                            std::shared_ptr<const NameState> names) {
  struct Kept {
    std::shared_ptr<const NameState> state;
    std::vector<std::shared_ptr<const std::string>> texts;
  };
  if (names_.size() == 0) return names;
  std::shared_ptr<Kept> together;
  for (Call& call : calls) {
    const wire::Record& record = *call.record;
    const std::uint64_t time = record.timestamp() != 0 ? record.timestamp() : record.response_timestamp();
    const std::pair<CallEnd*, const wire::Address*> ends[] = {{&call.src, record.src()},
                                                              {&call.dst, record.dst()}};
    for (const auto& [end, address] : ends) {
      if (end->party != nullptr || !end->dns.empty()) continue;
      auto found = names_.find({address->high(), address->low()}, time);
      if (found == nullptr) continue;
      if (together == nullptr) together = std::make_shared<Kept>(Kept{names, {}});
      end->dns = *found;
      end->party = names == nullptr ? nullptr : names->party_of(*found);
      together->texts.push_back(std::move(found));
      ++named_;
    }
  }
  if (together == nullptr) return names;
  return together;
}

}  // namespace spanlight
