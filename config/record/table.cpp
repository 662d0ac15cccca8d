#include "record/table.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <string>

#include "record/call_line.h"
#include "record/names.h"
#include "record/reader.h"

namespace spanlight {
namespace {

constexpr std::string_view kRed = "\x1b[31m", kGreen = "\x1b[32m", kYellow = "\x1b[33m", kCyan = "\x1b[36m",
                           kDim = "\x1b[2m", kBold = "\x1b[1m", kReset = "\x1b[0m", kPlain = {};
constexpr std::string_view kSpaces = "                                                                ";
constexpr unsigned kGap = 2;  // between two columns
constexpr unsigned kTime = 12, kTimeShort = 8, kProtocol = 8, kStatus = 7, kLatency = 8, kOneEnd = 21,
                   kSizes = 15, kFlags = 24, kCallMin = 12;
constexpr unsigned kBothEnds = 2 * kOneEnd + 3;  // " → "

// What is worth a mark beside the status, where there is no room for the flags themselves.
constexpr std::uint32_t kDoubtful =
    static_cast<std::uint32_t>(wire::Flag::gap) | static_cast<std::uint32_t>(wire::Flag::malformed) |
    static_cast<std::uint32_t>(wire::Flag::midstream) | static_cast<std::uint32_t>(wire::Flag::uncertain);

// The wider the terminal, the more is shown; the call itself takes what is left.
TableWriter::Layout layout_for(unsigned columns) {
  if (columns == 0) return {kTime, kProtocol, 40, kStatus, kLatency, kBothEnds, kSizes, kFlags};
  TableWriter::Layout layout{kTime, kProtocol, 0, kStatus, kLatency, 0, 0, 0};
  if (columns < 60) {
    layout.time = kTimeShort;
    layout.protocol = 0;
    if (columns < 45) layout.latency = 0;
  }
  if (columns >= 100) layout.ends = kOneEnd;
  if (columns >= 140) layout.ends = kBothEnds;
  if (columns >= 160) layout.sizes = kSizes;
  if (columns >= 190) layout.flags = kFlags;
  unsigned taken = 0;
  for (const unsigned width : {layout.time, layout.protocol, layout.status, layout.latency, layout.ends,
                               layout.sizes, layout.flags}) {
    if (width != 0) taken += width + kGap;
  }
  layout.call = columns > taken + kCallMin ? columns - taken : kCallMin;
  return layout;
}

bool is_complete_pair(const wire::Record& record) {
  return record.state() == wire::State::complete && record.timestamp() != 0 &&
         record.response_timestamp() != 0;
}

unsigned from_environment(const char* name, unsigned otherwise) {
  const char* const text = std::getenv(name);
  if (text == nullptr) return otherwise;
  const std::string_view digits = text;
  unsigned value = 0;
  const auto result = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return result.ec == std::errc() && value > 0 && value < 10'000 ? value : otherwise;
}

// "10.0.0.1:80", "[2001:db8::1]:443", "10.0.0.1" (ICMP has no ports). Returns the end.
char* write_end(char* out, const wire::Address& address, std::uint16_t port, bool has_port) {
  char text[kAddressTextMax];
  const std::string_view ip(text, static_cast<std::size_t>(write_address(text, address) - text));
  const bool brackets = has_port && ip.find(':') != std::string_view::npos;
  if (brackets) *out++ = '[';
  out += ip.copy(out, ip.size());
  if (brackets) *out++ = ']';
  if (has_port) {
    *out++ = ':';
    out = std::to_chars(out, out + 5, port).ptr;
  }
  return out;
}

// Cut in the middle: the port at the end says more than the middle of an address.
void append_end(TextBuffer& out, const wire::Address& address, std::uint16_t port, bool has_port,
                unsigned width) {
  char text[kAddressTextMax + 8];
  const std::string_view whole(text,
                               static_cast<std::size_t>(write_end(text, address, port, has_port) - text));
  if (width == 0 || whole.size() <= width) return out.append(whole);
  const std::size_t front = (width - 1) / 2;
  out.append(whole.substr(0, front));
  out.append("…");
  out.append(whole.substr(whole.size() - (width - 1 - front)));
}

}  // namespace

TableOptions table_options_of(int fd) {
  TableOptions options;
  if (isatty(fd) == 0) return options;
  winsize size{};
  const bool known = ioctl(fd, TIOCGWINSZ, &size) == 0;
  options.columns = known && size.ws_col > 0 ? size.ws_col : from_environment("COLUMNS", 80);
  options.rows = known && size.ws_row > 0 ? size.ws_row : from_environment("LINES", 24);
  const char* const no_colour = std::getenv("NO_COLOR");
  const char* const terminal = std::getenv("TERM");
  options.colour = (no_colour == nullptr || *no_colour == '\0') && terminal != nullptr &&
                   std::string_view(terminal) != "dumb";
  return options;
}

void TableWriter::set_options(const TableOptions& options) {
  options_ = options;
  layout_ = layout_for(options.columns);
  head_shown_ = false;
}

void TableWriter::append(const wire::RecordBatch& batch) {
  for (const wire::Record* record : elements_of(batch.records())) append(batch, *record);
}

void TableWriter::append(const wire::RecordBatch& /*batch*/, const wire::Record& record) {
  constexpr std::size_t kRowsMin = 5;  // on a lower terminal the head line would be most of what is seen
  if (!head_shown_ || (options_.rows >= kRowsMin && lines_since_head_ + 1 >= options_.rows)) head_line();
  time_cell(record);
  cell(text_of(record.protocol()), layout_.protocol, kPlain);
  call_cell(record);
  status_cell(record);
  latency_cell(record);
  ends_cell(record);
  sizes_cell(record);
  flags_cell(record);
  end_line();
  ++lines_since_head_;
}

void TableWriter::head_line() {
  cell("TIME UTC", layout_.time, kBold);
  cell("PROTOCOL", layout_.protocol, kBold);
  cell("CALL", layout_.call, kBold);
  cell("STATUS", layout_.status, kBold);
  right_cell("LATENCY", layout_.latency, kBold);
  cell(layout_.ends == kOneEnd ? "SERVER" : "CLIENT → SERVER", layout_.ends, kBold);
  right_cell("BYTES", layout_.sizes, kBold);
  cell("NOTES", layout_.flags, kBold);
  end_line();
  head_shown_ = true;
  lines_since_head_ = 0;
}

void TableWriter::end_line() {
  out_.append('\n');
  spaces_owed_ = 0;  // none at a line's end
}

void TableWriter::spaces(unsigned count) {
  constexpr auto kAtOnce = static_cast<unsigned>(kSpaces.size());
  for (; count > kAtOnce; count -= kAtOnce) out_.append(kSpaces);
  out_.append(kSpaces.substr(0, count));
}

void TableWriter::cell(std::string_view text, unsigned width, std::string_view colour) {
  if (width == 0) return;
  if (text.empty()) {  // nothing to write spaces before
    spaces_owed_ += width + kGap;
    return;
  }
  spaces(spaces_owed_);
  const bool coloured = options_.colour && !colour.empty();
  if (coloured) out_.append(colour);
  const unsigned shown = append_shown(out_, text, options_.columns == 0 ? 0 : width);
  if (coloured) out_.append(kReset);
  spaces_owed_ = (shown < width ? width - shown : 0) + kGap;
}

void TableWriter::right_cell(std::string_view text, unsigned width, std::string_view colour) {
  if (width == 0) return;
  // Measured by a trial; these texts are ours and short.
  const std::size_t size = out_.size();
  const unsigned shown = append_shown(out_, text, options_.columns == 0 ? 0 : width);
  out_.truncate(size);
  spaces_owed_ += shown < width ? width - shown : 0;
  cell(text, width, colour);
  spaces_owed_ = kGap;
}

void TableWriter::time_cell(const wire::Record& record) {
  const std::uint64_t time_ns = record.timestamp() != 0 ? record.timestamp() : record.response_timestamp();
  if (time_ns == 0) return cell("-", layout_.time, kDim);
  constexpr std::size_t kClockAt = 11;  // behind the date and the T
  char text[kTimeTextBytes];
  write_time(text, time_ns);
  cell({text + kClockAt, layout_.time}, layout_.time, kDim);
}

void TableWriter::call_cell(const wire::Record& record) {
  scratch_.clear();
  const std::string_view path = text_of(record.path());
  const std::string_view query = text_of(record.query_string());
  if (!path.empty() && !says_more(text_of(record.summary()), text_of(record.method()), path)) {
    scratch_.append(text_of(record.method()));
    if (!scratch_.empty()) scratch_.append(' ');
    scratch_.append(path);
    if (!query.empty()) {
      scratch_.append('?');
      scratch_.append(query);
    }
  } else {
    scratch_.append(text_of(record.summary()));
    if (scratch_.empty()) scratch_.append(text_of(record.method()));
    if (scratch_.empty()) scratch_.append('-');
  }
  cell(scratch_.view(), layout_.call, record.is_error() ? kRed : kPlain);
}

void TableWriter::status_cell(const wire::Record& record) {
  scratch_.clear();
  const std::int32_t status = record.status_code();
  std::string_view colour = kPlain;
  if (record.has_status()) {
    char* at = scratch_.room(12);
    scratch_.commit(std::to_chars(at, at + 12, status).ptr);
    if (status >= 200 && status < 300) colour = kGreen;
    if (status >= 300 && status < 400) colour = kCyan;
    if (status >= 400 && status < 500) colour = kYellow;
  } else if (record.state() == wire::State::complete) {
    scratch_.append(record.is_error() ? "error" : "ok");
  }
  switch (record.state()) {
    case wire::State::no_response:
      scratch_.clear();
      scratch_.append("no resp");
      colour = kYellow;
      break;
    case wire::State::no_request:
      if (scratch_.empty()) scratch_.append("no req");
      break;
    case wire::State::one_way:
      if (scratch_.empty()) scratch_.append("one-way");
      break;
    case wire::State::complete:
      break;
  }
  if (record.is_error()) colour = kRed;
  if ((record.flags() & kDoubtful) != 0 && scratch_.size() < layout_.status) scratch_.append('!');
  cell(scratch_.view(), layout_.status, colour);
}

void TableWriter::latency_cell(const wire::Record& record) {
  if (!is_complete_pair(record)) return right_cell("-", layout_.latency, kDim);
  scratch_.clear();
  const bool early = record.response_timestamp() < record.timestamp();  // a TAP's directions, skewed
  const std::uint64_t duration_ns = early ? record.timestamp() - record.response_timestamp()
                                          : record.response_timestamp() - record.timestamp();
  if (early) scratch_.append('-');
  append_duration(scratch_, duration_ns);
  right_cell(scratch_.view(), layout_.latency, !early && duration_ns >= options_.slow_ns ? kYellow : kPlain);
}

void TableWriter::ends_cell(const wire::Record& record) {
  if (layout_.ends == 0) return;
  scratch_.clear();
  const bool has_ports = record.transport() != wire::Transport::icmp;
  const unsigned width = options_.columns == 0 ? 0 : kOneEnd;
  if (layout_.ends != kOneEnd) {
    append_end(scratch_, *record.src(), record.src_port(), has_ports, width);
    scratch_.append(" → ");
  }
  append_end(scratch_, *record.dst(), record.dst_port(), has_ports, width);
  cell(scratch_.view(), layout_.ends, kPlain);
}

void TableWriter::sizes_cell(const wire::Record& record) {
  if (layout_.sizes == 0) return;
  scratch_.clear();
  const auto append_size = [this](const wire::Message* message) {
    if (message == nullptr) return scratch_.append('-');
    append_bytes(scratch_, message->size());
  };
  append_size(record.request());
  scratch_.append('/');
  append_size(record.response());
  right_cell(scratch_.view(), layout_.sizes, kDim);
}

void TableWriter::flags_cell(const wire::Record& record) {
  if (layout_.flags == 0) return;
  scratch_.clear();
  const auto append_note = [this](std::string_view note) {
    if (note.empty()) return;
    if (!scratch_.empty()) scratch_.append(' ');
    scratch_.append(note);
  };
  if (record.reason() != wire::Reason::none) append_note(reason_name(record.reason()));
  // Where packets are kept they are for every call, and what tells of a connection is called so: no news.
  const std::uint32_t flags =
      record.flags() & ~static_cast<std::uint32_t>(wire::Flag::packets | wire::Flag::connection);
  for (std::size_t bit = 0; bit < kFlagCount; ++bit) {
    if ((flags >> bit & 1u) != 0) append_note(flag_name(bit));
  }
  append_note(text_of(record.error()));
  cell(scratch_.view(), layout_.flags, record.is_error() ? kRed : kDim);
}

}  // namespace spanlight
