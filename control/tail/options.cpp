#include "options.h"

#include <getopt.h>

#include <charconv>
#include <string_view>

namespace spanlight {
namespace {

constexpr std::string_view kHelp = R"(NAME
       spanlight-tail - show live calls from a running sensor

SYNOPSIS
       spanlight tail [--connect ENDPOINT] [--protocol NAME[,NAME...]]
                      [--json | --format FORMAT] [--count N] [--no-color]
                      [--server-key KEY [--key-file FILE]]

DESCRIPTION
       Subscribes to the records of one sensor and prints each call as it
       is published: a table that fits the terminal, or one JSON object a
       line. A sensor that is not there is waited for. What the sensor
       published and this program did not get, because it or what reads
       its output was too slow, is told on standard error.

       In the table a ! behind the status marks a call that was touched
       by a gap, was malformed, joined midway, or could not be paired for
       certain. Bytes that are no text are shown as \xNN.

OPTIONS
       --connect ENDPOINT
              Where the sensor publishes (its setting
              publish.records_endpoint): ipc://PATH or tcp://HOST:PORT.
              Default: ipc:///run/spanlight/records.sock.

       --protocol NAME[,NAME...]
              Only calls of these protocols, as in http,redis. May be
              given more than once. Default: all.

       --format table|json
              Default: table.

       --json Same as --format json.

       --count N
              Stop after N records.

       --no-color
              No colours, also on a terminal. A non-empty NO_COLOR in the
              environment does the same.

       --server-key KEY
              The sensor's public CURVE key (40 characters, Z85). Needed
              where the sensor publishes encrypted.

       --key-file FILE
              Our own CURVE keys: the public key on the first line, the
              secret key on the second. Needed where the sensor lets only
              known subscribers in. Default: a new pair each time.

       --help Show this text.

EXAMPLES
       spanlight tail
              All calls of the sensor on this machine.

       spanlight tail --protocol http --json | jq -c '[.path, .status_code]'
              Paths and status codes of HTTP calls.

       spanlight tail --connect tcp://10.0.0.5:7411 --server-key "$KEY"
              Of a sensor elsewhere.

EXIT STATUS
       0      The count was reached, the reader of standard output went
              away, or Ctrl-C.
       1      The sensor cannot be connected to, or output failed.
       2      The command line is wrong.
)";

enum Option : int {
  kConnect = 256,
  kProtocol,
  kFormat,
  kJson,
  kCount,
  kNoColor,
  kServerKey,
  kKeyFile,
  kHelpOption
};

constexpr option kOptions[] = {{"connect", required_argument, nullptr, kConnect},
                               {"protocol", required_argument, nullptr, kProtocol},
                               {"format", required_argument, nullptr, kFormat},
                               {"json", no_argument, nullptr, kJson},
                               {"count", required_argument, nullptr, kCount},
                               {"no-color", no_argument, nullptr, kNoColor},
                               {"server-key", required_argument, nullptr, kServerKey},
                               {"key-file", required_argument, nullptr, kKeyFile},
                               {"help", no_argument, nullptr, kHelpOption},
                               {nullptr, 0, nullptr, 0}};

ParsedTail wrong(const std::string& sentence) {
  return {false, {}, 2, "spanlight tail: " + sentence + "\n"};
}

void add_names(std::vector<std::string>& names, std::string_view list) {
  while (true) {
    const std::size_t comma = list.find(',');
    if (const std::string_view name = list.substr(0, comma); !name.empty()) names.emplace_back(name);
    if (comma == std::string_view::npos) return;
    list.remove_prefix(comma + 1);
  }
}

// Empty, or the sentence that says what is wrong.
std::string apply(TailOptions& options, int which, std::string_view value) {
  switch (which) {
    case kConnect:
      options.endpoint = value;
      break;
    case kProtocol: {
      const std::size_t before = options.protocols.size();
      add_names(options.protocols, value);
      if (options.protocols.size() == before) return "--protocol wants a name, as in --protocol http,redis.";
      break;
    }
    case kFormat:
      if (value != "table" && value != "json") {
        return "--format is table or json, not \"" + std::string(value) + "\".";
      }
      options.format = value == "json" ? TailOptions::Format::json : TailOptions::Format::table;
      break;
    case kJson:
      options.format = TailOptions::Format::json;
      break;
    case kCount: {
      const auto result = std::from_chars(value.data(), value.data() + value.size(), options.count);
      if (result.ec != std::errc() || result.ptr != value.data() + value.size() || options.count == 0) {
        return "--count wants a number of records from 1 on, not \"" + std::string(value) + "\".";
      }
      break;
    }
    case kNoColor:
      options.colour = false;
      break;
    case kServerKey:
      options.server_key = value;
      break;
    case kKeyFile:
      options.key_file = value;
      break;
    default:
      break;
  }
  return {};
}

}  // namespace

ParsedTail parse(int argc, char** argv) {
  ParsedTail parsed;
  opterr = 0;
  optind = 1;
  for (int which = 0; (which = getopt_long(argc, argv, ":", kOptions, nullptr)) != -1;) {
    if (which == kHelpOption) return {false, {}, 0, std::string(kHelp)};
    const std::string given = optind > 0 && optind <= argc ? argv[optind - 1] : "";
    if (which == ':') return wrong(given + " wants a value; spanlight tail --help says which.");
    if (which == '?') return wrong("there is no option " + given + "; spanlight tail --help lists them.");
    const std::string fault = apply(parsed.options, which, optarg == nullptr ? "" : optarg);
    if (!fault.empty()) return wrong(fault);
  }
  if (optind < argc) {
    return wrong("\"" + std::string(argv[optind]) +
                 "\" is not an option; --connect names the sensor's endpoint.");
  }
  if (!parsed.options.key_file.empty() && parsed.options.server_key.empty()) {
    return wrong("--key-file is of use only with --server-key.");
  }
  parsed.run = true;
  return parsed;
}

}  // namespace spanlight
