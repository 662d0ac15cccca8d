#pragma once
// What the sensor must know of commands: their names, where their first key stands, and what in them is
// secret.

#include <cstdint>
#include <string_view>

#include "redis/resp.h"

namespace spanlight::redis {

constexpr std::size_t kNameBytesMax = 48;

// What its name says of a command. Nothing of one that is not the server's own (modules bring more).
struct Command {
  bool known = false;
  std::uint8_t key = 0;             // position of its first key among all words; 0: none, or nobody knows
  std::uint8_t value = 0;           // of the word that is content: SET key value; 0: none
  bool blocks = false;              // answered when there is something, or when the time that it says is over
  bool reads_streams = false;       // its keys stand behind a word, and another makes it block
  bool subscribes = false;          // SUBSCRIBE, UNSUBSCRIBE and their kin
  bool changes_what_comes = false;  // what the server says next depends on its answer
  bool among_messages = false;      // RESP2: a client that has subscribed may send it
  bool may_hold_secret = false;     // some word may be secret
};
Command find_command(std::string_view name);  // in either case

bool same_name(std::string_view a, std::string_view upper);

// Position of the first key; 0: none.
std::size_t key_position(const Command& command, const Words& words);

bool is_blocking(const Command& command, const Words& words);

// SUBSCRIBE, UNSUBSCRIBE and their kin, and what confirms them.
inline bool is_subscription(std::string_view name) {
  return find_command(name).subscribes;
}

// Word `i` is a password, or a rule that holds one.
bool is_secret(const Words& words, std::size_t i);
// Some word is.
bool has_secret(const Words& words);
// The answer to it may hold one.
bool answers_secrets(const Words& words);
// Of an answer, also where nobody knows what was asked: the name of a setting whose value is one; a user with
// his rules; either of them, or a user's passwords, anywhere in it.
bool names_secret(std::string_view value);
bool is_user_rule(std::string_view value);
bool mentions_secret(std::string_view answer);
// A line of MONITOR's that shows a command with one.
bool shows_secret(std::string_view line);

}  // namespace spanlight::redis
