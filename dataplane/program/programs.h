#pragma once
// The programs in one executable, spanlight-sensor: its first argument says which. Each returns the exit
// status.

namespace spanlight {

int run_sensor(int argc, char** argv);   // mirrored packets in, records out on ZeroMQ
int run_dissect(int argc, char** argv);  // capture files in, records out on the screen
int run_doctor(int argc, char** argv);   // listens for a while and says what is wrong with a mirror

}  // namespace spanlight
