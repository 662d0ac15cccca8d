#include "serve/audit.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <stdexcept>
#include <system_error>

#include "record/names.h"
#include "serve/json_out.h"

namespace spanlight::serve {
namespace {

std::string line_of(const AuditEntry& entry) {
  TextBuffer out;
  JsonOut json(out);
  char time[kTimeTextBytes];
  write_time(time, entry.time_ns);
  json.open_object()
      .member("time", std::string_view(time, sizeof(time)))
      .member("who", entry.who)
      .member("how", entry.how)
      .member("from", entry.from)
      .member("method", entry.method)
      .member("path", entry.path)
      .member("status", entry.status);
  const AuditNote& note = entry.note;
  if (!note.filter.empty()) json.member("filter", note.filter.substr(0, kAuditFilterBytesMax));
  if (!note.ids.empty()) {
    const std::size_t shown = std::min(note.ids.size(), kAuditIdsMax);
    json.key("ids").open_array();
    for (std::size_t i = 0; i < shown; ++i) json.value(note.ids[i]);
    json.close_array();
    if (shown < note.ids.size()) json.member("more_ids", note.ids.size() - shown);
  }
  if (note.calls > 0) json.member("calls", note.calls);
  if (note.calls > 0 || note.payloads) json.member("payloads", note.payloads);
  if (!note.what.empty()) json.member("what", note.what);
  json.member("elapsed_us", entry.elapsed_us).close_object();
  out.append('\n');
  return std::string(out.view());
}

}  // namespace

AuditLog::AuditLog(std::string path, Tell to_log, Tell complain)
    : path_(std::move(path)), to_log_(std::move(to_log)), complain_(std::move(complain)) {
  if (!path_.empty() && !open_locked())
    throw std::runtime_error("serve.auditLog: " + path_ +
                             " cannot be opened: " + std::generic_category().message(errno));
}

AuditLog::~AuditLog() {
  if (file_ >= 0) close(file_);
}

bool AuditLog::open_locked() {
  file_ = open(path_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  return file_ >= 0;
}

void AuditLog::reopen() {
  const std::lock_guard lock(mutex_);
  if (path_.empty()) return;
  const int old = file_;
  if (!open_locked()) {
    file_ = old;  // better the moved file than none
    complain_("the audit log " + path_ + " cannot be opened anew: " + std::generic_category().message(errno));
    return;
  }
  if (old >= 0) close(old);
  complained_ = false;
}

void AuditLog::append_locked(std::string_view line) {
  while (!line.empty()) {
    const ssize_t written = ::write(file_, line.data(), line.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) {
      ++lost_;
      if (!complained_)
        complain_("the audit log " + path_ + " cannot be written: " + std::generic_category().message(errno));
      complained_ = true;
      return;
    }
    line.remove_prefix(static_cast<std::size_t>(written));
  }
  ++lines_;
  complained_ = false;
}

void AuditLog::write(const AuditEntry& entry) {
  const std::string line = line_of(entry);
  if (path_.empty()) {
    ++lines_;
    to_log_(std::string_view(line).substr(0, line.size() - 1));
    return;
  }
  const std::lock_guard lock(mutex_);
  append_locked(line);
}

}  // namespace spanlight::serve
