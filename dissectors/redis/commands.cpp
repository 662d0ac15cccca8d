#include "redis/commands.h"

#include <algorithm>
#include <array>
#include <span>

namespace spanlight::redis {
namespace {

// By the word that is the first key; of those with a count of keys before them, that. Each sorted by name.
// clang-format off
constexpr std::string_view kKeyless[] = {
    "ACL", "ASKING", "AUTH", "BGREWRITEAOF", "BGSAVE", "CLIENT", "CLUSTER", "COMMAND", "CONFIG",
    "DBSIZE", "DEBUG", "DISCARD", "ECHO", "EXEC", "FAILOVER", "FLUSHALL", "FLUSHDB", "FUNCTION",
    "HELLO", "INFO", "KEYS", "LASTSAVE", "LATENCY", "LOLWUT", "MEMORY", "MODULE", "MONITOR",
    "MULTI", "PFSELFTEST", "PING", "PSUBSCRIBE", "PSYNC", "PUBLISH", "PUBSUB", "PUNSUBSCRIBE",
    "QUIT", "RANDOMKEY", "READONLY", "READWRITE", "REPLCONF", "REPLICAOF", "RESET", "ROLE", "SAVE",
    "SCAN", "SCRIPT", "SELECT", "SENTINEL", "SHUTDOWN", "SLAVEOF", "SLOWLOG", "SPUBLISH",
    "SSUBSCRIBE", "SUBSCRIBE", "SUNSUBSCRIBE", "SWAPDB", "SYNC", "TIME", "UNSUBSCRIBE", "UNWATCH",
    "WAIT", "WAITAOF", "XREAD", "XREADGROUP"};
constexpr std::string_view kFirst[] = {
    "APPEND", "BITCOUNT", "BITFIELD", "BITFIELD_RO", "BITPOS", "BLMOVE", "BLPOP", "BRPOP",
    "BRPOPLPUSH", "BZPOPMAX", "BZPOPMIN", "COPY", "DECR", "DECRBY", "DEL", "DUMP", "EXISTS",
    "EXPIRE", "EXPIREAT", "EXPIRETIME", "GEOADD", "GEODIST", "GEOHASH", "GEOPOS", "GEORADIUS",
    "GEORADIUSBYMEMBER", "GEORADIUSBYMEMBER_RO", "GEORADIUS_RO", "GEOSEARCH", "GEOSEARCHSTORE",
    "GET", "GETBIT", "GETDEL", "GETEX", "GETRANGE", "GETSET", "HDEL", "HEXISTS", "HEXPIRE",
    "HEXPIREAT", "HEXPIRETIME", "HGET", "HGETALL", "HGETDEL", "HGETEX", "HINCRBY", "HINCRBYFLOAT",
    "HKEYS", "HLEN", "HMGET", "HMSET", "HPERSIST", "HPEXPIRE", "HPEXPIREAT", "HPEXPIRETIME",
    "HPTTL", "HRANDFIELD", "HSCAN", "HSET", "HSETEX", "HSETNX", "HSTRLEN", "HTTL", "HVALS", "INCR",
    "INCRBY", "INCRBYFLOAT", "LCS", "LINDEX", "LINSERT", "LLEN", "LMOVE", "LPOP", "LPOS", "LPUSH",
    "LPUSHX", "LRANGE", "LREM", "LSET", "LTRIM", "MGET", "MOVE", "MSET", "MSETNX", "PERSIST",
    "PEXPIRE", "PEXPIREAT", "PEXPIRETIME", "PFADD", "PFCOUNT", "PFDEBUG", "PFMERGE", "PSETEX",
    "PTTL", "RENAME", "RENAMENX", "RESTORE", "RESTORE-ASKING", "RPOP", "RPOPLPUSH", "RPUSH",
    "RPUSHX", "SADD", "SCARD", "SDIFF", "SDIFFSTORE", "SET", "SETBIT", "SETEX", "SETNX", "SETRANGE",
    "SINTER", "SINTERSTORE", "SISMEMBER", "SMEMBERS", "SMISMEMBER", "SMOVE", "SORT", "SORT_RO",
    "SPOP", "SRANDMEMBER", "SREM", "SSCAN", "STRLEN", "SUBSTR", "SUNION", "SUNIONSTORE", "TOUCH",
    "TTL", "TYPE", "UNLINK", "WATCH", "XACK", "XACKDEL", "XADD", "XAUTOCLAIM", "XCLAIM", "XDEL",
    "XDELEX", "XLEN", "XPENDING", "XRANGE", "XREVRANGE", "XSETID", "XTRIM", "ZADD", "ZCARD",
    "ZCOUNT", "ZDIFFSTORE", "ZINCRBY", "ZINTERSTORE", "ZLEXCOUNT", "ZMSCORE", "ZPOPMAX", "ZPOPMIN",
    "ZRANDMEMBER", "ZRANGE", "ZRANGEBYLEX", "ZRANGEBYSCORE", "ZRANGESTORE", "ZRANK", "ZREM",
    "ZREMRANGEBYLEX", "ZREMRANGEBYRANK", "ZREMRANGEBYSCORE", "ZREVRANGE", "ZREVRANGEBYLEX",
    "ZREVRANGEBYSCORE", "ZREVRANK", "ZSCAN", "ZSCORE", "ZUNIONSTORE"};
constexpr std::string_view kSecond[] = {
    "BITOP", "LMPOP", "OBJECT", "SINTERCARD", "XGROUP", "XINFO", "ZDIFF", "ZINTER", "ZINTERCARD",
    "ZMPOP", "ZUNION"};
constexpr std::string_view kThird[] = {
    "BLMPOP", "BZMPOP", "EVAL", "EVALSHA", "EVALSHA_RO", "EVAL_RO", "FCALL", "FCALL_RO", "MIGRATE"};
// clang-format on

struct Group {
  std::span<const std::string_view> names;
  std::uint8_t key;
};
constexpr Group kGroups[] = {{kKeyless, 0}, {kFirst, 1}, {kSecond, 2}, {kThird, 3}};
static_assert(std::ranges::all_of(kGroups,
                                  [](const Group& group) { return std::ranges::is_sorted(group.names); }));

char upper(char c) {
  return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
}

bool any_of(std::string_view name, std::span<const std::string_view> uppers) {
  return std::ranges::any_of(uppers, [&](std::string_view u) { return same_name(name, u); });
}

constexpr std::string_view kSubscriptions[] = {"SUBSCRIBE",   "PSUBSCRIBE",   "SSUBSCRIBE",
                                               "UNSUBSCRIBE", "PUNSUBSCRIBE", "SUNSUBSCRIBE"};

// Names of settings whose values are passwords.
constexpr std::string_view kSecretSettings[] = {"REQUIREPASS",       "MASTERAUTH",
                                                "TLS-KEY-FILE-PASS", "TLS-CLIENT-KEY-FILE-PASS",
                                                "AUTH-PASS",         "SENTINEL-PASS"};

std::size_t position_of(const Words& words, std::string_view upper_word) {
  const auto list = words.list.all();
  for (std::size_t i = 1; i < list.size(); ++i)
    if (same_name(list[i].text, upper_word)) return i;
  return 0;
}

// SET name value …: whether word `i` is the value of a setting that is a password.
bool is_secret_value(const Words& words, std::size_t first, std::size_t i) {
  return i > first && (i - first) % 2 == 1 && any_of(words.at(i - 1), kSecretSettings);
}

bool contains_folded(std::string_view text, std::string_view upper_word) {
  const auto same = [](char a, char b) { return upper(a) == b; };
  return std::search(text.begin(), text.end(), upper_word.begin(), upper_word.end(), same) != text.end();
}

}  // namespace

bool same_name(std::string_view a, std::string_view upper_name) {
  return a.size() == upper_name.size() &&
         std::ranges::equal(a, upper_name, [](char x, char y) { return upper(x) == y; });
}

bool find_command(std::string_view name, Command& command) {
  std::array<char, kNameBytesMax> room;
  if (name.size() > room.size()) return false;
  std::ranges::transform(name, room.begin(), upper);
  const std::string_view wanted(room.data(), name.size());
  for (const Group& group : kGroups) {
    if (!std::ranges::binary_search(group.names, wanted)) continue;
    command.key = group.key;
    return true;
  }
  return false;
}

std::size_t key_position(const Words& words) {
  const std::string_view name = words.at(0);
  if (same_name(name, "XREAD") || same_name(name, "XREADGROUP")) {
    const std::size_t streams = position_of(words, "STREAMS");
    return streams == 0 || streams + 1 >= words.count ? 0 : streams + 1;
  }
  if (same_name(name, "MEMORY")) return same_name(words.at(1), "USAGE") ? 2 : 0;
  Command command;
  const bool known = find_command(name, command);
  // Modules: `JSON.SET key …`, `FT.SEARCH index …`.
  std::size_t key = known ? command.key : name.find('.') != std::string_view::npos ? 1 : 0;
  if ((same_name(name, "EVAL") || same_name(name, "EVALSHA") || same_name(name, "FCALL")) &&
      words.at(2) == "0")
    key = 0;
  return key < words.count ? key : 0;
}

std::uint8_t value_position(std::string_view name) {
  constexpr std::string_view kScripts[] = {"ECHO", "EVAL", "EVAL_RO"};
  constexpr std::string_view kThirdWord[] = {"APPEND", "GETSET", "LPUSH",   "LPUSHX",  "MSET",
                                             "MSETNX", "PFADD",  "PUBLISH", "RPUSH",   "RPUSHX",
                                             "SADD",   "SET",    "SETNX",   "SPUBLISH"};
  constexpr std::string_view kFourthWord[] = {"HMSET",  "HSET",    "HSETNX", "JSON.SET", "LSET",
                                              "PSETEX", "RESTORE", "SETEX",  "SETRANGE", "ZADD"};
  return any_of(name, kThirdWord) ? 2 : any_of(name, kFourthWord) ? 3 : any_of(name, kScripts) ? 1 : 0;
}

bool is_blocking(const Words& words) {
  constexpr std::string_view kBlocking[] = {"BLMOVE", "BLMPOP",   "BLPOP",    "BRPOP", "BRPOPLPUSH",
                                            "BZMPOP", "BZPOPMAX", "BZPOPMIN", "WAIT",  "WAITAOF"};
  const std::string_view name = words.at(0);
  if (same_name(name, "XREAD") || same_name(name, "XREADGROUP")) return position_of(words, "BLOCK") != 0;
  return any_of(name, kBlocking);
}

bool is_subscription(std::string_view name) {
  return any_of(name, kSubscriptions);
}

bool may_hold_secret(std::string_view name) {
  constexpr std::string_view kNames[] = {"ACL", "AUTH", "CONFIG", "HELLO", "MIGRATE", "SENTINEL"};
  return any_of(name, kNames);
}

bool is_secret(const Words& words, std::size_t i) {
  if (i == 0) return false;
  const std::string_view name = words.at(0);
  if (same_name(name, "AUTH")) return words.count == 2 || i >= 2;
  if (same_name(name, "HELLO")) {
    const std::size_t auth = position_of(words, "AUTH");
    return auth != 0 && i == auth + 2;
  }
  if (same_name(name, "CONFIG")) return same_name(words.at(1), "SET") && is_secret_value(words, 2, i);
  if (same_name(name, "SENTINEL")) {
    if (same_name(words.at(1), "SET")) return is_secret_value(words, 3, i);
    return same_name(words.at(1), "CONFIG") && is_secret_value(words, 3, i);
  }
  if (same_name(name, "ACL"))
    return same_name(words.at(1), "SETUSER") && i >= 3 && !words.at(i).empty() &&
           std::string_view("><#!").find(words.at(i).front()) != std::string_view::npos;
  if (same_name(name, "MIGRATE")) {
    const std::size_t auth = position_of(words, "AUTH"), auth2 = position_of(words, "AUTH2");
    return (auth > 5 && i == auth + 1) || (auth2 > 5 && i == auth2 + 2);
  }
  return false;
}

bool has_secret(const Words& words) {
  if (!may_hold_secret(words.at(0))) return false;
  for (std::size_t i = 1; i < words.list.all().size(); ++i)
    if (is_secret(words, i)) return true;
  return false;
}

bool answers_secrets(const Words& words) {
  constexpr std::string_view kOfUsers[] = {"GETUSER", "LIST", "GENPASS"};
  if (same_name(words.at(0), "ACL")) return any_of(words.at(1), kOfUsers);
  if (!same_name(words.at(0), "CONFIG") || !same_name(words.at(1), "GET")) return false;
  for (std::size_t i = 2; i < words.list.all().size(); ++i) {
    const std::string_view name = words.at(i);
    const bool pattern = name.find_first_of("*?[") != std::string_view::npos;
    if (pattern || contains_folded(name, "PASS") || contains_folded(name, "AUTH")) return true;
  }
  return false;
}

bool names_secret(std::string_view value) {
  return any_of(value, kSecretSettings);
}

// As ACL LIST has it: user NAME on #hash …
bool is_user_rule(std::string_view value) {
  return value.starts_with("user ") && value.find_first_of("#>") != std::string_view::npos;
}

bool mentions_secret(std::string_view answer) {
  if (answer.find("\nuser ") != std::string_view::npos &&
      answer.find_first_of("#>") != std::string_view::npos)
    return true;
  return std::ranges::any_of(kSecretSettings,
                             [&](std::string_view name) { return contains_folded(answer, name); });
}

bool shows_secret(std::string_view line) {
  constexpr std::string_view kWords[] = {"AUTH", "PASS", "SETUSER"};
  return std::ranges::any_of(kWords, [&](std::string_view word) { return contains_folded(line, word); });
}

}  // namespace spanlight::redis
