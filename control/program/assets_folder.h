#pragma once
// Where the dashboard's files are: $SPANLIGHT_WEB, beside the program (a build), or in share/spanlight/web
// (installed).

#include <memory>

#include "serve/assets.h"

namespace spanlight {

// Without any there is no dashboard, which is told once; the API works all the same.
std::shared_ptr<const serve::Assets> load_assets();

}  // namespace spanlight
