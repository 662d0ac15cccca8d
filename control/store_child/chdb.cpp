#include "store_child/chdb.h"

#include <dlfcn.h>

#include <charconv>

namespace spanlight::store_child {
namespace {

// Names and values as the C interface takes them; valid as long as the pairs are.
struct Parameters {
  std::vector<const char*> names, values;
  std::vector<std::size_t> name_lengths, value_lengths;
  explicit Parameters(const Pairs& pairs) {
    for (const auto& [name, value] : pairs) {
      names.push_back(name.data());
      name_lengths.push_back(name.size());
      values.push_back(value.data());
      value_lengths.push_back(value.size());
    }
  }
};

}  // namespace

struct Library::Result {
  void* internal;
};
struct Library::Connection {
  void* internal;
};

int ChdbError::code() const {
  const std::string_view text = what();
  int code = 0;
  if (const std::size_t at = text.find("Code: "); at != std::string_view::npos)
    std::from_chars(text.data() + at + 6, text.data() + text.size(), code);
  return code;
}

Library::Library(const std::string& path) {
  // Never unloaded: its threads and exit handlers do not survive that.
  void* const handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) throw std::runtime_error(std::string("libchdb cannot be loaded: ") + dlerror());
  const auto find = [&](auto& target, const char* name) {
    void* const symbol = dlsym(handle, name);
    if (symbol == nullptr) throw std::runtime_error(path + " is not the libchdb that is needed: no " + name);
    target = reinterpret_cast<std::decay_t<decltype(target)>>(symbol);
  };
  find(set_signal_handlers_enabled_, "chdb_set_signal_handlers_enabled");
  find(connect_, "chdb_connect");
  find(close_, "chdb_close_conn");
  find(query_, "chdb_query_with_params_n");
  find(stream_, "chdb_stream_query_with_params_n");
  find(fetch_, "chdb_stream_fetch_result");
  find(cancel_, "chdb_stream_cancel_query");
  find(destroy_, "chdb_destroy_query_result");
  find(buffer_, "chdb_result_buffer");
  find(length_, "chdb_result_length");
  find(error_, "chdb_result_error");
  set_signal_handlers_enabled_(0);  // SIGTERM is ours
}

Session::Session(const Library& library, const std::vector<std::string>& options) : library_(library) {
  std::vector<std::string> words = {"spanlight-store"};
  words.insert(words.end(), options.begin(), options.end());
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  connection_ = library_.connect_(static_cast<int>(arguments.size()), arguments.data());
  if (connection_ == nullptr)
    throw std::runtime_error("libchdb did not open the directory; it said why above");
}

Session::~Session() {
  library_.close_(connection_);
}

void Session::check(Library::Result* result) const {
  if (result == nullptr) throw ChdbError("libchdb gave no result");
  if (const char* const error = library_.error_(result); error != nullptr) throw ChdbError(error);
}

std::string Session::run(std::string_view sql, const std::string& format, const Pairs& pairs) {
  const Parameters p(pairs);
  const std::unique_ptr<Library::Result, void (*)(Library::Result*)> result(
      library_.query_(*connection_, sql.data(), sql.size(), format.data(), format.size(), p.names.data(),
                      p.name_lengths.data(), p.values.data(), p.value_lengths.data(), pairs.size()),
      library_.destroy_);
  check(result.get());
  const std::size_t length = library_.length_(result.get());
  return length == 0 ? std::string{} : std::string(library_.buffer_(result.get()), length);
}

void Session::ask(std::string_view sql, const std::string& format, const Pairs& pairs,
                  const OnPiece& on_piece) {
  using Owned = std::unique_ptr<Library::Result, void (*)(Library::Result*)>;
  const Parameters p(pairs);
  const Owned stream(
      library_.stream_(*connection_, sql.data(), sql.size(), format.data(), format.size(), p.names.data(),
                       p.name_lengths.data(), p.values.data(), p.value_lengths.data(), pairs.size()),
      library_.destroy_);
  check(stream.get());
  for (;;) {
    const Owned piece(library_.fetch_(*connection_, stream.get()), library_.destroy_);
    check(piece.get());
    const std::size_t length = library_.length_(piece.get());
    if (length == 0) return;
    if (on_piece({library_.buffer_(piece.get()), length})) continue;
    // Only between two fetches: from another thread, while a fetch is under way, it never comes back.
    library_.cancel_(*connection_, stream.get());
    return;
  }
}

}  // namespace spanlight::store_child
