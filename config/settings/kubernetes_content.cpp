// What texts that Kubernetes shall understand must be. Its own rules, by the documentation of object names
// and of labels and selectors; whether the cluster has what they name is not asked.

#include <algorithm>

#include "settings/content.h"

namespace spanlight {

namespace {

constexpr std::size_t kLabelCharsMax = 63;    // of one part of a DNS name, and of a label's name or value
constexpr std::size_t kPrefixCharsMax = 253;  // of a DNS name
constexpr std::string_view kLower = "abcdefghijklmnopqrstuvwxyz0123456789";
constexpr std::string_view kAlphanumeric = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

// Begins and ends with one of `ends`; between there may be `inner` as well.
bool is_word(std::string_view text, std::string_view ends, std::string_view inner) {
  const auto at_end = [&](char c) { return ends.find(c) != std::string_view::npos; };
  const auto within = [&](char c) { return at_end(c) || inner.find(c) != std::string_view::npos; };
  return !text.empty() && text.size() <= kLabelCharsMax && at_end(text.front()) && at_end(text.back()) &&
         std::all_of(text.begin(), text.end(), within);
}

bool is_dns_label(std::string_view text) {
  return is_word(text, kLower, "-");
}

bool is_dns_name(std::string_view text) {
  if (text.size() > kPrefixCharsMax) return false;
  for (std::size_t dot = text.find('.'); dot != std::string_view::npos; dot = text.find('.')) {
    if (!is_dns_label(text.substr(0, dot))) return false;
    text.remove_prefix(dot + 1);
  }
  return is_dns_label(text);
}

// "app", or "app.kubernetes.io/name".
bool is_label_key(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return is_word(text, kAlphanumeric, "-_.");
  return is_dns_name(text.substr(0, slash)) && is_word(text.substr(slash + 1), kAlphanumeric, "-_.");
}

bool is_label_value(std::string_view text) {
  return text.empty() || is_word(text, kAlphanumeric, "-_.");
}

std::string check_namespace(std::string_view value) {
  if (is_dns_label(value)) return {};
  return quoted(value) + " is not a namespace's name; give lower-case letters, digits and -, at most 63";
}

std::string check_service(std::string_view value) {
  const std::size_t slash = value.find('/');
  const bool right = slash == std::string_view::npos
                         ? is_dns_label(value)
                         : is_dns_label(value.substr(0, slash)) && is_dns_label(value.substr(slash + 1));
  return right ? std::string() : quoted(value) + " is not a service; give NAME or NAMESPACE/NAME";
}

// Requirements, divided by commas: key, !key, key=value, key==value, key!=value, key in (a, b),
// key notin (a, b). Reads on from `rest`; a fault is the first thing that does not fit.
class Selector {
 public:
  explicit Selector(std::string_view text) : rest_(text) {}

  // What is wrong, or nothing.
  std::string check() {
    std::string wrong;
    do wrong = requirement();
    while (wrong.empty() && take(","));
    if (wrong.empty() && !rest_.empty()) wrong = "nothing can follow before " + quoted(rest_);
    return wrong;
  }

 private:
  std::string requirement() {
    const bool must_lack = take("!");
    const std::string_view key = word();
    if (!is_label_key(key)) return quoted(key) + " is not a label's key";
    if (must_lack) return {};
    if (take("!=") || take("==") || take("=")) return value(word());
    const std::string_view before = rest_;
    const std::string_view set = word();
    if (set == "in" || set == "notin") return values();
    rest_ = before;
    return {};
  }

  std::string values() {
    if (!take("(")) return "in and notin want values in brackets";
    std::string wrong;
    do wrong = value(word());
    while (wrong.empty() && take(","));
    if (wrong.empty() && !take(")")) return "a bracket is not closed";
    return wrong;
  }

  static std::string value(std::string_view text) {
    return is_label_value(text) ? std::string() : quoted(text) + " is not a label's value";
  }

  void skip_spaces() { rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t"), rest_.size())); }

  bool take(std::string_view sign) {
    skip_spaces();
    if (!rest_.starts_with(sign)) return false;
    rest_.remove_prefix(sign.size());
    skip_spaces();
    return true;
  }

  std::string_view word() {
    skip_spaces();
    const std::string_view found = rest_.substr(0, rest_.find_first_of(" \t,=!()"));
    rest_.remove_prefix(found.size());
    skip_spaces();
    return found;
  }

  std::string_view rest_;
};

std::string check_label_selector(std::string_view value) {
  const std::string wrong = Selector(value).check();
  if (wrong.empty()) return {};
  return quoted(value) + " is not a label selector (" + wrong +
         "); give one such as app=shop, tier!=cache or \"app in (shop, cart)\"";
}

}  // namespace

constinit const Content Content::kubernetes_namespace{"a namespace's name", check_text<check_namespace>};
constinit const Content Content::label_selector{"a label selector such as app=shop",
                                                check_text<check_label_selector>};
constinit const Content Content::service{"a service as NAME or NAMESPACE/NAME", check_text<check_service>};

}  // namespace spanlight
