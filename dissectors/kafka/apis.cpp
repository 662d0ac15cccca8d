#include "kafka/apis.h"

#include "kafka/layouts.h"

namespace spanlight::kafka {
namespace {

using namespace layouts;

// By api key. Of requests without a layout the header is told.
constexpr Api kApis[] = {
    {"Produce", 13, 9, kProduce, kProduced},
    {"Fetch", 18, 12, kFetch, kFetched},
    {"ListOffsets", 11, 6, kListOffsets, kOffsetsListed},
    {"Metadata", 13, 9, kMetadata, kMetadataTold},
    {"LeaderAndIsr", 7, 4, {}, {}},
    {"StopReplica", 4, 2, {}, {}},
    {"UpdateMetadata", 8, 6, {}, {}},
    {"ControlledShutdown", 3, 3, {}, {}},
    {"OffsetCommit", 10, 8, kOffsetCommit, kOffsetsCommitted},
    {"OffsetFetch", 10, 6, kOffsetFetch, kOffsetsFetched},
    {"FindCoordinator", 6, 3, kFindCoordinator, kCoordinatorFound},
    {"JoinGroup", 9, 6, kJoinGroup, kThrottleFrom2},
    {"Heartbeat", 4, 4, kGroupMember, kThrottleFrom1},
    {"LeaveGroup", 5, 4, kLeaveGroup, kGroupLeft},
    {"SyncGroup", 5, 4, kGroupMember, kThrottleFrom1},
    {"DescribeGroups", 6, 5, kGroups, kGroupsDescribed},
    {"ListGroups", 5, 3, {}, kThrottleFrom1},
    {"SaslHandshake", 1, kNeverFlexible, kSaslHandshake, kSaslShaken},
    {"ApiVersions", 4, 3, kApiVersions, kApiVersionsTold},
    {"CreateTopics", 7, 5, kCreateTopics, kTopicsCreated},
    {"DeleteTopics", 6, 4, kDeleteTopics, kTopicsDeleted},
    {"DeleteRecords", 2, 2, kDeleteRecords, kRecordsDeleted},
    {"InitProducerId", 6, 2, kTransaction, kThrottleAndError},
    {"OffsetForLeaderEpoch", 4, 4, kOffsetForLeaderEpoch, kEpochsTold},
    {"AddPartitionsToTxn", 5, 3, kAddPartitionsToTxn, kPartitionsAdded},
    {"AddOffsetsToTxn", 4, 3, kAddOffsetsToTxn, kThrottleAndError},
    {"EndTxn", 5, 3, kTransaction, kThrottleAndError},
    {"WriteTxnMarkers", 2, 1, {}, {}},
    {"TxnOffsetCommit", 5, 3, kTxnOffsetCommit, kTxnOffsetsCommitted},
    {"DescribeAcls", 3, 2, {}, kThrottleErrorText},
    {"CreateAcls", 3, 2, {}, {}},
    {"DeleteAcls", 3, 2, {}, {}},
    {"DescribeConfigs", 4, 4, kDescribeConfigs, kConfigsTold},
    {"AlterConfigs", 2, 2, kAlterConfigs, kConfigsAltered},
    {"AlterReplicaLogDirs", 2, 2, {}, {}},
    {"DescribeLogDirs", 4, 2, {}, {}},
    {"SaslAuthenticate", 2, 2, kSaslAuthenticate, kSaslAuthenticated},
    {"CreatePartitions", 3, 2, kCreatePartitions, kPartitionsCreated},
    {"CreateDelegationToken", 3, 2, {}, {}},
    {"RenewDelegationToken", 2, 2, {}, {}},
    {"ExpireDelegationToken", 2, 2, {}, {}},
    {"DescribeDelegationToken", 3, 2, {}, {}},
    {"DeleteGroups", 2, 2, kGroups, kGroupsDeleted},
    {"ElectLeaders", 2, 2, {}, kThrottleAndError},
    {"IncrementalAlterConfigs", 1, 1, kIncrementalAlterConfigs, kConfigsAltered},
    {"AlterPartitionReassignments", 1, 0, {}, {}},
    {"ListPartitionReassignments", 0, 0, {}, kThrottleErrorText},
    {"OffsetDelete", 0, kNeverFlexible, kOffsetDelete, kOffsetsDeleted},
    {"DescribeClientQuotas", 1, 1, {}, kThrottleErrorText},
    {"AlterClientQuotas", 1, 1, {}, {}},
    {"DescribeUserScramCredentials", 0, 0, {}, kThrottleErrorText},
    {"AlterUserScramCredentials", 0, 0, {}, {}},
    {"Vote", 2, 0, {}, {}},
    {"BeginQuorumEpoch", 1, 1, {}, {}},
    {"EndQuorumEpoch", 1, 1, {}, {}},
    {"DescribeQuorum", 2, 0, {}, {}},
    {"AlterPartition", 3, 0, {}, kThrottleAndError},
    {"UpdateFeatures", 2, 0, {}, kThrottleErrorText},
    {"Envelope", 0, 0, {}, {}},
    {"FetchSnapshot", 1, 0, {}, kThrottleAndError},
    {"DescribeCluster", 2, 0, {}, kThrottleErrorText},
    {"DescribeProducers", 0, 0, {}, {}},
    {"BrokerRegistration", 4, 0, {}, kThrottleAndError},
    {"BrokerHeartbeat", 1, 0, {}, kThrottleAndError},
    {"UnregisterBroker", 0, 0, {}, kThrottleErrorText},
    {"DescribeTransactions", 0, 0, {}, {}},
    {"ListTransactions", 2, 0, {}, kThrottleAndError},
    {"AllocateProducerIds", 0, 0, {}, kThrottleAndError},
    {"ConsumerGroupHeartbeat", 1, 0, kConsumerGroupHeartbeat, kThrottleErrorText},
    {"ConsumerGroupDescribe", 1, 0, {}, {}},
    {"ControllerRegistration", 0, 0, {}, kThrottleErrorText},
    {"GetTelemetrySubscriptions", 0, 0, {}, kThrottleAndError},
    {"PushTelemetry", 0, 0, {}, kThrottleAndError},
    {"AssignReplicasToDirs", 0, 0, {}, kThrottleAndError},
    {"ListConfigResources", 1, 0, {}, kThrottleAndError},
    {"DescribeTopicPartitions", 0, 0, {}, {}},
    {"ShareGroupHeartbeat", 1, 0, kConsumerGroupHeartbeat, kThrottleErrorText},
};

// clang-format off
// By code, from -1 on.
constexpr std::string_view kErrors[] = {"UNKNOWN_SERVER_ERROR", "NONE", "OFFSET_OUT_OF_RANGE",
    "CORRUPT_MESSAGE", "UNKNOWN_TOPIC_OR_PARTITION", "INVALID_FETCH_SIZE", "LEADER_NOT_AVAILABLE",
    "NOT_LEADER_OR_FOLLOWER", "REQUEST_TIMED_OUT", "BROKER_NOT_AVAILABLE", "REPLICA_NOT_AVAILABLE",
    "MESSAGE_TOO_LARGE", "STALE_CONTROLLER_EPOCH", "OFFSET_METADATA_TOO_LARGE", "NETWORK_EXCEPTION",
    "COORDINATOR_LOAD_IN_PROGRESS", "COORDINATOR_NOT_AVAILABLE", "NOT_COORDINATOR",
    "INVALID_TOPIC_EXCEPTION", "RECORD_LIST_TOO_LARGE", "NOT_ENOUGH_REPLICAS",
    "NOT_ENOUGH_REPLICAS_AFTER_APPEND", "INVALID_REQUIRED_ACKS", "ILLEGAL_GENERATION",
    "INCONSISTENT_GROUP_PROTOCOL", "INVALID_GROUP_ID", "UNKNOWN_MEMBER_ID", "INVALID_SESSION_TIMEOUT",
    "REBALANCE_IN_PROGRESS", "INVALID_COMMIT_OFFSET_SIZE", "TOPIC_AUTHORIZATION_FAILED",
    "GROUP_AUTHORIZATION_FAILED", "CLUSTER_AUTHORIZATION_FAILED", "INVALID_TIMESTAMP",
    "UNSUPPORTED_SASL_MECHANISM", "ILLEGAL_SASL_STATE", "UNSUPPORTED_VERSION", "TOPIC_ALREADY_EXISTS",
    "INVALID_PARTITIONS", "INVALID_REPLICATION_FACTOR", "INVALID_REPLICA_ASSIGNMENT", "INVALID_CONFIG",
    "NOT_CONTROLLER", "INVALID_REQUEST", "UNSUPPORTED_FOR_MESSAGE_FORMAT", "POLICY_VIOLATION",
    "OUT_OF_ORDER_SEQUENCE_NUMBER", "DUPLICATE_SEQUENCE_NUMBER", "INVALID_PRODUCER_EPOCH",
    "INVALID_TXN_STATE", "INVALID_PRODUCER_ID_MAPPING", "INVALID_TRANSACTION_TIMEOUT",
    "CONCURRENT_TRANSACTIONS", "TRANSACTION_COORDINATOR_FENCED", "TRANSACTIONAL_ID_AUTHORIZATION_FAILED",
    "SECURITY_DISABLED", "OPERATION_NOT_ATTEMPTED", "KAFKA_STORAGE_ERROR", "LOG_DIR_NOT_FOUND",
    "SASL_AUTHENTICATION_FAILED", "UNKNOWN_PRODUCER_ID", "REASSIGNMENT_IN_PROGRESS",
    "DELEGATION_TOKEN_AUTH_DISABLED", "DELEGATION_TOKEN_NOT_FOUND", "DELEGATION_TOKEN_OWNER_MISMATCH",
    "DELEGATION_TOKEN_REQUEST_NOT_ALLOWED", "DELEGATION_TOKEN_AUTHORIZATION_FAILED",
    "DELEGATION_TOKEN_EXPIRED", "INVALID_PRINCIPAL_TYPE", "NON_EMPTY_GROUP", "GROUP_ID_NOT_FOUND",
    "FETCH_SESSION_ID_NOT_FOUND", "INVALID_FETCH_SESSION_EPOCH", "LISTENER_NOT_FOUND",
    "TOPIC_DELETION_DISABLED", "FENCED_LEADER_EPOCH", "UNKNOWN_LEADER_EPOCH",
    "UNSUPPORTED_COMPRESSION_TYPE", "STALE_BROKER_EPOCH", "OFFSET_NOT_AVAILABLE", "MEMBER_ID_REQUIRED",
    "PREFERRED_LEADER_NOT_AVAILABLE", "GROUP_MAX_SIZE_REACHED", "FENCED_INSTANCE_ID",
    "ELIGIBLE_LEADERS_NOT_AVAILABLE", "ELECTION_NOT_NEEDED", "NO_REASSIGNMENT_IN_PROGRESS",
    "GROUP_SUBSCRIBED_TO_TOPIC", "INVALID_RECORD", "UNSTABLE_OFFSET_COMMIT", "THROTTLING_QUOTA_EXCEEDED",
    "PRODUCER_FENCED", "RESOURCE_NOT_FOUND", "DUPLICATE_RESOURCE", "UNACCEPTABLE_CREDENTIAL",
    "INCONSISTENT_VOTER_SET", "INVALID_UPDATE_VERSION", "FEATURE_UPDATE_FAILED",
    "PRINCIPAL_DESERIALIZATION_FAILURE", "SNAPSHOT_NOT_FOUND", "POSITION_OUT_OF_RANGE", "UNKNOWN_TOPIC_ID",
    "DUPLICATE_BROKER_REGISTRATION", "BROKER_ID_NOT_REGISTERED", "INCONSISTENT_TOPIC_ID",
    "INCONSISTENT_CLUSTER_ID", "TRANSACTIONAL_ID_NOT_FOUND", "FETCH_SESSION_TOPIC_ID_ERROR",
    "INELIGIBLE_REPLICA", "NEW_LEADER_ELECTED", "OFFSET_MOVED_TO_TIERED_STORAGE", "FENCED_MEMBER_EPOCH",
    "UNRELEASED_INSTANCE_ID", "UNSUPPORTED_ASSIGNOR", "STALE_MEMBER_EPOCH", "MISMATCHED_ENDPOINT_TYPE",
    "UNSUPPORTED_ENDPOINT_TYPE", "UNKNOWN_CONTROLLER_ID", "UNKNOWN_SUBSCRIPTION_ID", "TELEMETRY_TOO_LARGE",
    "INVALID_REGISTRATION"};
// clang-format on

}  // namespace

const Api* find_api(std::int16_t key) {
  const bool known = key >= 0 && static_cast<std::size_t>(key) < std::size(kApis);
  return known ? &kApis[key] : nullptr;
}

std::string_view error_name(std::int32_t code) {
  const std::int64_t at = std::int64_t{code} + 1;
  const bool known = at >= 0 && static_cast<std::size_t>(at) < std::size(kErrors);
  return known ? kErrors[at] : std::string_view{};
}

}  // namespace spanlight::kafka
