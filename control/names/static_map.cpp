#include "names/static_map.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>

#include "text/text.h"

namespace spanlight {
namespace {

constexpr unsigned kSingleBits = 128;
constexpr std::string_view kKeys[] = {"address",  "name", "namespace", "service",
                                      "workload", "node", "labels"};

}  // namespace

class StaticMapReader {
 public:
  StaticMapReader(std::string file, std::vector<std::string>& faults)
      : file_(std::move(file)), faults_(faults) {}

  std::shared_ptr<const StaticMap> read(const YAML::Node& document) {
    if (document.IsNull()) return map_;
    if (!document.IsSequence()) {
      fault(
          document,
          "is no list; write one item for each machine or network: - {address: 10.20.0.0/16, name: billing}");
      return nullptr;
    }
    if (document.size() > StaticMap::kEntriesMax) {
      fault(document,
            "has more than " + std::to_string(StaticMap::kEntriesMax) + " entries; prefixes make it shorter");
      return nullptr;
    }
    for (const auto& item : document) read_item(item);
    return faults_.empty() ? map_ : nullptr;
  }

  void fault(const YAML::Node& at, const std::string& text) {
    faults_.push_back(file_ + ":" + std::to_string(std::max(0, at.Mark().line) + 1) + ": " + text);
  }

 private:
  void read_item(const YAML::Node& item) {
    if (!item.IsMap()) return fault(item, "an entry is no map; write address: and name:");
    Party party;
    YAML::Node addresses;
    std::set<std::string> seen;
    for (const auto& pair : item) {
      const std::string key = pair.first.IsScalar() ? pair.first.Scalar() : std::string();
      if (std::find(std::begin(kKeys), std::end(kKeys), key) == std::end(kKeys))
        unknown(pair.first, key);
      else if (!seen.insert(key).second)
        fault(pair.first, key + ": stands in the entry twice; keep one of the two");
      else if (key == "address")
        addresses.reset(pair.second);
      else
        read_key(key, pair.second, party);
    }
    if (!seen.contains("address")) return fault(item, "an entry has no address; give an address or a prefix");
    if (party.name.empty())
      party.name = !party.service.empty()    ? party.service
                   : !party.workload.empty() ? party.workload
                                             : party.node;
    if (party.name.empty())
      return fault(item, "an entry has no name; give a name, a service, a workload or a node");
    read_addresses(addresses, party);
  }

  void unknown(const YAML::Node& at, const std::string& key) {
    const std::string_view guess = text::closest(key, kKeys);
    fault(at, "\"" + key + "\" is no key of an entry; " +
                  (guess.empty() ? "there are " + text::one_of(kKeys, "and")
                                 : "did you mean " + std::string(guess) + "?"));
  }

  void read_key(const std::string& key, const YAML::Node& value, Party& party) {
    if (key == "labels") return read_labels(value, party);
    if (!value.IsScalar()) return fault(value, key + ": is no text");
    const std::string& text = value.Scalar();
    if (key == "name") party.name = text;
    if (key == "namespace") party.name_space = text;
    if (key == "service") party.service = text;
    if (key == "node") party.node = text;
    if (key == "workload") {
      const std::size_t slash = text.find('/');
      party.workload_kind = slash == std::string::npos ? std::string() : text.substr(0, slash);
      party.workload = slash == std::string::npos ? text : text.substr(slash + 1);
    }
  }

  void read_labels(const YAML::Node& value, Party& party) {
    if (!value.IsMap()) return fault(value, "labels: is no map; write labels: {team: payments}");
    std::map<std::string, std::string> labels;
    for (const auto& pair : value) {
      if (!pair.first.IsScalar() || !pair.second.IsScalar())
        fault(pair.first, "labels: a label is a name and a text");
      else if (!labels.emplace(pair.first.Scalar(), pair.second.Scalar()).second)
        fault(pair.first, "labels: \"" + pair.first.Scalar() + "\" stands there twice; keep one of the two");
    }
    for (auto& [name, text] : labels) party.labels.push_back({name, text});
  }

  void read_addresses(const YAML::Node& node, const Party& party) {
    const auto number = static_cast<std::uint32_t>(map_->parties_.size());
    map_->parties_.push_back(std::make_shared<const Party>(party));
    if (node.IsScalar()) return read_address(node, number);
    if (!node.IsSequence() || node.size() == 0)
      return fault(node, "address: is neither an address nor a list of some");
    for (const auto& item : node) read_address(item, number);
  }

  void read_address(const YAML::Node& node, std::uint32_t number) {
    const std::string text = node.IsScalar() ? node.Scalar() : std::string();
    const std::optional<Prefix> prefix = parse_prefix(text);
    if (!prefix)
      return fault(
          node, "address: \"" + text +
                    "\" is neither an address nor a prefix (10.20.0.0/16; bits behind the length must be 0)");
    if (!map_->table_.add(*prefix, number))
      return fault(node, "address: " + to_text(*prefix) + " has an entry already; keep one of the two");
    if (prefix->bits == kSingleBits)
      map_->singles_.push_back({prefix->base, map_->parties_[number]});
    else
      map_->networks_.push_back(map_->parties_[number]);
  }

  const std::string file_;
  std::vector<std::string>& faults_;
  std::shared_ptr<StaticMap> map_ = std::make_shared<StaticMap>();
};

std::shared_ptr<const StaticMap> StaticMap::parse(const std::string& yaml, const std::string& file,
                                                  std::vector<std::string>& faults) {
  StaticMapReader reader(file, faults);
  try {
    return reader.read(YAML::Load(yaml));
  } catch (const YAML::Exception& wrong) {
    faults.push_back(file + ":" + std::to_string(std::max(0, wrong.mark.line) + 1) +
                     ": is not readable YAML: " + wrong.msg);
    return nullptr;
  }
}

std::shared_ptr<const StaticMap> StaticMap::load(const std::string& path, std::vector<std::string>& faults) {
  std::error_code error;
  const std::uintmax_t bytes = std::filesystem::file_size(path, error);
  std::ifstream in(path, std::ios::binary);
  if (error || !in || bytes > kFileBytesMax) {
    faults.push_back(path + ": cannot be read: " +
                     (error ? error.message()
                      : !in ? std::string("permission denied")
                            : std::string("it has more than 16 MiB")));
    return nullptr;
  }
  return parse(std::string(std::istreambuf_iterator<char>(in), {}), path, faults);
}

}  // namespace spanlight
