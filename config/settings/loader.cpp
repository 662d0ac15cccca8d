#include "settings/loader.h"

#include <algorithm>
#include <iterator>

#include "settings/content.h"
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

// The names that may stand below `prefix`, in the table's order.
std::vector<std::string_view> names_below(const std::string& prefix) {
  std::vector<std::string_view> names;
  for (const Key& key : settings_table()) {
    std::string_view rest = key.path;
    if (!prefix.empty()) {
      if (!rest.starts_with(prefix) || rest.size() <= prefix.size() || rest[prefix.size()] != '.') continue;
      rest.remove_prefix(prefix.size() + 1);
    }
    const std::string_view name = rest.substr(0, rest.find('.'));
    const bool item = name.ends_with("[]");
    if (!item && (names.empty() || names.back() != name)) names.push_back(name);
  }
  return names;
}

const Key* find_key(std::string_view path) {
  for (const Key& key : settings_table())
    if (key.path == path) return &key;
  return nullptr;
}

std::string kind_of(const YAML::Node& node) {
  if (node.IsSequence()) return "is a list";
  if (node.IsMap()) return "is a map";
  return node.IsScalar() ? "is \"" + node.Scalar() + "\"" : "has no value";
}

}  // namespace

Loader::Loader(std::string file, const ProtocolNames& protocols)
    : file_(std::move(file)), protocols_(protocols) {
  settings_.origin.file = file_;
}

void Loader::fault(int line, std::string key, std::string text) {
  faults_.push_back({file_, line, std::move(key), std::move(text)});
}

void Loader::read_document(const YAML::Node& document) {
  if (document.IsNull() || !document.IsDefined()) return;
  read_map(document, "", "", line_of(document, 0));
}

void Loader::read_map(const YAML::Node& node, const std::string& table_prefix, const std::string& path_prefix,
                      int line) {
  if (node.IsNull()) return;  // a section whose keys are all commented out
  if (!node.IsMap()) {
    const std::string keys = text::one_of(names_below(table_prefix), "and");
    fault(line, path_prefix, kind_of(node) + "; write keys and values, of the keys " + keys);
    return;
  }
  std::map<std::string, int> seen;
  for (const auto& pair : node) read_pair(pair.first, pair.second, table_prefix, path_prefix, seen);
}

void Loader::read_pair(const YAML::Node& name, const YAML::Node& value, const std::string& table_prefix,
                       const std::string& path_prefix, std::map<std::string, int>& seen) {
  const int line = line_of(name, 0);
  if (!name.IsScalar()) {
    fault(line, path_prefix,
          "a key " + kind_of(name) + "; give one of " + text::one_of(names_below(table_prefix)));
    return;
  }
  const std::string path = join(path_prefix, name.Scalar());
  const auto [first, is_new] = seen.emplace(name.Scalar(), line);
  if (!is_new) {
    fault(line, path,
          "stands here a second time, after line " + std::to_string(first->second) + "; keep one of the two");
    return;
  }
  const std::vector<std::string_view> names = names_below(table_prefix);
  if (std::find(names.begin(), names.end(), name.Scalar()) == names.end()) {
    unknown(name.Scalar(), table_prefix, path_prefix, line);
    return;
  }
  const std::string table_path = join(table_prefix, name.Scalar());
  if (const Key* key = find_key(table_path))
    read_key(*key, value, path, line);
  else
    read_map(value, table_path, path, line_of(value, line));
}

void Loader::unknown(const std::string& name, const std::string& table_prefix, const std::string& path_prefix,
                     int line) {
  const std::string path = join(path_prefix, name);
  // The right key in the wrong section is the likeliest slip after a misspelling.
  for (const Key& key : settings_table()) {
    const bool elsewhere = key.path.ends_with("." + name) && key.path.find('[') == std::string_view::npos;
    if (!elsewhere) continue;
    fault(line, path, "is not a setting here; did you mean " + std::string(key.path) + "?");
    return;
  }
  const std::vector<std::string_view> names = names_below(table_prefix);
  const std::string_view guess = text::closest(name, names);
  if (!guess.empty()) {
    fault(line, path, "is not a setting; did you mean " + join(path_prefix, guess) + "?");
    return;
  }
  const std::string where = path_prefix.empty() ? "the top level" : path_prefix;
  fault(line, path, "is not a setting; " + where + " has " + text::one_of(names, "and"));
}

void Loader::read_key(const Key& key, const YAML::Node& node, const std::string& path, int line) {
  const Place place{key, path, line_of(node, line)};
  settings_.origin.lines[path] = place.line;
  std::visit([&](auto member) { read(node, place, target(member)); }, key.member);
}

std::optional<std::string> Loader::scalar(const YAML::Node& node, const Place& place) {
  if (node.IsScalar()) return node.Scalar();
  fault(place.line, place.path, kind_of(node) + "; give " + describe_item(place.key));
  return std::nullopt;
}

std::optional<std::string> Loader::checked_text(const YAML::Node& node, const Place& place) {
  std::optional<std::string> text = scalar(node, place);
  if (!text) return std::nullopt;
  std::string wrong = check_content(place.key.content, *text, protocols_);
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
    settings_.origin.lines[at.path] = at.line;
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

template <typename Enum>
void Loader::read_choice(const YAML::Node& node, const Place& place, Enum& out) {
  const std::optional<std::string> text = scalar(node, place);
  if (!text) return;
  const auto names = names_of(out);
  const auto found = std::find(names.begin(), names.end(), *text);
  if (found != names.end())
    out = static_cast<Enum>(found - names.begin());
  else
    fault(place.line, place.path, "\"" + *text + "\" is not a choice; give " + text::one_of(names));
}

void Loader::read(const YAML::Node& node, const Place& place, std::uint16_t& out) {
  read_integer(node, place, out);
}
void Loader::read(const YAML::Node& node, const Place& place, std::uint32_t& out) {
  read_integer(node, place, out);
}
void Loader::read(const YAML::Node& node, const Place& place, int& out) {
  read_integer(node, place, out);
}
void Loader::read(const YAML::Node& node, const Place& place, Hugepages& out) {
  read_choice(node, place, out);
}
void Loader::read(const YAML::Node& node, const Place& place, Idle& out) {
  read_choice(node, place, out);
}
void Loader::read(const YAML::Node& node, const Place& place, LogLevel& out) {
  read_choice(node, place, out);
}

void Loader::read(const YAML::Node& node, const Place& place, bool& out) {
  const std::optional<std::string> text = scalar(node, place);
  if (!text) return;
  // YAML 1.1's other spellings are still in many hands.
  constexpr std::string_view kTrue[] = {"true", "yes", "on"};
  constexpr std::string_view kFalse[] = {"false", "no", "off"};
  if (std::find(std::begin(kTrue), std::end(kTrue), *text) != std::end(kTrue))
    out = true;
  else if (std::find(std::begin(kFalse), std::end(kFalse), *text) != std::end(kFalse))
    out = false;
  else
    fault(place.line, place.path, "\"" + *text + "\" is neither true nor false; give true or false");
}

void Loader::read(const YAML::Node& node, const Place& place, std::string& out) {
  if (const std::optional<std::string> text = checked_text(node, place)) out = *text;
}

void Loader::read(const YAML::Node& node, const Place& place, std::vector<std::string>& out) {
  out.clear();
  each_item(node, place, [&](const YAML::Node& item, const Place& at) {
    const std::optional<std::string> text = checked_text(item, at);
    if (!text) return;
    if (text->empty()) return fault(at.line, at.path, "is empty; write a text, or leave the item out");
    if (std::find(out.begin(), out.end(), *text) != out.end())
      return fault(at.line, at.path, "\"" + *text + "\" stands in the list twice; keep one of the two");
    out.push_back(*text);
  });
}

void Loader::read(const YAML::Node& node, const Place& place, std::vector<unsigned>& out) {
  out.clear();
  each_item(node, place, [&](const YAML::Node& item, const Place& at) {
    if (const std::optional<std::string> text = scalar(item, at)) read_cpus(*text, at, out);
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

void Loader::read(const YAML::Node& node, const Place& place, std::uint16_t (&out)[2]) {
  std::uint16_t ports[kVxlanPortsMax] = {0, 0};  // 0: not used
  std::size_t n = 0;
  each_item(node, place, [&](const YAML::Node& item, const Place& at) {
    if (n == kVxlanPortsMax) return fault(at.line, at.path, "is one port too many; two are possible");
    read_integer(item, at, ports[n++]);
  });
  std::copy(std::begin(ports), std::end(ports), std::begin(out));
}

void Loader::read(const YAML::Node& node, const Place& place, std::vector<PortSettings>& out) {
  out.clear();
  each_item(node, place, [&](const YAML::Node& item, const Place& at) {
    out.emplace_back();
    settings_.origin.lines[at.path + ".source"] = at.line;
    if (item.IsScalar())
      out.back().source = item.Scalar();  // `ports: [eth1]`
    else if (item.IsNull())
      return fault(at.line, at.path, "has no value; give a source, or source: and the port's other keys");
    else
      read_map(item, std::string(place.key.path) + "[]", at.path, at.line);
    if (out.back().name.empty()) out.back().name = out.back().source;
  });
}

void Loader::read(const YAML::Node& node, const Place& place, std::vector<Settings::UserPattern>& out) {
  out.clear();
  each_item(node, place, [&](const YAML::Node& item, const Place& at) {
    out.emplace_back();
    const std::size_t faults_before = faults_.size();
    read_map(item, std::string(place.key.path) + "[]", at.path, at.line);
    const bool whole = !out.back().protocol.empty() && !out.back().regex.empty();
    if (!whole && faults_.size() == faults_before)
      fault(at.line, at.path, "needs both a protocol and a regex; give the one that is missing");
  });
}

void Loader::read(const YAML::Node& node, const Place& place,
                  std::map<std::string, std::vector<std::uint16_t>>& out) {
  out.clear();
  if (!node.IsMap() && !node.IsNull())
    return fault(place.line, place.path, kind_of(node) + "; give " + describe_value(place.key));
  for (const auto& pair : node) {
    const Place name{place.key, place.path + "." + (pair.first.IsScalar() ? pair.first.Scalar() : "?"),
                     line_of(pair.first, place.line)};
    const std::optional<std::string> protocol = checked_text(pair.first, name);
    if (!protocol) continue;
    if (out.contains(*protocol)) {
      fault(name.line, name.path, "stands here a second time; keep one of the two");
      continue;
    }
    settings_.origin.lines[name.path] = name.line;
    std::vector<std::uint16_t>& ports = out[*protocol];
    each_item(pair.second, name, [&](const YAML::Node& item, const Place& at) {
      std::uint16_t port = 0;
      read_integer(item, at, port);
      if (port != 0) ports.push_back(port);
    });
  }
}

}  // namespace spanlight
