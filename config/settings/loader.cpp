#include "settings/loader.h"

#include <algorithm>
#include <iterator>

#include "settings/describe.h"
#include "settings/number.h"
#include "text/text.h"

namespace spanlight {

namespace {

constexpr std::size_t kVxlanPortsMax = 2;

int line_of(const YAML::Node& node, int otherwise) {
  // A node without text (null) has the mark of what follows it.
  return node.IsNull() || node.Mark().line < 0 ? otherwise : node.Mark().line + 1;
}

std::string join(const std::string& prefix, std::string_view name) {
  return prefix.empty() ? std::string(name) : prefix + "." + std::string(name);
}

std::string kind_of(const YAML::Node& node) {
  if (node.IsSequence()) return "is a list";
  if (node.IsMap()) return "is a map";
  return node.IsScalar() ? "is \"" + node.Scalar() + "\"" : "has no value";
}

}  // namespace

void Loader::fault(int line, std::string key, std::string text) {
  faults_.push_back({target_.origin.file, line, std::move(key), std::move(text)});
}

void Loader::read_document(const YAML::Node& document) {
  if (document.IsNull() || !document.IsDefined()) return;
  read_map(document, {"", "", line_of(document, 0), target_.settings});
}

void Loader::read_map(const YAML::Node& node, const Section& section) {
  if (node.IsNull()) return;  // a section whose keys are all commented out
  if (!node.IsMap()) {
    const std::string keys = text::one_of(names_below(target_.table, section.table_path), "and");
    fault(section.line, section.path, kind_of(node) + "; write keys and values, of the keys " + keys);
    return;
  }
  std::map<std::string, int> seen;
  for (const auto& pair : node) read_pair(pair.first, pair.second, section, seen);
}

void Loader::read_pair(const YAML::Node& name, const YAML::Node& value, const Section& section,
                       std::map<std::string, int>& seen) {
  const int line = line_of(name, 0);
  const std::vector<std::string_view> names = names_below(target_.table, section.table_path);
  if (!name.IsScalar()) {
    fault(line, section.path, "a key " + kind_of(name) + "; give one of " + text::one_of(names));
    return;
  }
  const std::string path = join(section.path, name.Scalar());
  const auto [first, is_new] = seen.emplace(name.Scalar(), line);
  if (!is_new) {
    fault(line, path,
          "stands here a second time, after line " + std::to_string(first->second) + "; keep one of the two");
    return;
  }
  if (std::find(names.begin(), names.end(), name.Scalar()) == names.end()) {
    unknown(name.Scalar(), section, line);
    return;
  }
  const std::string table_path = join(section.table_path, name.Scalar());
  if (const Key* key = find_key(target_.table, table_path))
    read_key(*key, value, path, line, section.owner);
  else
    read_map(value, {table_path, path, line_of(value, line), section.owner});
}

void Loader::unknown(const std::string& name, const Section& section, int line) {
  const std::string path = join(section.path, name);
  // The right key in the wrong section is the likeliest slip after a misspelling.
  for (const Key& key : target_.table) {
    if (!key.path.ends_with("." + name) || key.is_of_item()) continue;
    fault(line, path, "is not a setting here; did you mean " + std::string(key.path) + "?");
    return;
  }
  const std::vector<std::string_view> names = names_below(target_.table, section.table_path);
  const std::string_view guess = text::closest(name, names);
  if (!guess.empty()) {
    fault(line, path, "is not a setting; did you mean " + join(section.path, guess) + "?");
    return;
  }
  const std::string where = section.path.empty() ? "the top level" : section.path;
  fault(line, path, "is not a setting; " + where + " has " + text::one_of(names, "and"));
}

void Loader::read_key(const Key& key, const YAML::Node& node, const std::string& path, int line,
                      void* owner) {
  const Place place{key, path, line_of(node, line)};
  target_.origin.lines[path] = place.line;
  std::visit([&](auto out) { read(node, place, out); }, key.member.in(owner));
}

std::optional<std::string> Loader::scalar(const YAML::Node& node, const Place& place) {
  if (node.IsScalar()) return node.Scalar();
  fault(place.line, place.path, kind_of(node) + "; give " + describe_item(place.key));
  return std::nullopt;
}

std::optional<std::string> Loader::checked_text(const YAML::Node& node, const Place& place) {
  std::optional<std::string> text = scalar(node, place);
  if (!text) return std::nullopt;
  std::string wrong = place.key.content.check(*text, target_.protocols);
  if (text->find('\0') != std::string::npos) wrong = "holds a NUL character; leave it out";
  if (wrong.empty()) return text;
  fault(place.line, place.path, std::move(wrong));
  return std::nullopt;
}

template <typename Item>
void Loader::each_item(const YAML::Node& node, const Place& place, Item read_item) {
  if (!node.IsSequence()) {
    fault(place.line, place.path, kind_of(node) + "; give " + describe_value(place.key));
    return;
  }
  std::size_t i = 0;
  for (const auto& item : node) {
    const Place at{place.key, place.path + "[" + std::to_string(i) + "]", line_of(item, place.line)};
    target_.origin.lines[at.path] = at.line;
    read_item(item, at);
    ++i;
  }
}

template <typename Number>
void Loader::read_integer(const YAML::Node& node, const Place& place, Number& out) {
  const std::optional<std::string> text = scalar(node, place);
  if (!text) return;
  std::int64_t value = 0;
  std::string wrong = read_number(*text, place.key.range, value);
  if (wrong.empty())
    out = static_cast<Number>(value);
  else
    fault(place.line, place.path, std::move(wrong));
}

void Loader::read(const YAML::Node& node, const Place& place, std::uint16_t* out) {
  read_integer(node, place, *out);
}
void Loader::read(const YAML::Node& node, const Place& place, std::uint32_t* out) {
  read_integer(node, place, *out);
}
void Loader::read(const YAML::Node& node, const Place& place, int* out) {
  read_integer(node, place, *out);
}

void Loader::read(const YAML::Node& node, const Place& place, Choice out) {
  const std::optional<std::string> text = scalar(node, place);
  if (!text) return;
  const auto found = std::find(out.names.begin(), out.names.end(), *text);
  if (found != out.names.end())
    *out.value = static_cast<std::uint8_t>(found - out.names.begin());
  else
    fault(place.line, place.path, "\"" + *text + "\" is not a choice; give " + text::one_of(out.names));
}

void Loader::read(const YAML::Node& node, const Place& place, bool* out) {
  const std::optional<std::string> text = scalar(node, place);
  if (!text) return;
  // YAML 1.1's other spellings are still in many hands.
  constexpr std::string_view kTrue[] = {"true", "yes", "on"};
  constexpr std::string_view kFalse[] = {"false", "no", "off"};
  if (std::find(std::begin(kTrue), std::end(kTrue), *text) != std::end(kTrue))
    *out = true;
  else if (std::find(std::begin(kFalse), std::end(kFalse), *text) != std::end(kFalse))
    *out = false;
  else
    fault(place.line, place.path, "\"" + *text + "\" is neither true nor false; give true or false");
}

void Loader::read(const YAML::Node& node, const Place& place, std::string* out) {
  if (const std::optional<std::string> text = checked_text(node, place)) *out = *text;
}

void Loader::read(const YAML::Node& node, const Place& place, std::vector<std::string>* out) {
  out->clear();
  each_item(node, place, [&](const YAML::Node& item, const Place& at) {
    const std::optional<std::string> text = checked_text(item, at);
    if (!text) return;
    if (text->empty()) return fault(at.line, at.path, "is empty; write a text, or leave the item out");
    if (std::find(out->begin(), out->end(), *text) != out->end())
      return fault(at.line, at.path, "\"" + *text + "\" stands in the list twice; keep one of the two");
    out->push_back(*text);
  });
}

void Loader::read(const YAML::Node& node, const Place& place, std::vector<unsigned>* out) {
  out->clear();
  each_item(node, place, [&](const YAML::Node& item, const Place& at) {
    if (const std::optional<std::string> text = scalar(item, at)) read_cpus(*text, at, *out);
  });
}

// "3", or a range "2-5".
void Loader::read_cpus(const std::string& text, const Place& place, std::vector<unsigned>& out) {
  const std::size_t dash = text.find('-', 1);
  std::int64_t first = 0;
  std::int64_t last = 0;
  std::string wrong = read_number(std::string_view(text).substr(0, dash), place.key.range, first);
  if (wrong.empty() && dash != std::string::npos)
    wrong = read_number(std::string_view(text).substr(dash + 1), place.key.range, last);
  else
    last = first;
  if (wrong.empty() && last < first) wrong = text + " runs backwards; write the lower CPU first";
  if (!wrong.empty()) return fault(place.line, place.path, std::move(wrong));
  for (std::int64_t cpu = first; cpu <= last; ++cpu) {
    const auto id = static_cast<unsigned>(cpu);
    if (std::find(out.begin(), out.end(), id) != out.end())
      return fault(place.line, place.path,
                   "CPU " + std::to_string(id) + " stands in the list twice; a CPU runs one worker");
    out.push_back(id);
  }
}

void Loader::read(const YAML::Node& node, const Place& place, std::uint16_t (*out)[2]) {
  std::uint16_t ports[kVxlanPortsMax] = {0, 0};  // 0: not used
  std::size_t n = 0;
  each_item(node, place, [&](const YAML::Node& item, const Place& at) {
    if (n == kVxlanPortsMax) return fault(at.line, at.path, "is one port too many; two are possible");
    read_integer(item, at, ports[n++]);
  });
  std::copy(std::begin(ports), std::end(ports), std::begin(*out));
}

void Loader::read(const YAML::Node& node, const Place& place, Items out) {
  out.type->clear(out.list);
  each_item(node, place, [&](const YAML::Node& item, const Place& at) { read_item(item, at, out); });
}

void Loader::read_item(const YAML::Node& node, const Place& place, Items list) {
  const ItemRules& rules = list.type->rules();
  const std::size_t faults_before = faults_.size();
  const std::string table_path = std::string(place.key.path) + "[]";
  void* const item = list.type->append(list.list);
  if (node.IsScalar() && !rules.bare.empty())
    read_key(*find_key(target_.table, join(table_path, rules.bare)), node, join(place.path, rules.bare),
             place.line, item);
  else if (node.IsNull() && !rules.bare.empty())
    fault(place.line, place.path, "has no value; give " + std::string(rules.item_words));
  else
    read_map(node, {table_path, place.path, place.line, item});
  std::string missing = rules.complete(item, Written(target_.origin, place.path));
  if (!missing.empty() && faults_.size() == faults_before) fault(place.line, place.path, std::move(missing));
}

void Loader::read(const YAML::Node& node, const Place& place, PortLists* out) {
  out->clear();
  if (!node.IsMap() && !node.IsNull())
    return fault(place.line, place.path, kind_of(node) + "; give " + describe_value(place.key));
  for (const auto& pair : node) {
    const Place name{place.key, place.path + "." + (pair.first.IsScalar() ? pair.first.Scalar() : "?"),
                     line_of(pair.first, place.line)};
    const std::optional<std::string> protocol = checked_text(pair.first, name);
    if (!protocol) continue;
    if (out->contains(*protocol)) {
      fault(name.line, name.path, "stands here a second time; keep one of the two");
      continue;
    }
    target_.origin.lines[name.path] = name.line;
    std::vector<std::uint16_t>& ports = (*out)[*protocol];
    each_item(pair.second, name, [&](const YAML::Node& item, const Place& at) {
      std::uint16_t port = 0;
      read_integer(item, at, port);
      if (port != 0) ports.push_back(port);
    });
  }
}

}  // namespace spanlight
