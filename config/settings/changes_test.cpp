#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "settings/control_load.h"

namespace spanlight {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(Changes, are_none_between_equals) {
  EXPECT_THAT(changes(ControlSettings{}, ControlSettings{}), IsEmpty());
  ControlSettings elsewhere;
  elsewhere.origin = {"other.yaml", {{"store.keepHours", 12}}};
  EXPECT_THAT(changes(ControlSettings{}, elsewhere), IsEmpty()) << "where a value was written is no value";
}

TEST(Changes, say_what_wants_a_restart) {
  ControlSettings to;
  to.store_memory_mb = 4'096;
  to.store_keep_hours = 24;
  to.tap.namespaces = {"shop"};
  to.log_level = LogLevel::debug;
  to.listen = "127.0.0.1:9000";
  const auto found = changes(ControlSettings{}, to);
  EXPECT_THAT(found, ElementsAre(Change{"tap.namespaces", true}, Change{"store.memoryMb", false},
                                 Change{"store.keepHours", false}, Change{"serve.listen", false},
                                 Change{"logging.level", true}));
  EXPECT_EQ(changes(to, ControlSettings{}), found);
}

TEST(Changes, look_into_lists_and_secrets) {
  ControlSettings from;
  from.access = {{.name = "anna", .token_file = "a"}};
  ControlSettings to = from;
  to.access[0].payloads = false;
  EXPECT_THAT(changes(from, to), ElementsAre(Change{"serve.access", true}));
  to = from;
  to.sensors.push_back({.records = "ipc:///b", .commands = "", .server_key = ""});
  EXPECT_THAT(changes(from, to), ElementsAre(Change{"sensors", false}));
  to = from;
  to.curve_secret_key = "other";
  EXPECT_THAT(changes(from, to), ElementsAre(Change{"curve.secretKey", false}));
  to = from;
  to.trusted_proxies = {"10.0.0.0/8", "10.0.0.1/32"};
  from.trusted_proxies = {"10.0.0.1/32", "10.0.0.0/8"};
  EXPECT_THAT(changes(from, to), ElementsAre(Change{"serve.proxy.trusted", true})) << "order counts";
}

}  // namespace
}  // namespace spanlight
