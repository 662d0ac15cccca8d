#include "core/open_calls.h"

#include <gtest/gtest.h>

#include <vector>

namespace spanlight {
namespace {

TEST(OpenCalls, OldestFirstAndByIdInAnyOrder) {
  OpenCalls calls{7};
  std::vector<OpenCall> open(100);
  for (std::size_t i = 0; i < open.size(); ++i) calls.push(open[i], i * 7);
  EXPECT_EQ(calls.size(), 100u);
  EXPECT_EQ(calls.front(), &open[0]);
  EXPECT_EQ(calls.find(7 * 42), &open[42]);
  EXPECT_EQ(calls.find(5), nullptr);
  calls.remove(open[42]);
  EXPECT_EQ(calls.find(7 * 42), nullptr);
  calls.remove(open[42]);  // is not there any more
  calls.remove(open[0]);
  calls.remove(open[99]);
  EXPECT_EQ(calls.front(), &open[1]);
  EXPECT_EQ(calls.size(), 97u);
  std::size_t seen = 0;
  for (const OpenCall* call = calls.front(); call != nullptr; call = call->next) ++seen;
  EXPECT_EQ(seen, 97u);
}

TEST(OpenCalls, OfTheSameIdTheYoungest) {
  OpenCalls calls{7};
  OpenCall first, second;
  calls.push(first, 1);
  calls.push(second, 1);
  EXPECT_EQ(calls.find(1), &second);
  calls.remove(second);
  EXPECT_EQ(calls.find(1), &first);
}

}  // namespace
}  // namespace spanlight
