#include "program/import_api.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <mutex>
#include <optional>
#include <vector>

#include "ingest/dns_naming.h"
#include "ingest/held_calls.h"
#include "record/batch_stream.h"

namespace spanlight {
namespace {

constexpr std::size_t kSourceBytesMax = 128;
constexpr std::chrono::seconds kImportPatience{60};

std::string source_of(const serve::Request& request) {
  const std::string source(request.parameter("source"));
  const bool printable = std::all_of(source.begin(), source.end(), [](char c) {
    return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f;
  });
  if (source.empty() || source.size() > kSourceBytesMax || !printable)
    throw serve::ApiError(400, "bad_parameter", "\"source\" must be a name of 1 to 128 bytes.");
  if (source == "live")
    throw serve::ApiError(400, "bad_parameter", "\"live\" is what sensors send; take another name.");
  return source;
}

// Names that DNS answers gave, of the import that came last: a capture comes in pieces, a request each.
class ImportedAnswers {
 public:
  // A request is read whole before anybody is named: protocols come in batches of their own, and that of the
  // answers may stand behind that of the calls. Nobody is named before the answer's own time.
  void name(std::vector<std::shared_ptr<StoredBatch>>& batches, const std::string& source,
            const std::shared_ptr<const NameState>& names) {
    const std::lock_guard lock(guard_);
    if (source != source_) dns_.emplace();
    source_ = source;
    for (const auto& batch : batches)
      for (const Call& call : batch->calls) dns_->learn(*call.record);
    for (const auto& batch : batches) batch->parties = dns_->name(batch->calls, names);
  }

 private:
  std::mutex guard_;
  std::string source_;
  std::optional<DnsNaming> dns_{std::in_place};
};

// One batch of the request, in memory of its own, with the names of its time. Nobody is waited for: what
// Kubernetes does not know of the past by now it will not know.
std::shared_ptr<StoredBatch> stored_batch(std::span<const std::uint8_t> message, const std::string& source,
                                          const NameState& names) {
  const auto words = std::make_shared<std::vector<std::uint64_t>>((message.size() + 7) / 8);
  std::memcpy(words->data(), message.data(), message.size());
  const auto opened = open_batch({reinterpret_cast<const std::uint8_t*>(words->data()), message.size()});
  auto stored = std::make_shared<StoredBatch>();
  stored->message = words;
  stored->message_bytes = message.size();
  stored->batch = opened.root;
  stored->source = source;
  for (const wire::Record* record : elements_of(opened->records()))
    name_call(stored->calls.emplace_back(Call{opened.root, record, {}, {}}), names);
  return stored;
}

void take_import(const serve::Request& request, const Naming& naming, Store* store, ImportedAnswers& answers,
                 serve::Exchange& exchange) {
  if (store == nullptr) throw serve::ApiError(503, "no_store", "There is no store here to import into.");
  const std::string source = source_of(request);
  BatchStream stream;
  const std::shared_ptr<const NameState> names = naming.current();
  std::vector<std::shared_ptr<StoredBatch>> batches;
  std::string_view rest = request.body;
  while (!rest.empty() && stream.fault() == StreamFault::none) {
    const std::span<std::uint8_t> space = stream.space();
    const std::size_t bytes = std::min(space.size(), rest.size());
    std::memcpy(space.data(), rest.data(), bytes);
    rest.remove_prefix(bytes);
    stream.received(bytes);
    while (const auto item = stream.next()) {
      if (item->kind == StreamItem::Kind::batch)
        batches.push_back(stored_batch(item->message, source, *names));
    }
  }
  answers.name(batches, source, names);
  std::uint64_t calls = 0;
  const auto dropped = std::make_shared<std::atomic<std::uint64_t>>(0);
  for (const auto& batch : batches) {
    calls += batch->calls.size();
    batch->dropped = dropped;
    if (!store->writer().offer_patiently(batch, exchange.cancelled()))
      throw serve::ApiError(503, "store_busy",
                            "The store could not take the calls; what came before them is kept.");
  }
  if (stream.fault() != StreamFault::none || stream.malformed() > 0)
    throw serve::ApiError(400, "bad_stream",
                          "The body is no stream of records: " + std::string(fault_name(stream.fault())));
  // What is answered is kept, whatever ends next.
  if (!store->writer().flush(kImportPatience))
    throw serve::ApiError(503, "store_busy",
                          "The store has not taken the calls yet; they may still be kept.");
  if (const std::uint64_t lost = *dropped; lost > 0)
    throw serve::ApiError(500, "not_stored",
                          "The store did not take " + std::to_string(lost) + " of " + std::to_string(calls) +
                              " calls: they are dropped.");
  exchange.audit().what = "imported " + std::to_string(calls) + " calls as " + source;
  exchange.send_json("{\"calls\":" + std::to_string(calls) + "}");
}

}  // namespace

void add_import_route(serve::RouteTable& table, const Naming& naming, const std::unique_ptr<Store>& store) {
  serve::Route route;
  route.method = serve::Method::post;
  route.path = "/api/import";
  route.id = "import";
  route.summary =
      "Records of captures, as spanlight dissect --format flatbuffers writes them, into the store";
  route.needs = serve::Needs::operator_;
  route.parameters = {
      {"source", serve::In::query, "string", "How the calls are called in the store.", "incident", {}}};
  route.outcomes = {{200, "application/json", "They are stored.", {"calls"}},
                    {400, "application/json", "The name or the body is wrong.", {"error"}}};
  route.is_slow = true;
  route.limited = false;
  route.body_type = "application/octet-stream";
  route.handler = [&naming, &store, answers = std::make_shared<ImportedAnswers>()](
                      const serve::Request& request, serve::Exchange& exchange) {
    take_import(request, naming, store.get(), *answers, exchange);
  };
  table.add(std::move(route));
}

}  // namespace spanlight
