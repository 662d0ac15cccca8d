#include "settings/describe.h"

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
  Table table;
  const Key& key;

  std::string number(std::int64_t value) const { return format_number(value, key.range); }

  std::string operator()(const std::uint16_t* v) const { return number(*v); }
  std::string operator()(const std::uint32_t* v) const { return number(*v); }
  std::string operator()(const int* v) const { return number(*v); }
  std::string operator()(const bool* v) const { return *v ? "true" : "false"; }
  std::string operator()(const std::string* v) const { return yaml_quoted(*v); }
  std::string operator()(const Choice& v) const { return std::string(v.names[*v.value]); }
  std::string operator()(const std::vector<unsigned>* v) const {
    return listed(*v, [](unsigned cpu) { return std::to_string(cpu); });
  }
  std::string operator()(const std::vector<std::string>* v) const { return listed(*v, yaml_quoted); }
  std::string operator()(const std::uint16_t (*v)[2]) const {
    std::vector<unsigned> used;
    for (const std::uint16_t port : *v)
      if (port != 0) used.push_back(port);
    return (*this)(&used);
  }
  std::string operator()(const PortLists* v) const {
    std::string out = "{";
    for (const auto& [protocol, ports] : *v) {
      if (out.size() > 1) out += ", ";
      out += protocol;
      out += ": ";
      out += listed(ports, [](std::uint16_t port) { return std::to_string(port); });
    }
    return out + "}";
  }
  std::string operator()(const Items& v) const {
    std::vector<const void*> items(v.type->size(v.list));
    for (std::size_t i = 0; i < items.size(); ++i) items[i] = v.type->item(v.list, i);
    return listed(items, [this](const void* item) { return map_of(item); });
  }

  std::string map_of(const void* item) const {
    const std::string prefix = std::string(key.path) + "[].";
    std::string out = "{";
    for (const Key& other : table) {
      if (!other.path.starts_with(prefix)) continue;
      if (out.size() > 1) out += ", ";
      out += other.path.substr(prefix.size());
      out += ": ";
      out += value_in(table, other, item);
    }
    return out + "}";
  }
};

bool is_list(const Value& kind) {
  return std::holds_alternative<std::vector<unsigned>*>(kind) ||
         std::holds_alternative<std::vector<std::string>*>(kind) ||
         std::holds_alternative<std::uint16_t(*)[2]>(kind);
}

}  // namespace

std::string value_in(Table table, const Key& key, const void* owner) {
  // A Value can be written through, but nobody here does.
  const Value value = key.member.in(const_cast<void*>(owner));
  return std::visit(Writer{table, key}, value);
}

std::string describe_item(const Key& key) {
  const Value kind = key.member.kind();
  if (std::holds_alternative<bool*>(kind)) return "true or false";
  if (const auto* choice = std::get_if<Choice>(&kind)) return text::one_of(choice->names);
  if (const auto* items = std::get_if<Items>(&kind)) return std::string(items->type->rules().item_words);
  const bool number = key.range.most > 0;
  return number ? describe_range(key.range) : std::string(key.content.words);
}

std::string describe_value(const Key& key) {
  const Value kind = key.member.kind();
  if (const auto* items = std::get_if<Items>(&kind)) return std::string(items->type->rules().list_words);
  if (std::holds_alternative<PortLists*>(kind))
    return "lists of ports by protocol, such as {http: [80, 8080]}";
  if (!is_list(kind)) return describe_item(key);
  return "a list, each item " + describe_item(key) + "; [] is the empty one";
}

std::string describe_table(Table table, const void* defaults, unsigned columns) {
  constexpr unsigned kIndent = 4;
  std::string out;
  for (const Key& key : table) {
    out += std::string(key.path) + "\n";
    out += text::wrap(key.meaning, columns, kIndent);
    const std::string takes = "Takes " + describe_value(key) + ".";
    const bool has_default = !key.is_of_item();
    out += text::wrap(has_default ? takes + " Default: " + value_in(table, key, defaults) + "." : takes,
                      columns, kIndent);
    out += "\n";
  }
  return out;
}

std::string yaml_of(Table table, const void* settings, Secrets secrets) {
  std::string out;
  std::vector<std::string_view> open;  // the sections that the last line stands in
  for (const Key& key : table) {
    if (key.is_of_item()) continue;
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
    const std::string value = value_in(table, key, settings);
    const bool withhold = key.secret && secrets == Secrets::withheld && value != "\"\"";
    out += std::string(2 * sections.size(), ' ') + std::string(name) + ": " +
           (withhold ? "\"\"  # withheld" : value) + "\n";
  }
  return out;
}

}  // namespace spanlight
