#pragma once
// What the kernel says of its network interfaces. Main thread; makes system calls.

#include <string>

namespace spanlight {

std::string interface_names();  // "eth0, lo", for a sentence
bool interface_exists(const std::string& name);
bool interface_is_up(const std::string& name);           // administratively up and with a carrier
std::string no_such_interface(const std::string& name);  // the sentence
std::string no_permission(const std::string& name);      // the sentence, with the mend

}  // namespace spanlight
