// Every protocol that Spanlight knows: one line each.

#include "amqp/amqp.h"
#include "cassandra/cassandra.h"
#include "conn/conn.h"
#include "core/descriptor.h"
#include "core/diameter/over_sctp.h"
#include "core/gql/gql.h"
#include "core/grpc/protocol.h"
#include "diameter/diameter.h"
#include "dns/dns.h"
#include "http/http.h"
#include "http2/http2.h"
#include "icmp/icmp.h"
#include "kafka/kafka.h"
#include "ldap/ldap.h"
#include "memcached/memcached.h"
#include "mongodb/mongodb.h"
#include "mqtt/mqtt.h"
#include "mysql/mysql.h"
#include "nats/nats.h"
#include "postgresql/postgresql.h"
#include "proxy/proxy.h"
#include "quic/quic.h"
#include "radius/radius.h"
#include "redis/redis.h"
#include "sctp/sctp.h"
#include "tls/tls.h"
#include "ws/ws.h"

namespace spanlight {

namespace {
constexpr const Descriptor* kRegistry[] = {
    &proxy::kDescriptor,
    &http::kDescriptor,
    &http2::kDescriptor,
    &grpc::kDescriptor,
    &gql::kDescriptor,
    &ws::kDescriptor,
    &http2::kWebSocket,
    &dns::kDescriptor,
    &dns::kMulticast,
    &dns::kLinkLocal,
    &tls::kDescriptor,
    &quic::kDescriptor,
    &postgresql::kDescriptor,
    &mysql::kDescriptor,
    &mongodb::kDescriptor,
    &cassandra::kDescriptor,
    &kafka::kDescriptor,
    &amqp::kDescriptor,
    &ldap::kDescriptor,
    &radius::kDescriptor,
    &diameter::kDescriptor,
    &redis::kDescriptor,
    &memcached::kDescriptor,
    &memcached::kBinary,
    &nats::kDescriptor,
    &mqtt::kDescriptor,
    &icmp::kDescriptor,
    &icmp::kV6Descriptor,
    &sctp::kDescriptor,
    &diameter::kOverSctp,
    // Of the pipeline itself.
    &conn::kConnDescriptor,
    &conn::kFlowDescriptor,
};
}  // namespace

std::span<const Descriptor* const> registry() {
  return kRegistry;
}

const Descriptor* find_protocol(std::string_view name) {
  for (const Descriptor* d : registry())
    if (d->name == name) return d;
  return nullptr;
}

}  // namespace spanlight
