#include "settings/describe.h"

#include <type_traits>

#include "settings/load.h"
#include "settings/number.h"
#include "text/text.h"

namespace spanlight {

namespace {

// A double-quoted YAML scalar. UTF-8 passes as it is.
std::string yaml_quoted(std::string_view text) {
  constexpr char kHex[] = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20 || byte == 0x7f) {
      out += "\\x";
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    } else {
      out += c;
    }
  }
  return out + '"';
}

template <typename List, typename Format>
std::string listed(const List& list, Format format) {
  std::string out = "[";
  for (const auto& item : list) {
    if (out.size() > 1) out += ", ";
    out += format(item);
  }
  return out + "]";
}

struct Writer {
  const Key& key;
  const Settings& settings;

  std::string number(std::int64_t value) const { return format_number(value, key.range); }

  std::string of(std::uint16_t v) const { return number(v); }
  std::string of(std::uint32_t v) const { return number(v); }
  std::string of(int v) const { return number(v); }
  std::string of(bool v) const { return v ? "true" : "false"; }
  std::string of(const std::string& v) const { return yaml_quoted(v); }
  std::string of(Hugepages v) const { return std::string(names_of(v)[static_cast<std::size_t>(v)]); }
  std::string of(Idle v) const { return std::string(names_of(v)[static_cast<std::size_t>(v)]); }
  std::string of(LogLevel v) const { return std::string(names_of(v)[static_cast<std::size_t>(v)]); }
  std::string of(const std::vector<unsigned>& v) const {
    return listed(v, [](unsigned cpu) { return std::to_string(cpu); });
  }
  std::string of(const std::vector<std::string>& v) const { return listed(v, yaml_quoted); }
  std::string of(const std::uint16_t (&v)[2]) const {
    std::vector<unsigned> used;
    for (const std::uint16_t port : v)
      if (port != 0) used.push_back(port);
    return of(used);
  }
  std::string of(const std::vector<PortSettings>& v) const {
    return listed(v, [this](const PortSettings& p) {
      return "{source: " + yaml_quoted(p.source) + ", name: " + yaml_quoted(p.name) +
             ", pair: " + yaml_quoted(p.pair) + ", promiscuous: " + of(p.promiscuous) + "}";
    });
  }
  std::string of(const std::map<std::string, std::vector<std::uint16_t>>& v) const {
    std::string out = "{";
    for (const auto& [protocol, ports] : v) {
      if (out.size() > 1) out += ", ";
      out += protocol;
      out += ": ";
      out += listed(ports, [](std::uint16_t port) { return std::to_string(port); });
    }
    return out + "}";
  }
  std::string of(const std::vector<Settings::UserPattern>& v) const {
    return listed(v, [](const Settings::UserPattern& p) {
      return "{protocol: " + yaml_quoted(p.protocol) + ", regex: " + yaml_quoted(p.regex) + "}";
    });
  }
};

bool is_list(const Key& key) {
  return std::visit(
      [&]<typename T, typename Owner>(T Owner::*) {
        return std::is_same_v<T, std::vector<unsigned>> || std::is_same_v<T, std::vector<std::string>> ||
               std::is_array_v<T>;
      },
      key.member);
}

}  // namespace

std::string value_of(const Key& key, const Settings& settings) {
  const Writer writer{key, settings};
  return std::visit(
      [&]<typename T, typename Owner>(T Owner::*member) -> std::string {
        if constexpr (std::is_same_v<Owner, Settings>)
          return writer.of(settings.*member);
        else
          return writer.of(Owner{}.*member);  // a key of a list's items: its default
      },
      key.member);
}

std::string describe_item(const Key& key) {
  constexpr std::string_view kTexts[] = {
      "a text, or \"\" for none",           "a protocol's name",
      "ipc://PATH or tcp://ADDRESS:PORT",   "an ADDRESS:PORT, or \"\" for none",
      "a key of 40 characters (Z85)",       "a pattern",
      "a capture filter, or \"\" for none", "a header's name"};
  return std::visit(
      [&]<typename T, typename Owner>(T Owner::*) -> std::string {
        if constexpr (std::is_same_v<T, bool>) return "true or false";
        if constexpr (std::is_enum_v<T>) return text::one_of(names_of(T{}));
        if constexpr (std::is_same_v<T, std::vector<PortSettings>>)
          return "a source, or source: and the port's other keys";
        if constexpr (std::is_same_v<T, std::vector<Settings::UserPattern>>) return "a protocol and a regex";
        const bool number = key.range.most > 0;
        return number ? describe_range(key.range)
                      : std::string(kTexts[static_cast<std::size_t>(key.content)]);
      },
      key.member);
}

std::string describe_value(const Key& key) {
  if (std::holds_alternative<std::vector<PortSettings> Settings::*>(key.member))
    return "a list, such as [eth1], or one of maps with source:, name:, pair: and promiscuous:";
  if (std::holds_alternative<std::vector<Settings::UserPattern> Settings::*>(key.member))
    return "a list of maps, such as [{protocol: http, regex: '^PROPFIND '}]";
  if (std::holds_alternative<std::map<std::string, std::vector<std::uint16_t>> Settings::*>(key.member))
    return "lists of ports by protocol, such as {http: [80, 8080]}";
  if (!is_list(key)) return describe_item(key);
  return "a list, each item " + describe_item(key) + "; [] is the empty one";
}

std::string describe_settings(unsigned columns) {
  constexpr unsigned kIndent = 4;
  std::string out;
  for (const Key& key : settings_table()) {
    out += std::string(key.path) + "\n";
    out += text::wrap(key.meaning, columns, kIndent);
    const bool of_item = key.path.find("[]") != std::string_view::npos;
    out += text::wrap("Takes " + describe_value(key) + "." +
                          (of_item ? "" : " Default: " + value_of(key, Settings{}) + "."),
                      columns, kIndent);
    out += "\n";
  }
  return out;
}

std::string to_yaml(const Settings& settings, Secrets secrets) {
  std::string out;
  std::vector<std::string_view> open;  // the sections that the last line stands in
  for (const Key& key : settings_table()) {
    if (key.path.find("[]") != std::string_view::npos) continue;
    std::vector<std::string_view> sections;
    std::string_view name = key.path;
    for (std::size_t dot = name.find('.'); dot != std::string_view::npos; dot = name.find('.')) {
      sections.push_back(name.substr(0, dot));
      name.remove_prefix(dot + 1);
    }
    std::size_t same = 0;
    while (same < open.size() && same < sections.size() && open[same] == sections[same]) ++same;
    for (std::size_t i = same; i < sections.size(); ++i)
      out += std::string(2 * i, ' ') + std::string(sections[i]) + ":\n";
    open = sections;
    const std::string value = value_of(key, settings);
    const bool withhold = key.secret && secrets == Secrets::withheld && value != "\"\"";
    out += std::string(2 * sections.size(), ' ') + std::string(name) + ": " +
           (withhold ? "\"\"  # withheld" : value) + "\n";
  }
  return out;
}

}  // namespace spanlight
