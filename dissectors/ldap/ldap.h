#pragma once
// LDAP over TCP, and over UDP (CLDAP). What is and is not handled: README.md beside this file.

#include "core/descriptor.h"

namespace spanlight::ldap {

extern const Descriptor kDescriptor;

}  // namespace spanlight::ldap
