// `spanlight query`: calls of the store, as they are found.

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <nlohmann/json.hpp>

#include "client/commands.h"
#include "record/table.h"

namespace spanlight::client {
namespace {

using Json = nlohmann::json;

struct QueryArguments {
  Server server;
  std::vector<std::string> filter;
  std::string since = "1h", until, source;
  std::uint64_t limit = 100;
  bool json = false, oldest_first = false;
};

cli::Manual query_manual() {
  return {
      .name = "spanlight query",
      .summary = "calls that were kept",
      .synopsis = {"[OPTIONS] ['FILTER']"},
      .description =
          {"Asks the control process for the calls in its store that match a filter, newest first, and "
           "prints them "
           "as a table, or as one JSON object a line. A long search prints what it finds as it goes on.",
           "Times are RFC 3339 (2026-11-23T04:20:00Z), nanoseconds since the epoch, or so long ago: 5m, 1h, "
           "2d."},
      .examples = {{"spanlight query 'status_code >= 500' --since 5m", "Errors of the last five minutes."},
                   {"spanlight query 'dst.service.name == \"cart\"' --json --limit 0 > cart.json",
                    "All calls of a service of the last hour, whole."}},
      .exit_status = {{"1",
                       "The control process could not be asked, the filter is wrong, or the output could not "
                       "be written."}},
      .see_also = {"spanlight tail", "spanlight control", "spanlight resolve"}};
}

std::string text(const Json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || found->is_null()) return {};
  return found->is_string() ? found->get<std::string>() : found->dump();
}

std::string shown(const std::string& raw, unsigned width) {
  TextBuffer out;
  append_shown(out, raw, width);
  return std::string(out.view());
}

std::string end_of(const Json& end) {
  const std::string name = text(end, "name"), name_space = text(end, "namespace"), dns = text(end, "dns");
  if (!name.empty()) return name_space.empty() ? name : name_space + "/" + name;
  const std::string host = dns.empty() ? text(end, "ip") : dns;
  return end.contains("port") ? host + ":" + text(end, "port") : host;
}

std::string latency_of(const Json& call) {
  const auto elapsed = call.find("elapsed_time");
  if (elapsed == call.end() || !elapsed->is_number_integer()) return "-";
  const std::int64_t us = elapsed->get<std::int64_t>();
  if (us < 0) return std::to_string(us) + " µs";
  TextBuffer out;
  append_duration(out, static_cast<std::uint64_t>(us) * 1'000);
  return std::string(out.view());
}

// Of standard output, after each attempt to write. False: nobody reads on, which is no fault (query | head).
bool goes_on(bool written) {
  if (written) return true;
  if (errno == EPIPE) return false;
  throw ApiFault(std::string("standard output cannot be written: ") + std::strerror(errno));
}

bool print_line(std::string_view text) {
  return std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::putchar('\n') != EOF;
}

bool print_row(const Json& call) {
  std::string time = text(call, "timestamp");
  if (time.empty()) time = text(call, "response_timestamp");
  if (time.size() > 23) time.resize(23);
  std::string what = text(call, "summary");
  if (what.empty()) what = text(call, "method") + " " + text(call, "path");
  std::string status = text(call, "status_code");
  if (status.empty()) status = text(call, "state");
  const std::string notes = text(call, "reason").empty() ? text(call, "error") : text(call, "reason");
  const int printed = std::printf("%s  %-8s %-44s %-12s %9s  %s → %s%s%s\n", time.c_str(),
                                  shown(text(call, "protocol"), 8).c_str(), shown(what, 44).c_str(),
                                  shown(status, 12).c_str(), latency_of(call).c_str(),
                                  shown(end_of(call.value("src", Json::object())), 0).c_str(),
                                  shown(end_of(call.value("dst", Json::object())), 0).c_str(),
                                  notes.empty() ? "" : "  ", shown(notes, 60).c_str());
  return printed >= 0;
}

// {"call":{…}} → {…}, as the server wrote it: the contract has an order of keys.
std::string_view call_text(std::string_view line) {
  constexpr std::string_view kBefore = "{\"call\":", kBehind = "}";
  if (!line.starts_with(kBefore) || !line.ends_with(kBehind))
    throw ApiFault("the server's answer is no call");
  return line.substr(kBefore.size(), line.size() - kBefore.size() - kBehind.size());
}

// The lines of one page; what goes on behind it, and the moments that `since` and `until` were by the
// server's clock when it was asked for.
struct Found {
  std::uint64_t calls = 0;
  std::string next_cursor, since, until;
  bool open = true;  // our output
};

Found print_page(ApiClient& api, const QueryArguments& arguments, std::uint64_t limit,
                 const std::string& cursor) {
  Query query = {{"stream", "true"},
                 {"since", arguments.since},
                 {"limit", std::to_string(limit)},
                 {"payloads", arguments.json ? "true" : "false"},
                 {"order", arguments.oldest_first ? "oldest" : "newest"}};
  if (!arguments.filter.empty()) query.emplace_back("filter", arguments.filter[0]);
  if (!arguments.until.empty()) query.emplace_back("until", arguments.until);
  if (!arguments.source.empty()) query.emplace_back("source", arguments.source);
  if (!cursor.empty()) query.emplace_back("cursor", cursor);
  const bool tell_progress = isatty(STDERR_FILENO) != 0;
  Found found;
  bool ended = false;
  api.get_lines(target("/api/calls", query), [&](std::string_view line) {
    const Json message = Json::parse(line, nullptr, false);
    if (message.contains("call")) {
      ++found.calls;
      found.open = goes_on(arguments.json ? print_line(call_text(line)) : print_row(message["call"]));
    } else if (message.contains("progress") && tell_progress && found.calls == 0) {
      std::fprintf(stderr, "\rsearched %.0f %%  ", message["progress"].value("searched", 0.0) * 100);
    } else if (message.contains("end")) {
      ended = true;
      found.next_cursor = text(message["end"], "next_cursor");
      found.since = text(message["end"], "since");
      found.until = text(message["end"], "until");
    } else if (message.contains("error")) {
      throw ApiFault(text(message["error"], "message"));
    }
    return found.open;
  });
  if (tell_progress && found.calls == 0) std::fprintf(stderr, "\r                 \r");
  if (!ended && found.open) throw ApiFault("the search was cut off: the connection ended before it did");
  return found;
}

}  // namespace

int query(int argc, const char* const* argv) {
  QueryArguments arguments;
  cli::Options options(query_manual());
  options.text(0, "since", "TIME", &arguments.since, "From when on.")
      .text(0, "until", "TIME", &arguments.until, "Until when; without it until now.")
      .text(0, "source", "NAME", &arguments.source, "\"live\", or the name of an import; without it both.")
      .number('n', "limit", "N", &arguments.limit, 0, cli::kAnyNumber, "At most so many calls; 0: all.")
      .flag('j', "json", &arguments.json, "One JSON object a line, with headers and bodies.")
      .flag(0, "oldest-first", &arguments.oldest_first, "In the order of time.");
  add_server_options(options, arguments.server);
  options.positionals("FILTER", &arguments.filter, 0, 1, "In the filter language; without it all calls.");
  if (const auto status = options.parse(argc, argv)) return *status;

  constexpr std::uint64_t kPageMax = 1'000;
  ApiClient api(arguments.server);
  std::uint64_t left = arguments.limit == 0 ? ~std::uint64_t{0} : arguments.limit;
  Found found;
  do {
    found = print_page(api, arguments, std::min(left, kPageMax), found.next_cursor);
    left -= std::min(left, found.calls);
    // All pages are of one range: an hour ago moves on, and until now never ends.
    if (!found.since.empty()) arguments.since = found.since;
    if (!found.until.empty()) arguments.until = found.until;
  } while (left > 0 && !found.next_cursor.empty() && found.open);
  if (found.open) goes_on(std::fflush(stdout) == 0);
  return 0;
}

}  // namespace spanlight::client
