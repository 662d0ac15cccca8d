#include "body/encodings.h"

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

#include "body/decompress.h"
#include "body/words.h"

namespace spanlight::body {
namespace {

// The codings of a header in the order of taking them off: the last applied first.
std::vector<std::string> codings_of(std::string_view header) {
  std::vector<std::string> codings;
  while (!header.empty() && codings.size() <= kLayersMax) {
    const std::size_t comma = header.rfind(',');
    std::string coding = lowered(trimmed(comma == header.npos ? header : header.substr(comma + 1)));
    header = comma == header.npos ? std::string_view{} : header.substr(0, comma);
    if (!coding.empty() && coding != "identity") codings.push_back(std::move(coding));
  }
  return codings;
}

using Decompress = Decompressed (*)(std::span<const std::uint8_t>, std::size_t, std::string&);

Decompress step_of(std::string_view coding) {
  static constexpr std::array<std::pair<std::string_view, Decompress>, 6> kSteps = {{{"gzip", gunzip},
                                                                                     {"x-gzip", gunzip},
                                                                                     {"deflate", inflate_any},
                                                                                     {"br", unbrotli},
                                                                                     {"zstd", unzstd},
                                                                                     {"x-zstd", unzstd}}};
  const auto* const found =
      std::find_if(kSteps.begin(), kSteps.end(), [&](const auto& step) { return step.first == coding; });
  return found == kSteps.end() ? nullptr : found->second;
}

// Takes one coding off `decoded`; false where there is no going on.
bool take_off(Decoded& decoded, const std::string& coding, std::size_t bytes_max) {
  const Decompress step = step_of(coding);
  if (step == nullptr) {
    decoded.fault = Fault::unknown_encoding;
    decoded.left = coding;
    return false;
  }
  std::string out;
  const std::span<const std::uint8_t> in{reinterpret_cast<const std::uint8_t*>(decoded.bytes.data()),
                                         decoded.bytes.size()};
  const Decompressed end = step(in, bytes_max, out);
  decoded.bytes = std::move(out);
  decoded.undone.push_back(coding);
  switch (end) {
    case Decompressed::whole:
      break;
    case Decompressed::cut:
      decoded.truncated = true;
      break;
    case Decompressed::over_limit:
      decoded.over_limit = true;
      break;
    case Decompressed::corrupt:
      decoded.fault = Fault::corrupt;
      decoded.left = coding;
      return false;
  }
  return true;
}

}  // namespace

std::string_view fault_name(Fault fault) {
  switch (fault) {
    case Fault::none:
      return "none";
    case Fault::unknown_encoding:
      return "unknown_encoding";
    case Fault::corrupt:
      return "corrupt";
    case Fault::too_many_layers:
      return "too_many_layers";
  }
  return "unknown";
}

Decoded undo_encodings(std::span<const std::uint8_t> bytes, std::string_view content_encoding,
                       std::size_t bytes_max) {
  Decoded decoded;
  decoded.bytes.assign(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const std::vector<std::string> codings = codings_of(content_encoding);
  if (codings.size() > kLayersMax) {
    decoded.fault = Fault::too_many_layers;
    decoded.left = lowered(trimmed(content_encoding));
  } else {
    for (const std::string& coding : codings)
      if (decoded.bytes.empty() || !take_off(decoded, coding, bytes_max)) break;
  }
  if (decoded.bytes.size() > bytes_max) {
    decoded.bytes.resize(bytes_max);
    decoded.over_limit = true;
  }
  return decoded;
}

Decoded undo_encoding(std::span<const std::uint8_t> bytes, std::string_view coding, std::size_t bytes_max) {
  return undo_encodings(bytes, coding.find(',') == coding.npos ? coding : std::string_view("?"), bytes_max);
}

}  // namespace spanlight::body
