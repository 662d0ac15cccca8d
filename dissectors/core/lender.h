#pragma once
// Received bytes that outlive the call which showed them without being copied: the pipeline lends the buffer
// that they lie in. Lent buffers are counted and capped by the pipeline, so that reception never starves.

#include "core/bytes.h"

namespace spanlight {

struct Loan;  // one lent buffer, the pipeline's own

class Lender {
 public:
  // The buffer that `bytes` lie in, which stays as it is until give_back(). nullptr: they lie in none that
  // may be lent, or enough are out: whoever asks copies then.
  virtual Loan* lend(Bytes bytes) = 0;
  virtual void give_back(Loan* loan) = 0;

 protected:
  ~Lender() = default;
};

}  // namespace spanlight
