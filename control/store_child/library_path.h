#pragma once
// Where libchdb.so is.

#include <string>

namespace spanlight::store_child {

// $SPANLIGHT_LIBCHDB, else beside this program, else where scripts/setup put it in the source tree. Throws
// std::runtime_error with a sentence if it is nowhere.
std::string find_library();

}  // namespace spanlight::store_child
