#include "settings/document.h"

#include <sys/stat.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include "settings/loader.h"

namespace spanlight {

namespace {

constexpr std::size_t kFileBytesMax =
    1'048'576;  // no settings file is larger; a log or a capture given by mistake is

// What the YAML parser says, with the mend for the commonest slip.
std::string syntax_text(const YAML::Exception& error, const std::string& yaml) {
  const std::string what = error.msg.empty() ? "unreadable" : error.msg;
  std::string text = "is not valid YAML here: " + what;
  if (error.mark.is_null()) return text;
  std::istringstream lines(yaml);
  std::string line;
  for (int i = 0; i <= error.mark.line && std::getline(lines, line); ++i) {
  }
  const std::size_t indent_end = line.find_first_not_of(" \t");
  if (line.substr(0, indent_end).find('\t') != std::string::npos)
    return text + "; indent with spaces, not with tabs";
  return text + " (column " + std::to_string(error.mark.column + 1) +
         "); look for a missing colon, quote, bracket or indent";
}

// A parser's events, for those who want none of them.
class Ignore final : public YAML::EventHandler {
  using Mark = YAML::Mark;
  using Style = YAML::EmitterStyle::value;
  void OnDocumentStart(const Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const Mark&, YAML::anchor_t) override {}
  void OnAlias(const Mark&, YAML::anchor_t) override {}
  void OnScalar(const Mark&, const std::string&, YAML::anchor_t, const std::string&) override {}
  void OnSequenceStart(const Mark&, const std::string&, YAML::anchor_t, Style) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const Mark&, const std::string&, YAML::anchor_t, Style) override {}
  void OnMapEnd() override {}
};

// Documents, counted to two: where a token begins none ("," alone), yaml-cpp 0.7 finds one more for ever, and
// YAML::LoadAll() keeps them all.
int count_documents(const std::string& yaml) {
  std::istringstream in(yaml);
  YAML::Parser parser(in);
  Ignore ignore;
  int count = 0;
  while (count < 2 && parser.HandleNextDocument(ignore)) ++count;
  return count;
}

}  // namespace

std::variant<std::string, SettingsFault> read_settings_file(const std::string& path) {
  const auto fault = [&](const std::string& text) { return SettingsFault{path, 0, "", text}; };
  struct stat status {};
  if (stat(path.c_str(), &status) != 0)
    return fault(std::string("cannot be read (") + std::strerror(errno) +
                 "); give the path of a settings file");
  if (S_ISDIR(status.st_mode)) return fault("is a directory; give the path of a settings file");
  std::ifstream in(path, std::ios::binary);
  if (!in)
    return fault(std::string("cannot be opened (") + std::strerror(errno) +
                 "); make it readable for this user");
  std::string text;
  char room[16'384];
  while (in.read(room, sizeof room) || in.gcount() > 0) {
    text.append(room, static_cast<std::size_t>(in.gcount()));
    if (text.size() > kFileBytesMax)
      return fault("has more than " + std::to_string(kFileBytesMax) + " bytes; is this a settings file?");
  }
  if (in.bad()) return fault("cannot be read to its end");
  return text;
}

std::string SettingsFault::sentence() const {
  std::string out = file;
  if (!out.empty()) out += line > 0 ? ":" + std::to_string(line) + ": " : ": ";
  return out + (key.empty() ? "" : key + ": ") + text;
}

bool read_yaml(const std::string& yaml, const SettingsTarget& target, std::vector<SettingsFault>& faults) {
  Loader loader(target, faults);
  try {
    const int documents = count_documents(yaml);
    if (documents > 1)
      loader.fault(0, "", "holds more than one YAML document; keep one, without --- between");
    if (documents > 0) loader.read_document(YAML::Load(yaml));
    return true;
  } catch (const YAML::Exception& error) {
    loader.fault(error.mark.is_null() ? 0 : error.mark.line + 1, "", syntax_text(error, yaml));
    return false;
  }
}

}  // namespace spanlight
