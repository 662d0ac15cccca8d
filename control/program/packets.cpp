#include "program/packets.h"

#include <zmq.h>

#include <chrono>

#include "record/reader.h"
#include "schema/command_generated.h"
#include "targets/command_link.h"

namespace spanlight {
namespace {

using serve::PacketsEnd;

constexpr std::int64_t kReplyBytesMax = std::int64_t{80} << 20;  // a sensor gives 64 MiB of packets at most
constexpr std::chrono::seconds kConnectPatience{2}, kAnswerPatience{20};
constexpr long kTurnMs = 50;
// Packets may lie before the request's first byte (a handshake) and behind the answer's last.
constexpr std::uint64_t kAroundNs = 60'000'000'000;

std::vector<std::uint8_t> command_for(const wire::Record& record) {
  const std::uint64_t request = record.timestamp(), response = record.response_timestamp();
  const std::uint64_t first = request != 0 ? request : response, last = response != 0 ? response : request;
  flatbuffers::FlatBufferBuilder builder;
  const std::uint64_t conn_id = record.conn_id();
  const auto ids = builder.CreateVector(&conn_id, 1);
  const auto body =
      wire::CreateGetPackets(builder, ids, first > kAroundNs ? first - kAroundNs : 0, last + kAroundNs);
  builder.Finish(wire::CreateCommand(builder, 1, wire::Body::GetPackets, body.Union()),
                 wire::CommandIdentifier());
  return {builder.GetBufferPointer(), builder.GetBufferPointer() + builder.GetSize()};
}

bool send_patiently(CommandLink& link, const std::vector<std::uint8_t>& command,
                    const std::stop_token& cancel) {
  const auto deadline = std::chrono::steady_clock::now() + kConnectPatience;
  while (!link.send(command)) {
    if (cancel.stop_requested() || std::chrono::steady_clock::now() > deadline) return false;
    zmq_pollitem_t item{link.socket(), 0, ZMQ_POLLOUT, 0};
    zmq_poll(&item, 1, kTurnMs);
  }
  return true;
}

bool receive_patiently(CommandLink& link, std::vector<std::uint64_t>& bytes, std::size_t& size,
                       const std::stop_token& cancel) {
  const auto deadline = std::chrono::steady_clock::now() + kAnswerPatience;
  while (!link.receive(bytes, size)) {
    if (cancel.stop_requested() || std::chrono::steady_clock::now() > deadline) return false;
    zmq_pollitem_t item{link.socket(), 0, ZMQ_POLLIN, 0};
    zmq_poll(&item, 1, kTurnMs);
  }
  return true;
}

}  // namespace

SensorPackets::SensorPackets(const ControlSettings& settings, const SensorBoard& board)
    : links_(settings.sensors),
      public_key_(settings.curve_public_key),
      secret_key_(settings.curve_secret_key),
      board_(board),
      context_(zmq_ctx_new()) {}

SensorPackets::~SensorPackets() {
  zmq_ctx_term(context_);
}

// The sensor that runs now under the name; packets of an earlier life of it are gone with that life.
const SensorLink* SensorPackets::link_of(const wire::RecordBatch& batch) const {
  const std::vector<SensorState> sensors = board_.sensors();
  for (std::size_t i = 0; i < sensors.size() && i < links_.size(); ++i)
    if (sensors[i].epoch == batch.sensor_epoch() && sensors[i].name == text_of(batch.sensor()))
      return &links_[i];
  return nullptr;
}

PacketsEnd SensorPackets::fetch(const StoredCall& stored,
                                const std::function<bool(std::string_view)>& on_bytes,
                                std::stop_token cancel) {
  const Call& call = stored.call();
  const SensorLink* place = link_of(*call.batch);
  if (place == nullptr) return PacketsEnd::gone;
  if (place->commands.empty()) return PacketsEnd::unreachable;
  std::string fault;
  CommandLink link = CommandLink::connect(context_, place->commands, place->server_key, public_key_,
                                          secret_key_, fault, kReplyBytesMax);
  std::vector<std::uint64_t> bytes;
  std::size_t size = 0;
  if (!fault.empty() || !send_patiently(link, command_for(*call.record), cancel) ||
      !receive_patiently(link, bytes, size, cancel))
    return PacketsEnd::unreachable;
  const CommandAnswer answer = read_reply(bytes, size);
  if (!answer.well_formed) return PacketsEnd::unreachable;
  if (!answer.ok) return PacketsEnd::switched_off;
  const auto* packets = flatbuffers::GetRoot<wire::Reply>(bytes.data())->packets();
  if (packets == nullptr || packets->count() == 0) return PacketsEnd::gone;
  const std::span<const std::uint8_t> file = bytes_of(packets->pcapng());
  on_bytes({reinterpret_cast<const char*>(file.data()), file.size()});
  return packets->truncated() ? PacketsEnd::truncated : PacketsEnd::complete;
}

}  // namespace spanlight
