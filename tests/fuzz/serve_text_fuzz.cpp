// Any bytes as what a client of the API may write: targets, moments, addresses, small JSON documents. The
// first byte chooses.

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "record/json.h"
#include "serve/network.h"
#include "serve/time_text.h"
#include "serve/url.h"
#include "serve/wishes.h"

namespace {

void target(std::string_view text) {
  using namespace spanlight;
  const auto parsed = serve::parse_target(text);
  if (!parsed) return;
  const std::string around = parsed->path + '/';
  if (parsed->path.front() != '/' || !is_utf8(parsed->path) || around.find("/../") != around.npos ||
      parsed->path.find('\0') != std::string::npos)
    std::abort();
  if (parsed->query.size() > serve::kQueryParametersMax) std::abort();
}

void network(std::string_view text) {
  using namespace spanlight::serve;
  if (const auto listen = parse_listen(text)) {
    if (!Ip::parse(listen->address.text())) std::abort();
  }
  const auto network = Network::parse(text);
  if (network && !network->holds(network->base)) std::abort();
}

template <typename Parse>
void wish(const Parse& parse, std::string_view text) {
  try {
    parse(text);
  } catch (const spanlight::serve::ApiError& error) {
    if (error.status() != 400 || !spanlight::is_utf8(error.json())) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace spanlight::serve;
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
  switch (data[0] % 6) {
    case 0:
      target(text);
      break;
    case 1: {
      const auto moment = parse_moment(text, 1'795'407'600'000'000'000);
      const auto duration = parse_duration(text);
      if (duration && !moment) std::abort();
      break;
    }
    case 2:
      network(text);
      break;
    case 3:
      wish(parse_stream_wish, text);
      break;
    case 4:
      wish(parse_tap_settings, text);
      break;
    default:
      wish(parse_filter_wish, text);
  }
  return 0;
}
