// What KFL calls things, as far as it differs from `<protocol>_<field>` or must be known before a sensor was
// heard. The one place of the control process where protocols stand by name.

#include "filter/spine.h"

namespace spanlight::filter {
namespace {

using wire::FieldType;

constexpr KflProtocol kProtocols[] = {
    {"http", "HTTP"},       {"grpc", "gRPC"},       {"gql", "GraphQL"},
    {"ws", "WebSocket"},    {"dns", "DNS"},         {"redis", "Redis"},
    {"kafka", "Kafka"},     {"amqp", "AMQP"},       {"postgresql", "Postgres"},
    {"mysql", "MySQL"},     {"mongodb", "MongoDB"}, {"mqtt", "MQTT"},
    {"nats", "NATS"},       {"cassandra", "CQL"},   {"memcached", "memcached"},
    {"ldap", "LDAP"},       {"radius", "RADIUS"},   {"diameter", "Diameter"},
    {"tls", "TLS"},         {"quic", "QUIC"},       {"icmp", "ICMP"},
    {"conn", "connection"}, {"flow", "flow"},
};

constexpr KflField kFields[] = {
    {"http", "http_version", FieldType::text},
    {"grpc", "grpc_service", FieldType::text},
    {"grpc", "grpc_method", FieldType::text},
    {"grpc", "grpc_status", FieldType::integer},
    {"grpc", "grpc_message", FieldType::text},
    {"ws", "type", FieldType::text},
    {"ws", "payload_length", FieldType::integer},
    {"gql", "operation", FieldType::text},
    {"gql", "operation_name", FieldType::text},
    {"dns", "questions", FieldType::list},
    {"dns", "question_types", FieldType::list},
    {"dns", "answers", FieldType::list},
    {"redis", "command", FieldType::text},
    {"redis", "key", FieldType::text},
    {"redis", "type", FieldType::text},
    {"kafka", "api_key", FieldType::integer},
    {"kafka", "api_key_name", FieldType::text},
    {"kafka", "api_version", FieldType::integer},
    {"kafka", "client_id", FieldType::text},
    {"kafka", "correlation_id", FieldType::integer},
    {"kafka", "topics", FieldType::list},
    {"kafka", "size", FieldType::integer},
    {"kafka", "error", FieldType::text},
    {"amqp", "method", FieldType::text},
    {"amqp", "exchange", FieldType::text},
    {"amqp", "routing_key", FieldType::text},
    {"amqp", "queue", FieldType::text},
    {"amqp", "body_size", FieldType::integer},
    {"postgresql", "command", FieldType::text},
    {"postgresql", "query", FieldType::text},
    {"postgresql", "database", FieldType::text},
    {"postgresql", "user", FieldType::text},
    {"postgresql", "success", FieldType::boolean},
    {"postgresql", "error_code", FieldType::text},
    {"postgresql", "error_message", FieldType::text},
    {"mysql", "command", FieldType::text},
    {"mysql", "query", FieldType::text},
    {"mysql", "database", FieldType::text},
    {"mysql", "statement_id", FieldType::integer},
    {"mysql", "success", FieldType::boolean},
    {"mysql", "error_code", FieldType::integer},
    {"mysql", "error_message", FieldType::text},
    {"mongodb", "command", FieldType::text},
    {"mongodb", "database", FieldType::text},
    {"mongodb", "collection", FieldType::text},
    {"mongodb", "success", FieldType::boolean},
    {"mongodb", "error_code", FieldType::integer},
    {"mqtt", "type", FieldType::text},
    {"mqtt", "topic", FieldType::text},
    {"mqtt", "qos", FieldType::integer},
    {"mqtt", "packet_id", FieldType::integer},
    {"nats", "op", FieldType::text},
    {"nats", "subject", FieldType::text},
    {"nats", "queue", FieldType::text},
    {"cassandra", "opcode", FieldType::text},
    {"cassandra", "query", FieldType::text},
    {"cassandra", "error_code", FieldType::integer},
    {"memcached", "command", FieldType::text},
    {"memcached", "key", FieldType::text},
    {"memcached", "status", FieldType::text},
    {"ldap", "type", FieldType::text},
    {"ldap", "dn", FieldType::text},
    {"ldap", "result", FieldType::text},
    {"radius", "code", FieldType::integer},
    {"radius", "code_name", FieldType::text},
    {"radius", "id", FieldType::integer},
    {"diameter", "command", FieldType::text},
    {"diameter", "result_code", FieldType::integer},
    {"tls", "sni", FieldType::text},
    {"tls", "alpn", FieldType::list},
    {"tls", "version", FieldType::text},
    {"tls", "cipher_suite", FieldType::text},
    {"quic", "sni", FieldType::text},
    {"quic", "alpn", FieldType::list},
    {"quic", "version", FieldType::text},
    {"quic", "cipher_suite", FieldType::text},
    {"icmp", "type", FieldType::integer},
    {"icmp", "code", FieldType::integer},
    {"conn", "state", FieldType::text},
    {"conn", "local_pkts", FieldType::integer},
    {"conn", "local_bytes", FieldType::integer},
    {"conn", "remote_pkts", FieldType::integer},
    {"conn", "remote_bytes", FieldType::integer},
    {"conn", "l7_detected", FieldType::list},
    {"flow", "state", FieldType::text},
    {"flow", "local_pkts", FieldType::integer},
    {"flow", "local_bytes", FieldType::integer},
    {"flow", "remote_pkts", FieldType::integer},
    {"flow", "remote_bytes", FieldType::integer},
    {"flow", "l7_detected", FieldType::list},
    {"flow", "local_pps", FieldType::integer},
    {"flow", "local_bps", FieldType::integer},
    {"flow", "remote_pps", FieldType::integer},
    {"flow", "remote_bps", FieldType::integer},
};

constexpr KflFlag kFlags[] = {
    {"http", "http2"}, {"http", "grpc"}, {"http", "gql"},  {"http", "ws"},
    {"http", "http3"}, {"dns", "mdns"},  {"dns", "llmnr"},
};

constexpr KflPrefix kPrefixes[] = {
    {"cql", "cassandra"}, {"tlsx", "tls"}, {"tlsx", "quic"}, {"postgres", "postgresql"},
    {"mongo", "mongodb"}, {"dns", "mdns"}, {"dns", "llmnr"},
};

// The record has the opcode's number under this name.
constexpr KflRenamed kRenamed[] = {{"ws_opcode", "ws", "type"}};

constexpr KflMissing kMissing[] = {
    {"local_annotations", "annotations are not kept; labels are: src.labels"},
    {"remote_annotations", "annotations are not kept; labels are: dst.labels"},
    {"local_process_name", "a mirror does not show processes; see src.pod.name"},
    {"remote_process_name", "a mirror does not show processes; see dst.pod.name"},
    {"node_name", "records come from mirrors, not from nodes; see src.node, dst.node or sensor"},
    {"node_ip", "records come from mirrors, not from nodes; see src.node, dst.node or sensor"},
    {"node", "records come from mirrors, not from nodes; see src.node, dst.node or sensor"},
    {"node_id", "see sensor"},
    {"worker", "see sensor"},
    {"stream", "see conn_id"},
    {"index", "see id"},
    {"flow_id", "see conn_id"},
    {"capture", "every record comes from packets; see source"},
    {"capture_source", "every record comes from packets; see source"},
    {"capture_backend", "every record comes from packets; see source"},
    {"capture_source_code", "every record comes from packets; see source"},
    {"has_pcap", "only the sensor knows; open the call to see"},
    {"tcp_payload", "see request.body and response.body"},
    {"udp_payload", "see request.body and response.body"},
};

}  // namespace

std::span<const KflProtocol> kfl_protocols() {
  return kProtocols;
}
std::span<const KflField> kfl_fields() {
  return kFields;
}
std::span<const KflFlag> kfl_flags() {
  return kFlags;
}
std::span<const KflPrefix> kfl_prefixes() {
  return kPrefixes;
}
std::span<const KflRenamed> kfl_renamed() {
  return kRenamed;
}
std::span<const KflMissing> kfl_missing() {
  return kMissing;
}

}  // namespace spanlight::filter
