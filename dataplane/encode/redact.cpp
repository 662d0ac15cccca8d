#include "encode/redact.h"

#include <hs/hs.h>

#include <algorithm>
#include <array>
#include <climits>
#include <cstring>

#include "encode/mask.h"
#include "encode/name_set.h"

namespace spanlight {

namespace {

constexpr std::uint8_t kNamed = 1;  // tag where a set needs none

// Disjoint matches of one text; beyond that the last one is stretched, which masks more.
constexpr std::size_t kMatchesMax = 256;

// A preview's end may cut a secret so that its pattern no longer matches. So many last bytes of a cut preview
// are masked at most; a pattern's own greatest width, where it has one, is less.
constexpr std::size_t kCutTailBytesMax = 256;

// Of a text with percent-encoded quotes; what is longer is masked from there on.
constexpr std::size_t kDecodedBytesMax = 65'536;

struct Matches {
  struct Range {
    std::size_t from, to;
  };
  std::array<Range, kMatchesMax> ranges;
  std::size_t count = 0;
};

// Called for every end of every match: ranges that touch are joined at once.
int on_match(unsigned, unsigned long long from, unsigned long long to, unsigned, void* context) {
  auto& matches = *static_cast<Matches*>(context);
  Matches::Range range{static_cast<std::size_t>(from), static_cast<std::size_t>(to)};
  while (matches.count > 0) {
    const Matches::Range& last = matches.ranges[matches.count - 1];
    const bool apart = range.from > last.to || range.to < last.from;
    if (apart && matches.count < kMatchesMax) break;
    range = {std::min(range.from, last.from), std::max(range.to, last.to)};
    --matches.count;
  }
  matches.ranges[matches.count++] = range;
  return 0;
}

bool is_continuation(std::uint8_t byte) {
  return (byte & 0xc0) == 0x80;
}

bool contains_ignoring_case(std::string_view text, std::string_view lower_word) {
  for (std::size_t i = 0; text.size() - i >= lower_word.size() && i < text.size(); ++i)
    if (equals_ignoring_case(text.substr(i, lower_word.size()), lower_word)) return true;
  return false;
}

// application/json, application/problem+json, text/json, application/x-ndjson, application/json-seq …
bool is_json_type(std::string_view type) {
  return contains_ignoring_case(type, "json");
}

bool is_form_type(std::string_view type) {
  return contains_ignoring_case(type, "x-www-form-urlencoded");
}

// Encoded by its header, or by its first bytes (gzip RFC 1952, zstd RFC 8878).
bool is_compressed(const BodyForm& form, Bytes body) {
  const std::string_view encoding = trimmed(form.content_encoding);
  if (!encoding.empty() && !equals_ignoring_case(encoding, "identity")) return true;
  const std::string_view text = as_text(body);
  return text.starts_with("\x1f\x8b") || text.starts_with("\x28\xb5\x2f\xfd");
}

// UTF-16 and UTF-32: no rule of ours reads them.
bool is_wide_text(const BodyForm& form, Bytes body) {
  if (contains_ignoring_case(form.content_type, "utf-16") ||
      contains_ignoring_case(form.content_type, "utf-32"))
    return true;
  const std::string_view text = as_text(body);
  return text.starts_with("\xff\xfe") || text.starts_with("\xfe\xff");
}

}  // namespace

struct Redactor::Rules {
  NameSet headers;
  NameSet cookies;
  NameSet parameters;
  NameSet json_keys;
  hs_database_t* patterns = nullptr;
  std::size_t pattern_bytes_max = 0;  // greatest width of a match
  bool active = false;

  Rules() = default;
  Rules(const Rules&) = delete;
  Rules& operator=(const Rules&) = delete;
  ~Rules() { hs_free_database(patterns); }

  std::string add_names(NameSet& set, const std::vector<std::string>& names, std::uint8_t tags,
                        const char* key) {
    for (const std::string& name : names)
      if (!set.add(trimmed(name), tags))
        return std::string("redaction.") + key + ": \"" + name + "\" cannot be a name; it must have 1 to " +
               std::to_string(NameSet::kNameBytesMax) + " characters";
    return {};
  }

  std::string compile(const std::vector<std::string>& expressions) {
    if (expressions.empty()) return {};
    std::vector<const char*> texts;
    texts.reserve(expressions.size());
    for (const std::string& expression : expressions) texts.push_back(expression.c_str());
    // The start of a match is needed to mask it. It costs some speed, and rules out a few very large
    // patterns.
    const std::vector<unsigned> flags(texts.size(), HS_FLAG_SOM_LEFTMOST);
    hs_compile_error_t* error = nullptr;
    if (hs_compile_multi(texts.data(), flags.data(), nullptr, static_cast<unsigned>(texts.size()),
                         HS_MODE_BLOCK, nullptr, &patterns, &error) != HS_SUCCESS) {
      std::string sentence = "redaction.patterns: ";
      if (error->expression >= 0)
        sentence += "\"" + expressions[static_cast<std::size_t>(error->expression)] + "\": ";
      sentence += error->message;
      hs_free_compile_error(error);
      return sentence;
    }
    for (std::size_t i = 0; i < texts.size(); ++i)
      pattern_bytes_max = std::max(pattern_bytes_max, width_max(texts[i]));
    return {};
  }

  static std::size_t width_max(const char* expression) {
    hs_expr_info_t* info = nullptr;
    hs_compile_error_t* error = nullptr;
    if (hs_expression_info(expression, HS_FLAG_SOM_LEFTMOST, &info, &error) != HS_SUCCESS) {
      hs_free_compile_error(error);
      return UINT_MAX;
    }
    const std::size_t width = info->max_width;
    std::free(info);
    return width;
  }
};

std::variant<std::unique_ptr<Redactor>, std::string> Redactor::create(const Settings& settings) {
  auto rules = std::make_shared<Rules>();
  if (settings.redaction_enabled) {
    rules->active = true;
    for (const char* name : {"cookie", "set-cookie", "cookie2", "set-cookie2"})
      rules->headers.add(name, kCookies);
    for (const char* name : {"referer", "location", "content-location"}) rules->headers.add(name, kUrl);
    for (const std::string& fault :
         {rules->add_names(rules->headers, settings.redact_headers, kHide, "headers"),
          rules->add_names(rules->cookies, settings.redact_cookies, kNamed, "cookies"),
          rules->add_names(rules->parameters, settings.redact_query_values, kNamed, "queryValues"),
          rules->add_names(rules->json_keys, settings.redact_json_keys, kNamed, "jsonKeys"),
          rules->compile(settings.redact_patterns)})
      if (!fault.empty()) return fault;
  }
  auto redactor = std::unique_ptr<Redactor>(new Redactor(rules));
  if (rules->patterns != nullptr && redactor->scratch_ == nullptr)
    return std::string("redaction.patterns: no memory for Hyperscan's scratch space");
  return redactor;
}

Redactor::Redactor(std::shared_ptr<const Rules> rules)
    : rules_(std::move(rules)), header_names_(&rules_->headers), active_(rules_->active) {
  text_rules_ = rules_->patterns != nullptr || !rules_->parameters.empty() || !rules_->json_keys.empty();
  if (!rules_->json_keys.empty()) decoded_.resize(kDecodedBytesMax);
  if (rules_->patterns != nullptr && hs_alloc_scratch(rules_->patterns, &scratch_) != HS_SUCCESS)
    scratch_ = nullptr;
}

std::unique_ptr<Redactor> Redactor::clone() const {
  auto copy = std::unique_ptr<Redactor>(new Redactor(rules_));
  if (rules_->patterns != nullptr && copy->scratch_ == nullptr) return nullptr;
  return copy;
}

Redactor::~Redactor() {
  hs_free_scratch(scratch_);
}

bool Redactor::mask_patterns(MutableBytes text) {
  if (rules_->patterns == nullptr || text.empty()) return false;
  Matches matches;
  const hs_error_t result = hs_scan(rules_->patterns, reinterpret_cast<const char*>(text.data()),
                                    static_cast<unsigned>(std::min<std::size_t>(text.size(), UINT_MAX)), 0,
                                    scratch_, on_match, &matches);
  // What could not be searched is not shown. Not reached with a scratch of our own and texts below 4 GiB.
  if (result != HS_SUCCESS || text.size() > UINT_MAX) return mask_range(text, 0, text.size());
  bool changed = false;
  for (std::size_t i = 0; i < matches.count; ++i) {
    std::size_t from = matches.ranges[i].from, to = matches.ranges[i].to;
    while (from > 0 && is_continuation(text[from])) --from;  // whole characters: the text stays UTF-8
    while (to < text.size() && is_continuation(text[to])) ++to;
    changed |= mask_range(text, from, to);
  }
  return changed;
}

// Encoded ones first: what stands between their quotes may end elsewhere for a reader that does not decode.
bool Redactor::mask_keys(MutableBytes text) {
  if (rules_->json_keys.empty()) return false;
  bool changed = mask_encoded(text);
  if (as_text(text).find('"') != std::string_view::npos)
    changed |= mask_keys_in_text(text, rules_->json_keys);
  return changed;
}

bool Redactor::mask_encoded(MutableBytes text) {
  return as_text(text).find("%22") != std::string_view::npos &&
         mask_encoded_keys(text, decoded_, rules_->json_keys);
}

bool Redactor::mask_header_value(std::uint8_t rules, MutableBytes value) {
  bool changed = false;
  if ((rules & kCookies) != 0 && !rules_->cookies.empty()) changed |= mask_cookies(value, rules_->cookies);
  if ((rules & kUrl) != 0) changed |= mask_userinfo(value);
  return mask_text(value) || changed;
}

bool Redactor::mask_url(MutableBytes url) {
  if (!active_) return false;
  bool changed = as_text(url).starts_with('/') ? false : mask_userinfo(url);
  if (!rules_->parameters.empty()) {
    // A value among the path's parameters may not reach into the query, nor be ended by one.
    const std::size_t query = std::min(as_text(url).find('?'), url.size());
    changed |= mask_parameters(url.first(query), rules_->parameters);
    changed |= mask_parameters(url.subspan(query), rules_->parameters);
  }
  changed |= mask_keys(url);
  return mask_patterns(url) || changed;
}

bool Redactor::mask_query(MutableBytes query) {
  if (!text_rules_) return false;
  bool changed = !rules_->parameters.empty() && mask_parameters(query, rules_->parameters);
  changed |= mask_keys(query);
  return mask_patterns(query) || changed;
}

bool Redactor::mask_text(MutableBytes text) {
  if (!text_rules_) return false;
  bool changed = mask_userinfo(text);
  if (!rules_->parameters.empty()) {
    const std::size_t query = std::min(as_text(text).find_first_of("?#;"), text.size());
    changed |= mask_parameters(text.subspan(query), rules_->parameters);
  }
  changed |= mask_keys(text);
  return mask_patterns(text) || changed;
}

BodyOutcome Redactor::mask_body_names(const BodyForm& form, MutableBytes body) {
  bool changed = false;
  const bool json = is_json_type(form.content_type) || looks_like_json(body);
  const bool parameters = is_form_type(form.content_type) || (trimmed(form.content_type).empty() && !json);
  if (!rules_->json_keys.empty()) {
    if (parameters) changed |= mask_encoded(body);
    const JsonOutcome strict = json ? mask_json(body, rules_->json_keys) : JsonOutcome::unchanged;
    if (strict == JsonOutcome::not_json) return BodyOutcome::withhold;
    // In JSON only a string can hide further keys, and its quotes are escaped there.
    const bool nested = !json || as_text(body).find("\\\"") != std::string_view::npos;
    const JsonOutcome loose = nested ? mask_quoted_keys(body, rules_->json_keys) : JsonOutcome::unchanged;
    if (loose == JsonOutcome::not_json) return BodyOutcome::withhold;
    changed |= strict == JsonOutcome::changed || loose == JsonOutcome::changed;
  }
  if (!rules_->parameters.empty()) {
    // The fields of multipart/form-data (RFC 7578) have no scanner here.
    if (contains_ignoring_case(form.content_type, "multipart/")) return BodyOutcome::withhold;
    if (parameters) changed |= mask_parameters(body, rules_->parameters);
  }
  return changed ? BodyOutcome::changed : BodyOutcome::unchanged;
}

BodyOutcome Redactor::mask_body(const BodyForm& form, MutableBytes body) {
  if (!text_rules_ || body.empty()) return BodyOutcome::unchanged;
  if (form.damaged || is_compressed(form, body) || is_wide_text(form, body)) return BodyOutcome::withhold;
  const BodyOutcome named = mask_body_names(form, body);
  if (named == BodyOutcome::withhold) return named;
  bool changed = mask_patterns(body) || named == BodyOutcome::changed;
  if (form.cut && rules_->pattern_bytes_max > 1) {
    const std::size_t tail = std::min({rules_->pattern_bytes_max - 1, kCutTailBytesMax, body.size()});
    changed |= mask_range(body, body.size() - tail, body.size());
  }
  return changed ? BodyOutcome::changed : BodyOutcome::unchanged;
}

}  // namespace spanlight
