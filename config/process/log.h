#pragma once
// One line for each thing worth a word, on standard error; never from the data path. As text or as JSON
// lines.

#include <string>

#include "settings/settings.h"

namespace spanlight {

void set_log(LogLevel level, bool json);
void log(LogLevel level, const std::string& sentence);

}  // namespace spanlight
