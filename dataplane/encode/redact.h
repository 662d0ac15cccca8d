#pragma once
// Keeps secrets inside the sensor: what the settings name is masked on the record's copy, before the record
// exists. Rules are compiled once at start and shared; each worker has its own Redactor (Hyperscan scratch),
// made by clone(). After that nothing allocates. In place a secret becomes as many `*` as it had bytes, so no
// offset ever moves; only a whole header value becomes `[redacted]`. What cannot be searched is withheld,
// never shown on trust. README.md: rules.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/bytes.h"
#include "core/secret.h"
#include "encode/name_set.h"
#include "settings/settings.h"

struct hs_scratch;

namespace spanlight {

// What a body's rule needs to know beside its bytes.
struct BodyForm {
  std::string_view content_type;
  std::string_view content_encoding;
  bool cut = false;      // the preview ends before the body does
  bool damaged = false;  // bytes are missing inside: no scanner's state can be trusted
};

enum class BodyOutcome : std::uint8_t { unchanged, changed, withhold };

class Redactor {
 public:
  // One sentence when a pattern or a name cannot be used.
  static std::variant<std::unique_ptr<Redactor>, std::string> create(const Settings& settings);
  std::unique_ptr<Redactor> clone()
      const;  // for another worker; at start only; nullptr: no memory for the scratch
  ~Redactor();
  Redactor(const Redactor&) = delete;
  Redactor& operator=(const Redactor&) = delete;

  bool active() const { return active_; }          // false: nothing below ever changes anything
  bool text_rules() const { return text_rules_; }  // false: mask_text() never changes anything

  // False: mask_url() does not change this one.
  bool masks_url(Bytes url) const { return active_ && !url.empty() && (text_rules_ || url.front() != '/'); }

  // What the name of a header asks for: bits of HeaderRule; 0 = nothing.
  enum HeaderRule : std::uint8_t {
    kHide = 1,     // the whole value is shown as kRedacted
    kCookies = 2,  // the value holds cookies
    kUrl = 4,      // the value is a URL
  };
  std::uint8_t header_rules(std::string_view name) const {
    const std::uint8_t tags = header_names_->tags(name);
    if (tags != 0 || name.empty() || static_cast<unsigned char>(name.back()) > ' ') [[likely]]
      return tags;
    return header_names_->tags(trimmed(name));
  }

  // The rest masks in place and says whether anything changed. Contents may be any bytes.
  bool mask_header_value(std::uint8_t rules, MutableBytes value);
  bool mask_url(MutableBytes url);      // userinfo, path parameters, query
  bool mask_query(MutableBytes query);  // without the question mark
  bool mask_text(MutableBytes text);    // any other text: patterns, queries of URLs and JSON inside it
  BodyOutcome mask_body(const BodyForm& form, MutableBytes body);

 private:
  struct Rules;
  explicit Redactor(std::shared_ptr<const Rules> rules);
  bool mask_patterns(MutableBytes text);
  bool mask_keys(MutableBytes text);     // JSON inside a text
  bool mask_encoded(MutableBytes text);  // and inside one where its quotes are percent-encoded
  BodyOutcome mask_body_names(const BodyForm& form, MutableBytes body);

  std::shared_ptr<const Rules> rules_;
  const NameSet* header_names_;  // of the rules
  hs_scratch* scratch_ = nullptr;
  std::vector<std::uint8_t> decoded_;  // room for a text without its percent-encoding
  bool active_ = false;
  bool text_rules_ = false;
};

}  // namespace spanlight
