#include "redis/commands.h"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <span>

namespace spanlight::redis {
namespace {

// By the word that is the first key; of those with a count of keys before them, that.
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
    "INCRBY", "INCRBYFLOAT", "JSON.SET", "LCS", "LINDEX", "LINSERT", "LLEN", "LMOVE", "LPOP",
    "LPOS", "LPUSH", "LPUSHX", "LRANGE", "LREM", "LSET", "LTRIM", "MGET", "MOVE", "MSET", "MSETNX", "PERSIST",
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

// What else a name says of its command. The word that is content: SET key value.
constexpr std::string_view kScripts[] = {"ECHO", "EVAL", "EVAL_RO"};
constexpr std::string_view kThirdWord[] = {"APPEND", "GETSET", "LPUSH",   "LPUSHX",  "MSET",
                                           "MSETNX", "PFADD",  "PUBLISH", "RPUSH",   "RPUSHX",
                                           "SADD",   "SET",    "SETNX",   "SPUBLISH"};
constexpr std::string_view kFourthWord[] = {"HMSET",  "HSET",    "HSETNX", "JSON.SET", "LSET",
                                            "PSETEX", "RESTORE", "SETEX",  "SETRANGE", "ZADD"};
constexpr std::string_view kBlocking[] = {"BLMOVE", "BLMPOP",   "BLPOP",    "BRPOP", "BRPOPLPUSH",
                                          "BZMPOP", "BZPOPMAX", "BZPOPMIN", "WAIT",  "WAITAOF"};
constexpr std::string_view kReadingStreams[] = {"XREAD", "XREADGROUP"};
constexpr std::string_view kSubscriptions[] = {"SUBSCRIBE",   "PSUBSCRIBE",   "SSUBSCRIBE",
                                               "UNSUBSCRIBE", "PUNSUBSCRIBE", "SUNSUBSCRIBE"};
constexpr std::string_view kAmongMessages[] = {"PING", "QUIT", "RESET"};
constexpr std::string_view kChanging[] = {"MONITOR", "RESET", "PSYNC", "SYNC"};
constexpr std::string_view kSecretHolders[] = {"ACL", "AUTH", "CONFIG", "HELLO", "MIGRATE", "SENTINEL"};

constexpr bool holds(std::span<const std::string_view> names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

// An entry that no command has would say nothing, and nobody would see.
constexpr bool all_are_commands(std::initializer_list<std::span<const std::string_view>> lists) {
  for (const std::span<const std::string_view> list : lists)
    for (const std::string_view name : list)
      if (!holds(kKeyless, name) && !holds(kFirst, name) && !holds(kSecond, name) && !holds(kThird, name))
        return false;
  return true;
}
static_assert(all_are_commands({kScripts, kThirdWord, kFourthWord, kBlocking, kReadingStreams, kSubscriptions,
                                kAmongMessages, kChanging, kSecretHolders}));

constexpr Command command_of(std::string_view name, std::uint8_t key) {
  Command command{.known = true, .key = key};
  command.value = holds(kThirdWord, name) ? 2 : holds(kFourthWord, name) ? 3 : holds(kScripts, name) ? 1 : 0;
  command.blocks = holds(kBlocking, name);
  command.reads_streams = holds(kReadingStreams, name);
  command.subscribes = holds(kSubscriptions, name);
  command.changes_what_comes = command.subscribes || holds(kChanging, name);
  command.among_messages = command.subscribes || holds(kAmongMessages, name);
  command.may_hold_secret = holds(kSecretHolders, name);
  return command;
}

constexpr char upper(char c) {
  return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
}

// Every command is looked up by its name, in either case: a table at least half empty, whose entries stand
// where their hash says or in the next free place.
class Table {
 public:
  constexpr Table() {
    for (const Group& group : kGroups)
      for (const std::string_view name : group.names) {
        std::size_t at = hash(name);
        while (!entries_[at].name.empty()) at = (at + 1) % kEntries;
        entries_[at] = {name, command_of(name, group.key)};
      }
  }

  Command find(std::string_view name) const {
    for (std::size_t at = hash(name); !entries_[at].name.empty(); at = (at + 1) % kEntries)
      if (same_name(name, entries_[at].name)) return entries_[at].command;
    return {};
  }

 private:
  static constexpr std::size_t kEntries = 1'024;
  struct Entry {
    std::string_view name;
    Command command;
  };

  // FNV-1a of the name in upper case.
  static constexpr std::size_t hash(std::string_view name) {
    std::uint32_t h = 2'166'136'261;
    for (const char c : name) h = (h ^ static_cast<std::uint8_t>(upper(c))) * 16'777'619;
    return (h ^ h >> 16) % kEntries;
  }

  std::array<Entry, kEntries> entries_{};
};
static_assert(std::size(kKeyless) + std::size(kFirst) + std::size(kSecond) + std::size(kThird) <= 512);
constexpr Table kTable;

bool any_of(std::string_view name, std::span<const std::string_view> uppers) {
  return std::ranges::any_of(uppers, [&](std::string_view u) { return same_name(name, u); });
}

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

Command find_command(std::string_view name) {
  return name.size() <= kNameBytesMax ? kTable.find(name) : Command{};
}

std::size_t key_position(const Command& command, const Words& words) {
  if (command.reads_streams) {
    const std::size_t streams = position_of(words, "STREAMS");
    return streams == 0 || streams + 1 >= words.count ? 0 : streams + 1;
  }
  const std::string_view name = words.at(0);
  std::size_t key = command.key;
  if (!command.known)  // modules: `JSON.GET key …`, `FT.SEARCH index …`
    key = name.find('.') != std::string_view::npos ? 1 : 0;
  else if (command.key == 0 && same_name(name, "MEMORY"))
    key = same_name(words.at(1), "USAGE") ? 2 : 0;
  else if (command.key == 3 && words.at(2) == "0")  // a script without keys
    key = 0;
  return key < words.count ? key : 0;
}

bool is_blocking(const Command& command, const Words& words) {
  return command.blocks || (command.reads_streams && position_of(words, "BLOCK") != 0);
}

bool is_secret(const Words& words, std::size_t i) {
  if (i == 0) return false;
  const std::string_view name = words.at(0);
  if (same_name(name, "AUTH")) return words.count == 2 || i >= 2;
  if (same_name(name, "HELLO")) return i >= 3 && same_name(words.at(i - 2), "AUTH");
  if (same_name(name, "CONFIG")) return same_name(words.at(1), "SET") && is_secret_value(words, 2, i);
  if (same_name(name, "SENTINEL")) {
    if (same_name(words.at(1), "SET")) return is_secret_value(words, 3, i);
    return same_name(words.at(1), "CONFIG") && is_secret_value(words, 3, i);
  }
  if (same_name(name, "ACL"))
    return same_name(words.at(1), "SETUSER") && i >= 3 && !words.at(i).empty() &&
           std::string_view("><#!").find(words.at(i).front()) != std::string_view::npos;
  if (same_name(name, "MIGRATE"))  // host port key db timeout, and then what it may have
    return (i >= 7 && same_name(words.at(i - 1), "AUTH")) || (i >= 8 && same_name(words.at(i - 2), "AUTH2"));
  return false;
}

bool has_secret(const Words& words) {
  if (!find_command(words.at(0)).may_hold_secret) return false;
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
  if (answer.find("\r\npasswords\r\n") != std::string_view::npos) return true;  // as ACL GETUSER has it
  return std::ranges::any_of(kSecretSettings,
                             [&](std::string_view name) { return contains_folded(answer, name); });
}

bool shows_secret(std::string_view line) {
  constexpr std::string_view kWords[] = {"AUTH", "PASS", "SETUSER"};
  return std::ranges::any_of(kWords, [&](std::string_view word) { return contains_folded(line, word); });
}

}  // namespace spanlight::redis
