#pragma once
// The first frame of every message. Topics end in a dot, so that none is another's prefix.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace spanlight {

constexpr std::string_view kHelloTopic = "hello.";
constexpr std::string_view kStatsTopic = "stats.";

// Raised when the meaning of a field of record.fbs changes; new fields do not raise it.
constexpr std::uint32_t kSchemaVersion = 1;

// "record.<protocol>." for each protocol of registry(), in its order: Batch::topic is an index into this.
std::vector<std::string> record_topics();

}  // namespace spanlight
