#include "options.h"

#include "cli/options.h"

namespace spanlight {
namespace {

cli::Manual manual() {
  return {
      .name = "spanlight tail",
      .summary = "show live calls from a running sensor",
      .synopsis = {"[--connect ENDPOINT] [--filter FILTER] [--protocol NAME[,...]] [--json | --format "
                   "FORMAT] [--count N] "
                   "[--no-color] [--server-key KEY [--key-file FILE]]"},
      .description =
          {"Subscribes to the records of one sensor and prints each call as it is published: a table that "
           "fits the terminal, or one JSON object a line. A sensor that is not there is waited for. What the "
           "sensor published and this program did not get, because it or what reads its output was too slow, "
           "is told on standard error.",
           "A filter asks for what a call says, as in status_code >= 500 || \"gap\" in flags; a text alone, "
           "as in "
           "'\"checkout\"', is searched for. Names of pods and services are known to the control process "
           "alone: "
           "here they are empty. The language is described in config/filter/README.md.",
           "In the table a ! behind the status marks a call that was touched by a gap, was malformed, joined "
           "midway, or could not be paired for certain. Bytes that are no text are shown as \\xNN."},
      .examples = {{"spanlight tail", "All calls of the sensor on this machine."},
                   {"spanlight tail --protocol http --json | jq -c '[.path, .status_code]'",
                    "Paths and status codes of HTTP calls."},
                   {"spanlight tail --filter 'http && elapsed_time > 100000'",
                    "HTTP calls that took more than 100 ms."},
                   {"spanlight tail --connect tcp://10.0.0.5:7411 --server-key \"$KEY\"",
                    "Of a sensor elsewhere, encrypted."}},
      .exit_status = {{"0", "The count was reached, the reader of standard output went away, or Ctrl-C."},
                      {"1", "The sensor cannot be connected to, or output failed."},
                      {"2", "The command line or the filter was not understood."}},
      .see_also = {"spanlight sensor", "spanlight dissect"}};
}

}  // namespace

std::optional<int> parse(int argc, const char* const* argv, TailOptions& options) {
  std::string format = "table";
  bool json = false;
  bool no_colour = false;
  cli::Options cli(manual());
  cli.text(0, "connect", "ENDPOINT", &options.endpoint,
           "Where the sensor publishes (its setting publishing.records): ipc://PATH or tcp://HOST:PORT.")
      .list(0, "protocol", "NAME", &options.protocols,
            "Only calls of these protocols, as in http,redis. May be given more than once. Default: all.")
      .text('F', "filter", "FILTER", &options.filter, "Only calls that the filter matches. Default: all.")
      .choice('f', "format", {"table", "json"}, &format, "How calls are printed.")
      .flag('j', "json", &json, "The same as --format json.")
      .number('n', "count", "N", &options.count, 1, cli::kAnyNumber, "Stop after N records.")
      .flag(0, "no-color", &no_colour,
            "No colour, also on a terminal. A non-empty NO_COLOR in the environment does the same.")
      .text(
          0, "server-key", "KEY", &options.server_key,
          "The sensor's public CURVE key (40 characters, Z85). Needed where the sensor publishes encrypted.")
      .text(
          0, "key-file", "FILE", &options.key_file,
          "Our own CURVE keys: the public key on the first line, the secret key on the second. Needed where "
          "the sensor lets only known subscribers in. Without it a new pair each time.")
      .conflict("json", "format");
  if (const auto status = cli.parse(argc, argv)) return status;
  if (!options.key_file.empty() && options.server_key.empty())
    return cli.refuse("--key-file is of use only with --server-key; give both or neither");
  if (json || format == "json") options.format = TailOptions::Format::json;
  options.colour = !no_colour;
  return std::nullopt;
}

}  // namespace spanlight
