#include "publish/topics.h"

#include "core/descriptor.h"

namespace spanlight {

std::vector<std::string> record_topics() {
  std::vector<std::string> topics;
  topics.reserve(registry().size());
  for (const Descriptor* protocol : registry())
    topics.push_back("record." + std::string(protocol->name) + ".");
  return topics;
}

}  // namespace spanlight
