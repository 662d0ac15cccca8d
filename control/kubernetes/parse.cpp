#include "kubernetes/parse.h"

#include "kubernetes/json_fields.h"

namespace spanlight {
namespace {

// A map that keeps what a large list needed would hold it for good.
constexpr std::size_t kKeptCapacityBytes = std::size_t{4} << 20;
constexpr int kYearMax = 2'500;  // nanoseconds in 64 bits end in 2554

WatchEvent::Type type_of(std::string_view name) {
  using Type = WatchEvent::Type;
  if (name == "ADDED") return Type::added;
  if (name == "MODIFIED") return Type::modified;
  if (name == "DELETED") return Type::deleted;
  if (name == "BOOKMARK") return Type::bookmark;
  if (name == "ERROR") return Type::error;
  return Type::unknown;
}

void read_bookmark(json::od::object from, WatchEvent& event) {
  for (auto field : from) {
    if (std::string_view(field.unescaped_key()) != "metadata") continue;
    Meta meta;
    json::MetaExtras extras;
    json::metadata(field.value(), meta, extras);
    event.resource_version = std::move(extras.resource_version);
    event.initial_end = extras.initial_end;
  }
}

void read_status(json::od::object from, int* code, StatusText& status) {
  for (auto field : from) {
    const std::string_view key = field.unescaped_key();
    json::od::value value = field.value();
    if (key == "message")
      status.message = json::owned(value);
    else if (key == "reason")
      status.reason = json::owned(value);
    else if (key == "code" && code != nullptr)
      *code = static_cast<int>(json::number(value));
    else if (key == "metadata")
      json::each_field(value, [&](std::string_view name, json::od::value v) {
        if (name == "continue") status.continue_token = json::owned(v);
      });
    else if (key == "details")
      json::each_field(value, [&](std::string_view name, json::od::value v) {
        if (name == "retryAfterSeconds") status.retry_after_s = static_cast<std::uint64_t>(json::number(v));
      });
  }
}

}  // namespace

struct ObjectParser::Impl {
  simdjson::ondemand::parser parser;
  simdjson::ondemand::document document;

  void open(std::string_view text) {
    if (parser.capacity() > kKeptCapacityBytes && text.size() < kKeptCapacityBytes) {
      document = {};
      parser = simdjson::ondemand::parser();
    }
    document = parser.iterate(
        simdjson::padded_string_view(text.data(), text.size(), text.size() + kJsonPaddingBytes));
  }
};
static_assert(kJsonPaddingBytes >= simdjson::SIMDJSON_PADDING);

ObjectParser::ObjectParser() : impl_(std::make_unique<Impl>()) {}
ObjectParser::~ObjectParser() = default;

WatchEvent ObjectParser::event(Kind kind, std::string_view line) {
  WatchEvent event;
  try {
    impl_->open(line);
    // Two look-ups and not one pass: what the object is depends on the type, wherever that stands.
    event.type = type_of(impl_->document.find_field_unordered("type").get_string());
    json::od::object object = impl_->document.find_field_unordered("object").get_object();
    switch (event.type) {
      case WatchEvent::Type::bookmark:
        read_bookmark(object, event);
        break;
      case WatchEvent::Type::error: {
        StatusText status;
        read_status(object, &event.code, status);
        event.message = std::move(status.message);
        break;
      }
      case WatchEvent::Type::added:
      case WatchEvent::Type::modified:
      case WatchEvent::Type::deleted:
        event.object = json::object(kind, object, event.resource_version);
        if (meta_of(event.object) == nullptr) event.type = WatchEvent::Type::nameless;
        break;
      default:
        break;
    }
  } catch (const simdjson::simdjson_error& error) {
    event = {};
    event.message = error.what();
  }
  return event;
}

ListResult ObjectParser::list(Kind kind, std::string_view page, const std::function<void(Object&&)>& take) {
  ListResult result;
  try {
    impl_->open(page);
    for (auto field : impl_->document.get_object()) {
      const std::string_view key = field.unescaped_key();
      json::od::value value = field.value();
      if (key == "metadata")
        json::each_field(value, [&](std::string_view name, json::od::value v) {
          if (name == "resourceVersion") result.resource_version = json::owned(v);
          if (name == "continue") result.continue_token = json::owned(v);
        });
      else if (key == "items")
        json::each_item(value, [&](json::od::value item) {
          std::string version;  // an item's own says nothing about the list
          Object object = json::object(kind, item.get_object(), version);
          ++(meta_of(object) == nullptr ? result.nameless : result.items);
          if (meta_of(object) != nullptr) take(std::move(object));
        });
    }
    result.well_formed = !result.resource_version.empty();
    if (!result.well_formed) result.fault = "a list without a resourceVersion";
  } catch (const simdjson::simdjson_error& error) {
    result.fault = error.what();
  }
  return result;
}

StatusText ObjectParser::status(std::string_view body) {
  StatusText status;
  try {
    impl_->open(body);
    read_status(impl_->document.get_object(), nullptr, status);
  } catch (const simdjson::simdjson_error&) {
    status = {};  // plain text, of a proxy or of the server's overload protection
  }
  return status;
}

std::uint64_t parse_time(std::string_view text) {
  // 2026-11-26T09:34:59Z, with a fraction or an offset where a program other than the API server wrote it.
  const auto digits = [&](std::size_t at, std::size_t count) {
    int value = 0;
    for (std::size_t i = at; i < at + count; ++i) {
      if (i >= text.size() || text[i] < '0' || text[i] > '9') return -1;
      value = value * 10 + (text[i] - '0');
    }
    return value;
  };
  const int year = digits(0, 4), month = digits(5, 2), day = digits(8, 2);
  const int hour = digits(11, 2), minute = digits(14, 2), second = digits(17, 2);
  if (year < 1970 || year > kYearMax || month < 1 || month > 12 || day < 1 || day > 31 || hour < 0 ||
      hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60 || text[4] != '-' ||
      text[7] != '-' || text[13] != ':' || text[16] != ':')
    return 0;
  // Days since the epoch, with years that begin in March so that the leap day is the last (proleptic
  // Gregorian).
  const std::int64_t y = month > 2 ? year : year - 1;
  const std::int64_t month_from_march = (month + 9) % 12;
  const std::int64_t days =
      y * 365 + y / 4 - y / 100 + y / 400 + (153 * month_from_march + 2) / 5 + day - 1 - 719'468;
  std::int64_t seconds = ((days * 24 + hour) * 60 + minute) * 60 + second;
  std::size_t at = 19;
  std::uint64_t fraction_ns = 0;
  if (at < text.size() && text[at] == '.') {
    std::uint64_t unit = 100'000'000;
    for (++at; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at, unit /= 10)
      fraction_ns += unit * static_cast<std::uint64_t>(text[at] - '0');
  }
  if (at < text.size() && (text[at] == '+' || text[at] == '-')) {
    const int hours = digits(at + 1, 2), minutes = digits(at + 4, 2);
    if (hours < 0 || minutes < 0) return 0;
    const std::int64_t offset = (std::int64_t{hours} * 60 + minutes) * 60;
    seconds -= text[at] == '+' ? offset : -offset;
    at += 6;
  } else if (at < text.size() && text[at] == 'Z') {
    ++at;
  } else {
    return 0;
  }
  if (seconds < 0 || at != text.size()) return 0;
  return static_cast<std::uint64_t>(seconds) * 1'000'000'000 + fraction_ns;
}

}  // namespace spanlight
