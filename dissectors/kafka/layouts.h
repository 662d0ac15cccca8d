#pragma once
// Layouts of the requests and responses that are looked into (Kafka's message definitions). A layout may end
// before its message does. Included by apis.cpp alone.

#include "kafka/apis.h"

namespace spanlight::kafka::layouts {

constexpr Slot i8(Role r = Role::none, std::uint8_t from = 0, std::uint8_t to = 255) {
  return {Form::i8, r, from, to};
}
constexpr Slot i16(Role r = Role::none, std::uint8_t from = 0, std::uint8_t to = 255) {
  return {Form::i16, r, from, to};
}
constexpr Slot i32(Role r = Role::none, std::uint8_t from = 0, std::uint8_t to = 255) {
  return {Form::i32, r, from, to};
}
constexpr Slot i64(Role r = Role::none, std::uint8_t from = 0, std::uint8_t to = 255) {
  return {Form::i64, r, from, to};
}
constexpr Slot text(Role r = Role::none, std::uint8_t from = 0, std::uint8_t to = 255) {
  return {Form::text, r, from, to};
}
constexpr Slot bytes(Role r = Role::none, std::uint8_t from = 0, std::uint8_t to = 255) {
  return {Form::bytes, r, from, to};
}
constexpr Slot uuid(std::uint8_t from, std::uint8_t to = 255) {
  return {Form::uuid, Role::topic_id, from, to};
}
constexpr Slot array(std::uint8_t from = 0, std::uint8_t to = 255) {
  return {Form::array, Role::none, from, to};
}
constexpr Slot list(std::uint8_t from = 0, std::uint8_t to = 255) {
  return {Form::list, Role::none, from, to};
}
constexpr Slot kRecords{Form::records, Role::records};
constexpr Slot kEnd{Form::end};
constexpr Role kNo = Role::none;

// A layout reads along its lines.
// clang-format off

// ---- requests ----

constexpr Slot kProduce[] = {text(Role::transaction, 3), i16(Role::acks), i32(), array(), text(Role::topic,
    0, 12), uuid(13), array(), i32(Role::partition), kRecords, kEnd, kEnd};
constexpr Slot kFetch[] = {i32(kNo, 0, 14), i32(), i32(), i32(kNo, 3), i8(kNo, 4), i32(kNo, 7), i32(kNo, 7),
    array(), text(Role::topic, 0, 12), uuid(13), array(), i32(Role::partition), i32(kNo, 9),
    i64(Role::offset), i32(kNo, 12), i64(kNo, 5), i32(), kEnd, kEnd};
constexpr Slot kListOffsets[] = {i32(), i8(kNo, 2), array(), text(Role::topic), array(),
    i32(Role::partition), i32(kNo, 4), i64(), i32(kNo, 0, 0), kEnd, kEnd};
constexpr Slot kMetadata[] = {array(), uuid(10), text(Role::topic), kEnd};
constexpr Slot kOffsetCommit[] = {text(Role::group), i32(kNo, 1), text(Role::member, 1), text(kNo, 7),
    i64(kNo, 2, 4), array(), text(Role::topic, 0, 9), uuid(10), array(), i32(Role::partition),
    i64(Role::offset), i64(kNo, 1, 1), i32(kNo, 6), text(), kEnd, kEnd};
constexpr Slot kOffsetFetch[] = {text(Role::group, 0, 7), array(0, 7), text(Role::topic), list(),
    i32(Role::partition), kEnd, kEnd, array(8), text(Role::group), text(Role::member, 9), i32(kNo, 9),
    array(), text(Role::topic, 0, 9), uuid(10), list(), i32(Role::partition), kEnd, kEnd, kEnd};
constexpr Slot kFindCoordinator[] = {text(Role::key, 0, 3), i8(kNo, 1), list(4), text(Role::key), kEnd};
constexpr Slot kJoinGroup[] = {text(Role::group), i32(), i32(kNo, 1), text(Role::member)};
constexpr Slot kGroupMember[] = {text(Role::group), i32(), text(Role::member)};  // Heartbeat, SyncGroup
constexpr Slot kLeaveGroup[] = {text(Role::group), text(Role::member, 0, 2), array(3), text(Role::member),
    text(), text(kNo, 5), kEnd};
constexpr Slot kGroups[] = {list(), text(Role::group), kEnd};  // DescribeGroups, DeleteGroups
constexpr Slot kSaslHandshake[] = {text(Role::mechanism)};
constexpr Slot kApiVersions[] = {text(Role::software, 3), text(kNo, 3)};
constexpr Slot kCreateTopics[] = {array(), text(Role::topic), i32(), i16(), array(), i32(), list(), i32(),
    kEnd, kEnd, array(), text(), text(), kEnd, kEnd};
constexpr Slot kDeleteTopics[] = {list(0, 5), text(Role::topic), kEnd, array(6), text(Role::topic), uuid(6),
    kEnd};
constexpr Slot kDeleteRecords[] = {array(), text(Role::topic), array(), i32(Role::partition),
    i64(Role::offset), kEnd, kEnd};
constexpr Slot kTransaction[] = {text(Role::transaction)};  // InitProducerId, EndTxn
constexpr Slot kOffsetForLeaderEpoch[] = {i32(kNo, 3), array(), text(Role::topic), array(),
    i32(Role::partition), i32(kNo, 2), i32(), kEnd, kEnd};
constexpr Slot kAddPartitionsToTxn[] = {text(Role::transaction, 0, 3), i64(kNo, 0, 3), i16(kNo, 0, 3),
    array(0, 3), text(Role::topic), list(), i32(Role::partition), kEnd, kEnd, array(4),
    text(Role::transaction), i64(), i16(), i8(), array(), text(Role::topic), list(), i32(Role::partition),
    kEnd, kEnd, kEnd};
constexpr Slot kAddOffsetsToTxn[] = {text(Role::transaction), i64(), i16(), text(Role::group)};
constexpr Slot kTxnOffsetCommit[] = {text(Role::transaction), text(Role::group), i64(), i16(), i32(kNo, 3),
    text(Role::member, 3), text(kNo, 3), array(), text(Role::topic), array(), i32(Role::partition),
    i64(Role::offset), i32(kNo, 2), text(), kEnd, kEnd};
constexpr Slot kDescribeConfigs[] = {array(), i8(), text(Role::key), list(), text(), kEnd, kEnd};
constexpr Slot kAlterConfigs[] = {array(), i8(), text(Role::key), array(), text(), text(), kEnd, kEnd};
constexpr Slot kIncrementalAlterConfigs[] = {array(), i8(), text(Role::key), array(), text(), i8(), text(),
    kEnd, kEnd};
constexpr Slot kSaslAuthenticate[] = {bytes(Role::secret)};
constexpr Slot kCreatePartitions[] = {array(), text(Role::topic), i32(), array(), list(), i32(), kEnd, kEnd,
    kEnd};
constexpr Slot kOffsetDelete[] = {text(Role::group), array(), text(Role::topic), array(),
    i32(Role::partition), kEnd, kEnd};
constexpr Slot kConsumerGroupHeartbeat[] = {text(Role::group), text(Role::member)};

// ---- responses ----

constexpr Slot kProduced[] = {array(), text(Role::topic, 0, 12), uuid(13), array(), i32(Role::partition),
    i16(Role::error), i64(Role::offset), i64(kNo, 2), i64(kNo, 5), array(8), i32(), text(), kEnd,
    text(Role::error_text, 8), kEnd, kEnd, i32(Role::throttle, 1)};
constexpr Slot kFetched[] = {i32(Role::throttle, 1), i16(Role::error, 7), i32(kNo, 7), array(),
    text(Role::topic, 0, 12), uuid(13), array(), i32(Role::partition), i16(Role::error), i64(), i64(kNo, 4),
    i64(kNo, 5), array(4), i64(), i64(), kEnd, i32(kNo, 11), kRecords, kEnd, kEnd};
constexpr Slot kOffsetsListed[] = {i32(Role::throttle, 2), array(), text(Role::topic), array(),
    i32(Role::partition), i16(Role::error), list(0, 0), i64(), kEnd, i64(kNo, 1), i64(Role::offset, 1),
    i32(kNo, 4), kEnd, kEnd};
constexpr Slot kMetadataTold[] = {i32(Role::throttle, 3), array(), i32(), text(), i32(), text(kNo, 1), kEnd,
    text(kNo, 2), i32(kNo, 1), array(), i16(Role::error_ahead), text(Role::topic), uuid(10), i8(kNo, 1),
    array(), i16(Role::error_ahead), i32(Role::partition), i32(), i32(kNo, 7), list(), i32(), kEnd, list(),
    i32(), kEnd, list(5), i32(), kEnd, kEnd, i32(kNo, 8), kEnd, i32(kNo, 8, 10), i16(Role::error, 13)};
constexpr Slot kOffsetsCommitted[] = {i32(Role::throttle, 3), array(), text(Role::topic, 0, 9), uuid(10),
    array(), i32(Role::partition), i16(Role::error), kEnd, kEnd};
constexpr Slot kOffsetsFetched[] = {i32(Role::throttle, 3), array(0, 7), text(Role::topic), array(),
    i32(Role::partition), i64(Role::offset), i32(kNo, 5), text(), i16(Role::error), kEnd, kEnd,
    i16(Role::error, 2, 7), array(8), text(Role::group), array(), text(Role::topic, 0, 9), uuid(10),
    array(), i32(Role::partition), i64(Role::offset), i32(), text(), i16(Role::error), kEnd, kEnd,
    i16(Role::error), kEnd};
constexpr Slot kCoordinatorFound[] = {i32(Role::throttle, 1), i16(Role::error, 0, 3), text(Role::error_text,
    1, 3), i32(kNo, 0, 3), text(kNo, 0, 3), i32(kNo, 0, 3), array(4), text(), i32(), text(), i32(),
    i16(Role::error), text(Role::error_text), kEnd};
constexpr Slot kThrottleFrom2[] = {i32(Role::throttle, 2), i16(Role::error)};  // JoinGroup
constexpr Slot kThrottleFrom1[] = {i32(Role::throttle, 1), i16(Role::error)};  // Heartbeat, SyncGroup, ListGroups
constexpr Slot kThrottleAndError[] = {i32(Role::throttle), i16(Role::error)};  // of transactions and later ones
constexpr Slot kGroupLeft[] = {i32(Role::throttle, 1), i16(Role::error), array(3), text(), text(),
    i16(Role::error), kEnd};
constexpr Slot kGroupsDescribed[] = {i32(Role::throttle, 1), array(), i16(Role::error_ahead),
    text(Role::error_text, 6), text(Role::group), text(), text(), text(), array(), text(), text(kNo, 4),
    text(), text(), bytes(), bytes(), kEnd, i32(kNo, 3), kEnd};
constexpr Slot kSaslShaken[] = {i16(Role::error), list(), text(Role::mechanism), kEnd};
constexpr Slot kApiVersionsTold[] = {i16(Role::error), array(), i16(), i16(), i16(), kEnd,
    i32(Role::throttle, 1)};
constexpr Slot kTopicsCreated[] = {i32(Role::throttle, 2), array(), text(Role::topic), uuid(7),
    i16(Role::error), text(Role::error_text, 1), i32(kNo, 5), i16(kNo, 5), array(5), text(), text(), i8(),
    i8(), i8(), kEnd, kEnd};
constexpr Slot kTopicsDeleted[] = {i32(Role::throttle, 1), array(), text(Role::topic), uuid(6),
    i16(Role::error), text(Role::error_text, 5), kEnd};
constexpr Slot kRecordsDeleted[] = {i32(Role::throttle), array(), text(Role::topic), array(),
    i32(Role::partition), i64(Role::offset), i16(Role::error), kEnd, kEnd};
constexpr Slot kEpochsTold[] = {i32(Role::throttle, 2), array(), text(Role::topic), array(),
    i16(Role::error_ahead), i32(Role::partition), i32(kNo, 1), i64(Role::offset), kEnd, kEnd};
constexpr Slot kPartitionsAdded[] = {i32(Role::throttle), array(0, 3), text(Role::topic), array(),
    i32(Role::partition), i16(Role::error), kEnd, kEnd, i16(Role::error, 4), array(4),
    text(Role::transaction), array(), text(Role::topic), array(), i32(Role::partition), i16(Role::error),
    kEnd, kEnd, kEnd};
constexpr Slot kTxnOffsetsCommitted[] = {i32(Role::throttle), array(), text(Role::topic), array(),
    i32(Role::partition), i16(Role::error), kEnd, kEnd};
constexpr Slot kConfigsTold[] = {i32(Role::throttle), array(), i16(Role::error_ahead),
    text(Role::error_text), i8(), text(Role::key), array(), text(), text(), i8(), i8(kNo, 0, 0), i8(kNo, 1),
    i8(), array(1), text(), text(), i8(), kEnd, i8(kNo, 3), text(kNo, 3), kEnd, kEnd};
constexpr Slot kConfigsAltered[] = {i32(Role::throttle), array(), i16(Role::error_ahead),
    text(Role::error_text), i8(), text(Role::key), kEnd};
constexpr Slot kSaslAuthenticated[] = {i16(Role::error), text(Role::error_text), bytes(Role::secret)};
constexpr Slot kPartitionsCreated[] = {i32(Role::throttle), array(), text(Role::topic), i16(Role::error),
    text(Role::error_text), kEnd};
constexpr Slot kGroupsDeleted[] = {i32(Role::throttle), array(), text(Role::group), i16(Role::error), kEnd};
constexpr Slot kOffsetsDeleted[] = {i16(Role::error), i32(Role::throttle), array(), text(Role::topic),
    array(), i32(Role::partition), i16(Role::error), kEnd, kEnd};
constexpr Slot kThrottleErrorText[] = {i32(Role::throttle), i16(Role::error), text(Role::error_text)};

// clang-format on

}  // namespace spanlight::kafka::layouts
