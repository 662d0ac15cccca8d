#pragma once
// The control process: everything it is made of, put together in the order in which it must begin and end.

#include <memory>
#include <string>

#include "settings/control.h"

namespace spanlight {

class ControlProcess {
 public:
  // Throws std::runtime_error with a sentence where the settings cannot be. `path`: of the settings file, to
  // be read again on reload(); may be empty.
  ControlProcess(ControlSettings settings, std::string path);
  ~ControlProcess();
  ControlProcess(const ControlProcess&) = delete;
  ControlProcess& operator=(const ControlProcess&) = delete;

  // Opens what needs root, gives root up, starts everything. Throws as the constructor.
  void start();
  // The settings file anew: what can take effect does, the rest is named.
  void reload();
  // What is to be looked at now and then; costs nothing in between. By the thread that started it.
  void tend();
  // Held calls and what waits for the store go on first.
  void stop();

  std::string address() const;  // of the API

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace spanlight
