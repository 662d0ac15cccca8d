#include "amqp/methods.h"

#include <algorithm>

namespace spanlight::amqp {
namespace {

using enum Kind;

constexpr Argument kReserved{short_int, {}};
constexpr Argument kQueue{short_text, "queue"}, kExchange{short_text, "exchange"},
    kRoutingKey{short_text, "routing_key"}, kTag{short_text, "consumer_tag"},
    kDeliveryTag{longlong, "delivery_tag"}, kNoWait{bit, "no_wait"}, kTable{table, "arguments"},
    kMultiple{bit, "multiple"}, kRequeue{bit, "requeue"}, kRedelivered{bit, "redelivered"},
    kCount{long_int, "message_count"}, kReplyCode{short_int, "reply_code"},
    kReplyText{short_text, "reply_text"}, kReservedText{short_text, {}}, kIfUnused{bit, "if_unused"};

constexpr Argument kStartArgs[] = {{octet, "version_major"},
                                   {octet, "version_minor"},
                                   {table, "server_properties"},
                                   {long_text, "mechanisms"},
                                   {long_text, "locales"}};
constexpr Argument kStartOkArgs[] = {
    {table, "client_properties"}, {short_text, "mechanism"}, {long_text, "response"}, {short_text, "locale"}};
constexpr Argument kSecureArgs[] = {{long_text, {}}};
constexpr Argument kSecureOkArgs[] = {{long_text, "response"}};
constexpr Argument kTuneArgs[] = {
    {short_int, "channel_max"}, {long_int, "frame_max"}, {short_int, "heartbeat"}};
constexpr Argument kOpenArgs[] = {{short_text, "virtual_host"}, kReservedText, {bit, {}}};
constexpr Argument kReservedTextArgs[] = {kReservedText};
constexpr Argument kCloseArgs[] = {kReplyCode, kReplyText, {short_int, "class_id"}, {short_int, "method_id"}};
constexpr Argument kBlockedArgs[] = {{short_text, "reason"}};
constexpr Argument kSecretArgs[] = {{long_text, "response"}, {short_text, "reason"}};
constexpr Argument kReservedLongArgs[] = {{long_text, {}}};
constexpr Argument kFlowArgs[] = {{bit, "active"}};
constexpr Argument kAccessArgs[] = {{short_text, "realm"}, {bit, "exclusive"}, {bit, "passive"},
                                    {bit, "active"},       {bit, {}},          {bit, {}}};
constexpr Argument kAccessOkArgs[] = {kReserved};
constexpr Argument kExchangeDeclareArgs[] = {
    kReserved,         kExchange,        {short_text, "exchange_type"},
    {bit, "passive"},  {bit, "durable"}, {bit, "auto_delete"},
    {bit, "internal"}, kNoWait,          kTable};
constexpr Argument kExchangeDeleteArgs[] = {kReserved, kExchange, kIfUnused, kNoWait};
constexpr Argument kExchangeBindArgs[] = {
    kReserved, {short_text, "destination"}, {short_text, "source"}, kRoutingKey, kNoWait, kTable};
constexpr Argument kQueueDeclareArgs[] = {
    kReserved, kQueue, {bit, "passive"}, {bit, "durable"}, {bit, "exclusive"}, {bit, "auto_delete"},
    kNoWait,   kTable};
constexpr Argument kQueueDeclareOkArgs[] = {kQueue, kCount, {long_int, "consumer_count"}};
constexpr Argument kQueueBindArgs[] = {kReserved, kQueue, kExchange, kRoutingKey, kNoWait, kTable};
constexpr Argument kQueueUnbindArgs[] = {kReserved, kQueue, kExchange, kRoutingKey, kTable};
constexpr Argument kQueuePurgeArgs[] = {kReserved, kQueue, kNoWait};
constexpr Argument kCountArgs[] = {kCount};
constexpr Argument kQueueDeleteArgs[] = {kReserved, kQueue, kIfUnused, {bit, "if_empty"}, kNoWait};
constexpr Argument kQosArgs[] = {{long_int, "prefetch_size"}, {short_int, "prefetch_count"}, {bit, "global"}};
constexpr Argument kConsumeArgs[] = {kReserved,          kQueue,  kTag,  {bit, "no_local"}, {bit, "no_ack"},
                                     {bit, "exclusive"}, kNoWait, kTable};
constexpr Argument kTagArgs[] = {kTag};
constexpr Argument kCancelArgs[] = {kTag, kNoWait};
constexpr Argument kPublishArgs[] = {
    kReserved, kExchange, kRoutingKey, {bit, "mandatory"}, {bit, "immediate"}};
constexpr Argument kReturnArgs[] = {kReplyCode, kReplyText, kExchange, kRoutingKey};
constexpr Argument kDeliverArgs[] = {kTag, kDeliveryTag, kRedelivered, kExchange, kRoutingKey};
constexpr Argument kGetArgs[] = {kReserved, kQueue, {bit, "no_ack"}};
constexpr Argument kGetOkArgs[] = {kDeliveryTag, kRedelivered, kExchange, kRoutingKey, kCount};
constexpr Argument kAckArgs[] = {kDeliveryTag, kMultiple};
constexpr Argument kRejectArgs[] = {kDeliveryTag, kRequeue};
constexpr Argument kRecoverArgs[] = {kRequeue};
constexpr Argument kNackArgs[] = {kDeliveryTag, kMultiple, kRequeue};
constexpr Argument kSelectArgs[] = {kNoWait};

constexpr auto kClient = Speaker::client, kServer = Speaker::server, kBoth = Speaker::both;

constexpr Method ask(std::uint16_t klass, std::uint16_t number, std::string_view name, Speaker speaker,
                     std::span<const Argument> arguments = {}) {
  return {method_id(klass, number), name, speaker, 0, true, arguments};
}
constexpr Method answer(std::uint16_t klass, std::uint16_t number, std::string_view name, Speaker speaker,
                        std::uint16_t to, std::span<const Argument> arguments = {}) {
  return {method_id(klass, number), name, speaker, method_id(klass, to), false, arguments};
}
constexpr Method say(std::uint16_t klass, std::uint16_t number, std::string_view name, Speaker speaker,
                     std::span<const Argument> arguments = {}) {
  return {method_id(klass, number), name, speaker, 0, false, arguments};
}

// By id.
constexpr Method kMethods[] = {
    ask(10, 10, "connection.start", kServer, kStartArgs),
    answer(10, 11, "connection.start-ok", kClient, 10, kStartOkArgs),
    ask(10, 20, "connection.secure", kServer, kSecureArgs),
    answer(10, 21, "connection.secure-ok", kClient, 20, kSecureOkArgs),
    ask(10, 30, "connection.tune", kServer, kTuneArgs),
    answer(10, 31, "connection.tune-ok", kClient, 30, kTuneArgs),
    ask(10, 40, "connection.open", kClient, kOpenArgs),
    answer(10, 41, "connection.open-ok", kServer, 40, kReservedTextArgs),
    ask(10, 50, "connection.close", kBoth, kCloseArgs),
    answer(10, 51, "connection.close-ok", kBoth, 50),
    say(10, 60, "connection.blocked", kServer, kBlockedArgs),
    say(10, 61, "connection.unblocked", kServer),
    ask(10, 70, "connection.update-secret", kClient, kSecretArgs),
    answer(10, 71, "connection.update-secret-ok", kServer, 70),
    ask(20, 10, "channel.open", kClient, kReservedTextArgs),
    answer(20, 11, "channel.open-ok", kServer, 10, kReservedLongArgs),
    ask(20, 20, "channel.flow", kBoth, kFlowArgs),
    answer(20, 21, "channel.flow-ok", kBoth, 20, kFlowArgs),
    ask(20, 40, "channel.close", kBoth, kCloseArgs),
    answer(20, 41, "channel.close-ok", kBoth, 40),
    ask(30, 10, "access.request", kClient, kAccessArgs),
    answer(30, 11, "access.request-ok", kServer, 10, kAccessOkArgs),
    ask(40, 10, "exchange.declare", kClient, kExchangeDeclareArgs),
    answer(40, 11, "exchange.declare-ok", kServer, 10),
    ask(40, 20, "exchange.delete", kClient, kExchangeDeleteArgs),
    answer(40, 21, "exchange.delete-ok", kServer, 20),
    ask(40, 30, "exchange.bind", kClient, kExchangeBindArgs),
    answer(40, 31, "exchange.bind-ok", kServer, 30),
    ask(40, 40, "exchange.unbind", kClient, kExchangeBindArgs),
    answer(40, 51, "exchange.unbind-ok", kServer, 40),
    ask(50, 10, "queue.declare", kClient, kQueueDeclareArgs),
    answer(50, 11, "queue.declare-ok", kServer, 10, kQueueDeclareOkArgs),
    ask(50, 20, "queue.bind", kClient, kQueueBindArgs),
    answer(50, 21, "queue.bind-ok", kServer, 20),
    ask(50, 30, "queue.purge", kClient, kQueuePurgeArgs),
    answer(50, 31, "queue.purge-ok", kServer, 30, kCountArgs),
    ask(50, 40, "queue.delete", kClient, kQueueDeleteArgs),
    answer(50, 41, "queue.delete-ok", kServer, 40, kCountArgs),
    ask(50, 50, "queue.unbind", kClient, kQueueUnbindArgs),
    answer(50, 51, "queue.unbind-ok", kServer, 50),
    ask(60, 10, "basic.qos", kClient, kQosArgs),
    answer(60, 11, "basic.qos-ok", kServer, 10),
    ask(60, 20, "basic.consume", kClient, kConsumeArgs),
    answer(60, 21, "basic.consume-ok", kServer, 20, kTagArgs),
    ask(60, 30, "basic.cancel", kBoth, kCancelArgs),
    answer(60, 31, "basic.cancel-ok", kBoth, 30, kTagArgs),
    say(60, 40, "basic.publish", kClient, kPublishArgs),
    say(60, 50, "basic.return", kServer, kReturnArgs),
    say(60, 60, "basic.deliver", kServer, kDeliverArgs),
    ask(60, 70, "basic.get", kClient, kGetArgs),
    answer(60, 71, "basic.get-ok", kServer, 70, kGetOkArgs),
    answer(60, 72, "basic.get-empty", kServer, 70, kReservedTextArgs),
    say(60, 80, "basic.ack", kBoth, kAckArgs),
    say(60, 90, "basic.reject", kClient, kRejectArgs),
    say(60, 100, "basic.recover-async", kClient, kRecoverArgs),
    ask(60, 110, "basic.recover", kClient, kRecoverArgs),
    answer(60, 111, "basic.recover-ok", kServer, 110),
    say(60, 120, "basic.nack", kBoth, kNackArgs),
    ask(85, 10, "confirm.select", kClient, kSelectArgs),
    answer(85, 11, "confirm.select-ok", kServer, 10),
    ask(90, 10, "tx.select", kClient),
    answer(90, 11, "tx.select-ok", kServer, 10),
    ask(90, 20, "tx.commit", kClient),
    answer(90, 21, "tx.commit-ok", kServer, 20),
    ask(90, 30, "tx.rollback", kClient),
    answer(90, 31, "tx.rollback-ok", kServer, 30),
};
static_assert(std::ranges::is_sorted(kMethods, {}, &Method::id));

}  // namespace

const Method* find_method(std::uint32_t id) {
  const auto* found = std::ranges::lower_bound(kMethods, id, {}, &Method::id);
  return found != std::end(kMethods) && found->id == id ? found : nullptr;
}

Invocation read_invocation(Bytes payload) {
  Invocation out;
  Reader r{payload};
  const auto klass = r.be<std::uint16_t>();
  const auto number = r.be<std::uint16_t>();
  out.method = r.ok() ? find_method(method_id(klass, number)) : nullptr;
  if (r.ok()) r.require(out.method != nullptr, Fault::bad_value);
  out.arguments = r.rest();
  out.fault = r.fault();
  if (out.fault != Fault::none) return out;
  out.fault = each_argument(*out.method, out.arguments, [&](const Argument& argument, const Value& value) {
    if (argument.name == "no_wait") out.no_wait = value.number != 0;
  });
  return out;
}

}  // namespace spanlight::amqp
