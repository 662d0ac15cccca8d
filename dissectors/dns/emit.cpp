// From a query and its answer to the record's transaction. Texts are made here and die when emit() returns.

#include <algorithm>
#include <array>
#include <bit>
#include <string_view>

#include "core/listed.h"
#include "dns/codes.h"
#include "dns/edns.h"
#include "dns/exchange.h"
#include "dns/rdata.h"

namespace spanlight::dns {
namespace {

constexpr std::size_t kTextBytes = 24'576;  // of one record; what does not fit is counted in the record
constexpr std::size_t kQuestionsShown = 64;
constexpr std::size_t kRecordsShown = 128;  // of each section
constexpr std::size_t kFieldsMax = 24;      // of each half

using Texts = Listed<std::string_view, kRecordsShown>;
static_assert(kQuestionsShown <= kRecordsShown);

// Everything that one record's views point to.
class Record {
 public:
  Record(const Flavour& flavour, const Exchange& exchange) : flavour_(flavour), exchange_(exchange) {}
  void emit(Sink& sink);

 private:
  using Fields = Listed<Field, kFieldsMax>;

  void set_query(const Half& half);
  void set_response(const Half& half);
  void set_questions(const Half& half);
  void add_question(const Half& half, const Question& question);
  void set_summary(const Half& half);
  void set_error();
  void add_header(Fields& fields, const Half& half);
  void add_edns(Fields& fields, const Half& half);
  void add_records(Fields& fields, const Half& half, Section section, Texts& texts, std::string_view name,
                   std::string_view left_out_name);

  template <typename Write>
  std::string_view text(const Write& write);
  static void add_text(Fields& fields, std::string_view name, std::string_view value) {
    fields.add({.name = name, .text = value});
  }
  static void add_number(Fields& fields, std::string_view name, std::uint64_t value) {
    fields.add({.name = name, .kind = Field::Kind::integer, .integer = static_cast<std::int64_t>(value)});
  }
  static void add_true(Fields& fields, std::string_view name) {
    fields.add({.name = name, .kind = Field::Kind::boolean, .integer = 1});
  }

  const Flavour& flavour_;
  const Exchange& exchange_;
  Transaction out_;
  Fields query_fields_, response_fields_;
  Texts questions_, types_, answers_, authorities_, updates_;
  std::string_view extended_error_;
  std::array<char, kTextBytes> bytes_;
  TextRoom room_{bytes_};
};

template <typename Write>
std::string_view Record::text(const Write& write) {
  const std::size_t start = room_.mark();
  write();
  if (room_.full()) room_.back_to(start);
  return room_.since(start);
}

// "aa tc rd ra ad cd", as dig shows them, for each set of them, by the bits from the lowest to the highest of
// these flags; QR is told by the half.
struct FlagTexts {
  struct Shown {
    std::uint16_t flag;
    std::string_view name;
  };
  static constexpr std::array<Shown, 6> kShown = {{{kAuthoritative, "aa"},
                                                   {kTruncated, "tc"},
                                                   {kRecursionDesired, "rd"},
                                                   {kRecursionAvailable, "ra"},
                                                   {kAuthentic, "ad"},
                                                   {kCheckingDisabled, "cd"}}};
  static constexpr unsigned kShift = std::countr_zero(unsigned{kCheckingDisabled});
  static constexpr std::size_t kSets = std::size_t{kAuthoritative} * 2 >> kShift,
                               kBytesMax = 3 * kShown.size();
  std::array<std::array<char, kBytesMax>, kSets> texts{};
  std::array<std::uint8_t, kSets> sizes{};

  constexpr FlagTexts() {
    for (std::size_t set = 0; set < kSets; ++set) {
      for (const Shown& shown : kShown) {
        if ((set << kShift & shown.flag) == 0) continue;
        if (sizes[set] > 0) texts[set][sizes[set]++] = ' ';
        for (const char c : shown.name) texts[set][sizes[set]++] = c;
      }
    }
  }
  std::string_view of(std::uint16_t flags) const {
    const std::size_t set = flags >> kShift & (kSets - 1);
    return {texts[set].data(), sizes[set]};
  }
};
constexpr FlagTexts kFlagTexts;

void set_times(Message& out, const Half& half) {
  out.present = true;
  out.first_byte = half.first_byte;
  out.last_byte = half.last_byte;
  out.size = half.size;
}

void Record::add_header(Fields& fields, const Half& half) {
  const Header& header = half.outline->header;
  if (const std::string_view flags = kFlagTexts.of(header.flags); !flags.empty())
    add_text(fields, "header_flags", flags);
  if ((header.flags & kTruncated) != 0) add_true(fields, "truncated");
  if (half.outline->has_opt) add_edns(fields, half);
}

void Record::add_edns(Fields& fields, const Half& half) {
  const Edns edns = edns_of(half.bytes, half.outline->opt);
  add_number(fields, "edns_udp_size", edns.udp_bytes);
  if (edns.version != 0) add_number(fields, "edns_version", edns.version);
  if (edns.dnssec_ok) add_true(fields, "dnssec_ok");
  if (!edns.client_subnet.empty())
    add_text(fields, "client_subnet", text([&] { write_client_subnet(room_, edns.client_subnet); }));
  if (edns.extended_error.empty()) return;
  extended_error_ = text([&] { write_extended_error(room_, edns.extended_error); });
  add_text(fields, "extended_error", extended_error_);
}

// Names and types of what is asked. The first ones stand alone, too.
void Record::set_questions(const Half& half) {
  const std::size_t count = half.outline->header.count(Section::question);
  if (count == 1) return add_question(half, half.outline->question);
  std::size_t at = kHeaderBytes;
  for (std::size_t i = 0; i < std::min(count, kQuestionsShown); ++i) {
    Question question;
    if (read_question(half.bytes, at, question) != Fault::none) return;
    add_question(half, question);
  }
}

void Record::add_question(const Half& half, const Question& question) {
  questions_.add(text([&] { write_name(room_, half.bytes, question.name_at, flavour_.style); }));
  const std::string_view known = type_name(question.type);
  types_.add(!known.empty() ? known : text([&] { write_type(room_, question.type); }));
}

void Record::add_records(Fields& fields, const Half& half, Section section, Texts& texts,
                         std::string_view name, std::string_view left_out_name) {
  std::size_t left_out = 0;
  each_record(half.bytes, *half.outline, section, [&](const ResourceRecord& record) {
    const std::size_t start = room_.mark();
    if (texts.all().size() < kRecordsShown && write_record(room_, half.bytes, record, flavour_.style))
      texts.add(room_.since(start));
    else
      ++left_out;
  });
  fields.add({.name = name, .kind = Field::Kind::list, .list = texts.all(), .objects = true});
  if (left_out > 0) add_number(fields, left_out_name, left_out);
}

// "A www.example.org", of several questions the first; what says something unasked: of its first record.
void Record::set_summary(const Half& half) {
  const Outline& outline = *half.outline;
  const auto questions = questions_.all();
  std::string_view kind = opcode_name(outline.header.opcode());
  if (kind.empty()) kind = text([&] { write_opcode(room_, outline.header.opcode()); });
  if (outline.header.opcode() == opcode::kQuery && !types_.all().empty()) kind = types_.all().front();
  out_.method = kind;
  out_.summary = text([&] {
    if (!questions.empty()) {
      room_.put(kind);
      room_.put(' ');
      room_.put(questions.front());
      if (questions.size() == 1) return;
      room_.put(" and ");
      room_.number(outline.header.count(Section::question) - 1u);
      room_.put(" more");
      return;
    }
    bool first = true;
    each_record(half.bytes, outline, Section::answer, [&](const ResourceRecord& record) {
      if (!first) return;
      first = false;
      write_type(room_, record.type);
      room_.put(' ');
      write_name(room_, half.bytes, record.name_at, flavour_.style);
      room_.put(" (answer)");
    });
    if (first) room_.put(kind);
  });
}

void Record::set_query(const Half& half) {
  const Header& header = half.outline->header;
  Fields& fields = query_fields_;
  set_times(out_.request, half);
  add_number(fields, "id", header.id);
  add_number(fields, "opcode", header.opcode());
  if (!flavour_.pairs) add_number(fields, "qr", header.is_response() ? 1 : 0);
  if (exchange_.asked_by == Direction::s2c) add_text(fields, "direction", "s2c");
  if (!questions_.all().empty()) {
    add_text(fields, "name", questions_.all().front());
    add_text(fields, "type", types_.all().front());
    if (const std::uint16_t asked = half.outline->question.klass & ~klass::kTopBit; asked != klass::kIn)
      add_text(fields, "class", text([&] { write_class(room_, asked); }));
    fields.add({.name = "questions", .kind = Field::Kind::list, .list = questions_.all()});
    fields.add({.name = "question_types", .kind = Field::Kind::list, .list = types_.all()});
  }
  add_header(fields, half);
  if (exchange_.retransmissions > 0) add_number(fields, "retransmissions", exchange_.retransmissions);
  if (exchange_.repeated) add_true(fields, "retransmission");
  if (header.count(Section::answer) > 0) {
    add_number(fields, "answer_count", header.count(Section::answer));
    add_records(fields, half, Section::answer, answers_, "answers", "answers_left_out");
  }
  if (header.opcode() == opcode::kUpdate && header.count(Section::authority) > 0)
    add_records(fields, half, Section::authority, updates_, "updates", "updates_left_out");
  out_.request.fields = fields.all();
}

void Record::set_response(const Half& half) {
  const Outline& outline = *half.outline;
  Fields& fields = response_fields_;
  set_times(out_.response, half);
  const unsigned code = rcode_of(outline);
  out_.has_status = true;
  out_.status_code = static_cast<std::int32_t>(code);
  add_number(fields, "rcode", outline.header.rcode());
  const std::string_view known = rcode_name(code);
  add_text(fields, "rcode_name", !known.empty() ? known : text([&] { write_rcode(room_, code); }));
  if (exchange_.query == nullptr) {
    add_number(fields, "id", outline.header.id);
    if (!questions_.all().empty()) {
      fields.add({.name = "questions", .kind = Field::Kind::list, .list = questions_.all()});
      fields.add({.name = "question_types", .kind = Field::Kind::list, .list = types_.all()});
    }
  }
  add_number(fields, "answer_count", exchange_.answers);
  add_header(fields, half);
  if (exchange_.messages > 1) add_number(fields, "messages", exchange_.messages);
  add_records(fields, half, Section::answer, answers_, "answers", "answers_left_out");
  if (outline.header.count(Section::authority) > 0)
    add_records(fields, half, Section::authority, authorities_, "authorities", "authorities_left_out");
  out_.response.fields = fields.all();
  out_.is_error = code != 0;
  if (!out_.is_error) return;
  const std::string_view name = fields.all()[1].text;
  out_.error = extended_error_.empty() ? name : text([&] {
    room_.put(name);
    room_.put(", ");
    room_.put(extended_error_);
  });
}

// What the sensor missed is not the server's error; nor is a question to all that nobody answers.
void Record::set_error() {
  if (exchange_.state != State::no_response) return;
  switch (exchange_.reason) {
    case Reason::unanswered:
      out_.error = "no response: unanswered";
      break;
    case Reason::reset:
      out_.error = "no response: connection reset";
      break;
    case Reason::closed:
      out_.error = "no response: connection closed";
      break;
    default:
      return;
  }
  out_.is_error = true;
}

void Record::emit(Sink& sink) {
  const Half& known = exchange_.query != nullptr ? *exchange_.query : *exchange_.response;
  out_.protocol = flavour_.protocol;
  out_.state = exchange_.state;
  out_.reason = exchange_.reason;
  out_.flags = exchange_.flags;
  set_questions(known);
  set_summary(known);
  if (exchange_.query != nullptr) set_query(*exchange_.query);
  if (exchange_.response != nullptr)
    set_response(*exchange_.response);
  else
    set_error();
  sink.emit(out_);
}

}  // namespace

void emit_exchange(const Flavour& flavour, const Exchange& exchange, Sink& sink) {
  Record record(flavour, exchange);
  record.emit(sink);
}

}  // namespace spanlight::dns
