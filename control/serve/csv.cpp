#include "serve/csv.h"

#include <array>
#include <charconv>

#include "record/names.h"
#include "record/reader.h"

namespace spanlight::serve {
namespace {

constexpr std::string_view kHead =
    "id,source,sensor,protocol,version,state,reason,timestamp,response_timestamp,elapsed_us,transport,src_ip,"
    "src_port,"
    "src_name,src_namespace,src_service,src_workload,dst_ip,dst_port,dst_name,dst_namespace,dst_service,dst_"
    "workload,"
    "method,path,query_string,status_code,is_error,error,summary,request_bytes,response_bytes,trace_id,"
    "request_id\r\n";

class Line {
 public:
  explicit Line(TextBuffer& out) : out_(out) {}

  Line& text(std::string_view text) {
    next();
    append_csv_cell(out_, text);
    return *this;
  }
  Line& text(const flatbuffers::String* words) { return text(text_of(words)); }
  Line& number(std::int64_t value) {
    next();
    std::array<char, 24> digits;
    const std::to_chars_result end = std::to_chars(digits.data(), digits.data() + digits.size(), value);
    out_.append(std::string_view(digits.data(), end.ptr));
    return *this;
  }
  Line& count(std::uint64_t value) { return number(static_cast<std::int64_t>(value)); }
  Line& nothing() {
    next();
    return *this;
  }
  Line& time(std::uint64_t time_ns) {
    next();
    if (time_ns == 0) return *this;
    char written[kTimeTextBytes];
    write_time(written, time_ns);
    out_.append(std::string_view(written, sizeof(written)));
    return *this;
  }
  Line& end(const wire::Address& address, std::uint16_t port, const CallEnd& end) {
    char written[kAddressTextMax];
    text(std::string_view(written, write_address(written, address)));
    count(port);
    static const Party kNobody;
    const Party& party = end.party == nullptr ? kNobody : *end.party;
    return text(party.name.empty() ? end.dns : party.name)
        .text(party.name_space)
        .text(party.service)
        .text(party.workload);
  }
  void done() { out_.append("\r\n"); }

 private:
  void next() {
    if (!first_) out_.append(',');
    first_ = false;
  }
  TextBuffer& out_;
  bool first_ = true;
};

}  // namespace

void append_csv_cell(TextBuffer& out, std::string_view text) {
  constexpr std::string_view kFormula = "=+-@\t\r";
  const bool runs = !text.empty() && kFormula.find(text.front()) != kFormula.npos;
  const bool quoted = runs || text.find_first_of(",\"\r\n") != text.npos;
  if (!quoted) {
    out.append(text);
    return;
  }
  out.append(runs ? "\"'" : "\"");
  for (const char c : text) {
    if (c == '"') out.append('"');
    out.append(c);
  }
  out.append('"');
}

void append_csv_head(TextBuffer& out) {
  out.append(kHead);
}

void append_csv(TextBuffer& out, const StoredCall& stored) {
  const Call& call = stored.call();
  const wire::Record& record = *call.record;
  Line line(out);
  line.text(stored.id().text())
      .text(stored.source())
      .text(call.batch->sensor())
      .text(record.protocol())
      .text(record.version())
      .text(state_name(record.state()));
  line.text(record.reason() == wire::Reason::none ? std::string_view{} : reason_name(record.reason()));
  line.time(record.timestamp()).time(record.response_timestamp());
  const bool timed =
      record.state() == wire::State::complete && record.timestamp() != 0 && record.response_timestamp() != 0;
  if (timed)
    line.number(static_cast<std::int64_t>(record.response_timestamp() - record.timestamp()) / 1'000);
  else
    line.nothing();
  line.text(transport_name(record.transport()));
  line.end(*record.src(), record.src_port(), call.src).end(*record.dst(), record.dst_port(), call.dst);
  line.text(record.method()).text(record.path()).text(record.query_string());
  if (record.has_status())
    line.number(record.status_code());
  else
    line.nothing();
  line.text(record.is_error() ? "true" : "false").text(record.error()).text(record.summary());
  const auto bytes = [&](const wire::Message* message) {
    if (message == nullptr)
      line.nothing();
    else
      line.count(message->size());
  };
  bytes(record.request());
  bytes(record.response());
  line.text(record.trace_id()).text(record.request_id());
  line.done();
}

}  // namespace spanlight::serve
