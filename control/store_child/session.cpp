#include "store_child/session.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <cerrno>
#include <cstdio>
#include <system_error>

#include "store/beast_channel.h"
#include "store_child/request.h"

namespace spanlight::store_child {
namespace {

namespace http = boost::beast::http;
using BoostError = boost::system::error_code;

constexpr std::chrono::seconds kPatience{120};  // for each piece that a client sends or takes
constexpr std::size_t kPieceBytes = std::size_t{256} << 10;
constexpr std::uint32_t kHeadBytesMax = 64 << 10;

// The answer that a request gets instead of what it wanted.
struct Refusal {
  http::status status;
  int code;  // ClickHouse's; 0: none
  std::string sentence;
};

// Data of an INSERT. libchdb reads it as a file, since data within the statement is not safe with it.
class MemoryFile {
 public:
  MemoryFile() : fd_(memfd_create("spanlight-insert", MFD_CLOEXEC)) {
    if (fd_ < 0) throw std::system_error(errno, std::generic_category(), "memfd_create");
  }
  ~MemoryFile() { close(fd_); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  void append(std::string_view bytes) const {
    while (!bytes.empty()) {
      const ssize_t put = write(fd_, bytes.data(), bytes.size());
      if (put < 0 && errno == EINTR) continue;
      if (put < 0) throw std::system_error(errno, std::generic_category(), "keeping the data of an INSERT");
      bytes.remove_prefix(static_cast<std::size_t>(put));
    }
  }
  std::string path() const { return "/proc/self/fd/" + std::to_string(fd_); }

 private:
  int fd_;
};

class Conversation {
 public:
  Conversation(House& house, Channel& channel) : house_(house), channel_(channel), stream_(channel) {
    buffer_.reserve(buffer_.max_size());  // Beast reads as much as there is room for, and begins with 4 KiB
  }
  bool one_request();  // false: the connection is to be closed

 private:
  void patience() { channel_.set_deadline(Channel::Clock::now() + kPatience); }
  bool answer(const Refusal& refusal, bool keep);
  bool answer_text(const std::string& text, bool keep);
  void read_body(http::request_parser<http::buffer_body>& parser,
                 const std::function<void(std::string_view)>& take);
  void execute(const std::string& sql, const Request& request, const MemoryFile* data);
  void run_statement(Session& session, const std::string& sql, const Request& request, const Insert* insert,
                     const MemoryFile* data);
  void send_piece(std::string_view piece);
  void begin_answer();

  House& house_;
  Channel& channel_;
  BeastChannel stream_;
  boost::beast::flat_buffer buffer_{kHeadBytesMax + kPieceBytes};
  std::string piece_ = std::string(kPieceBytes, '\0');
  std::uint64_t number_ = 0;  // of the statement
  std::string query_id_;
  bool begun_ = false;  // the answer's head is sent
  bool gone_ = false;   // the client takes no more
};

bool Conversation::answer(const Refusal& refusal, bool keep) {
  http::response<http::string_body> response(refusal.status, 11);
  response.set(http::field::content_type, "text/plain; charset=UTF-8");
  if (refusal.code != 0) response.set("X-ClickHouse-Exception-Code", std::to_string(refusal.code));
  response.body() = refusal.sentence + "\n";
  response.keep_alive(keep);
  response.prepare_payload();
  patience();
  BoostError error;
  http::write(stream_, response, error);
  return keep && !error;
}

bool Conversation::answer_text(const std::string& text, bool keep) {
  return answer({http::status::ok, 0, text}, keep);
}

void Conversation::read_body(http::request_parser<http::buffer_body>& parser,
                             const std::function<void(std::string_view)>& take) {
  while (!parser.is_done()) {
    parser.get().body().data = piece_.data();
    parser.get().body().size = piece_.size();
    patience();
    BoostError error;
    http::read_some(stream_, buffer_, parser, error);
    if (error == http::error::need_buffer) error = {};
    if (error) throw boost::system::system_error(error);
    take({piece_.data(), piece_.size() - parser.get().body().size});
  }
}

void Conversation::begin_answer() {
  http::response<http::empty_body> head(http::status::ok, 11);
  head.set(http::field::content_type, "application/octet-stream");
  if (!query_id_.empty()) head.set("X-ClickHouse-Query-Id", query_id_);
  head.chunked(true);
  head.keep_alive(false);
  http::response_serializer<http::empty_body> serializer(head);
  patience();
  BoostError error;
  http::write_header(stream_, serializer, error);
  gone_ = static_cast<bool>(error);
  begun_ = true;
}

void Conversation::send_piece(std::string_view piece) {
  if (!begun_) begin_answer();
  if (gone_ || piece.empty()) return;
  patience();
  BoostError error;
  boost::asio::write(stream_, http::make_chunk(boost::asio::const_buffer(piece.data(), piece.size())), error);
  gone_ = static_cast<bool>(error);
}

void Conversation::run_statement(Session& session, const std::string& sql, const Request& request,
                                 const Insert* insert, const MemoryFile* data) {
  session.run("USE " + ("`" + (request.database.empty() ? "default" : request.database) + "`"), "TSV");
  const std::string mark = Engine::mark_of(number_);
  if (insert != nullptr) {
    const std::string rewritten =
        mark + insert->head + " SELECT * FROM file('" + data->path() + "', '" + insert->format + "')";
    send_piece(session.run(rewritten, request.format, request.parameters));
  } else if (is_question(sql)) {
    session.ask(mark + sql, request.format, request.parameters, [this](std::string_view piece) {
      send_piece(piece);
      return !gone_;
    });
  } else {
    send_piece(session.run(mark + sql, request.format, request.parameters));
  }
}

void Conversation::execute(const std::string& sql, const Request& request, const MemoryFile* data) {
  std::optional<Insert> insert;
  if (data != nullptr) insert = read_insert(sql);
  const auto lease = house_.engine.lease(insert ? Engine::Use::insert : Engine::Use::question);
  if (lease == nullptr)
    throw Refusal{http::status::service_unavailable, 202,
                  "Code: 202. DB::Exception: all sessions of spanlight-store are taken"};
  std::string settings, defaults;
  for (const auto& [name, value] : request.settings) {
    std::string quoted;
    for (const char c : value) quoted += c == '\'' || c == '\\' ? std::string{'\\', c} : std::string{c};
    settings += (settings.empty() ? "SET " : ", ") + name + " = '" + quoted + "'";
    defaults += (defaults.empty() ? "SET " : ", ") + name + " = DEFAULT";
  }
  const Watcher::Watch watch(house_.watcher, number_, channel_.fd());
  try {
    if (!settings.empty()) (*lease)->run(settings, "TSV");
    run_statement(**lease, sql, request, insert ? &*insert : nullptr, data);
  } catch (...) {
    if (!defaults.empty()) house_.engine.restore(**lease, defaults);
    throw;
  }
  if (!defaults.empty()) house_.engine.restore(**lease, defaults);
}

// True: the head of a request was understood and answered.
bool Conversation::one_request() {
  http::request_parser<http::buffer_body> parser;
  parser.header_limit(kHeadBytesMax);
  parser.body_limit(kInsertBytesMax);
  patience();
  BoostError error;
  http::read_header(stream_, buffer_, parser, error);
  if (error == http::error::end_of_stream || channel_.fault() != ChannelFault::none) return false;
  if (error) return answer({http::status::bad_request, 0, "spanlight-store: " + error.message()}, false);
  number_ = ++house_.statements;

  Request request;
  const auto target = parser.get().target();
  if (const std::string fault = read_target({target.data(), target.size()}, request); !fault.empty())
    return answer({http::status::bad_request, 0, "spanlight-store: " + fault}, false);
  if (parser.get().method() == http::verb::get && request.query.empty() &&
      (request.path == "/ping" || request.path == "/"))
    return answer_text("Ok.", parser.get().keep_alive());
  if (parser.get().method() != http::verb::post)
    return answer(
        {http::status::method_not_allowed, 0, "spanlight-store: statements are to be sent with POST"}, false);
  query_id_ = request.query_id;

  try {
    std::string sql = request.query;
    std::optional<MemoryFile> data;
    if (!sql.empty() && read_insert(sql)) data.emplace();
    if (!sql.empty() && !data) sql += '\n';
    read_body(parser, [&](std::string_view bytes) {
      if (data) return data->append(bytes);
      if (bytes.size() > kSqlBytesMax - std::min<std::uint64_t>(kSqlBytesMax, sql.size()))
        throw Refusal{http::status::payload_too_large, 0, "spanlight-store: the statement is too long"};
      sql += bytes;
    });
    execute(sql, request, data ? &*data : nullptr);
    if (!begun_) begin_answer();
    if (!gone_) boost::asio::write(stream_, http::make_chunk_last(), error);
  } catch (const Refusal& refusal) {
    return answer(refusal, false);
  } catch (const ChdbError& wrong) {
    // Behind data an error can only stand in the data, and the answer then has no proper end: as ClickHouse
    // does.
    if (begun_)
      send_piece(wrong.what());
    else
      answer({http::status::internal_server_error, wrong.code(), wrong.what()}, false);
  }
  return false;
}

}  // namespace

void serve(House& house, Channel& channel) {
  try {
    Conversation conversation(house, channel);
    while (conversation.one_request()) {
    }
  } catch (const boost::system::system_error&) {
    // The client went in the middle of its request.
  } catch (const std::exception& error) {
    std::fprintf(stderr, "spanlight-store: a request could not be served: %s\n", error.what());
  }
}

}  // namespace spanlight::store_child
