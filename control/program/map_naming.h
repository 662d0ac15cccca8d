#pragma once
// The address map as ingest asks it: names of Kubernetes, of the static map, and of ExternalName services.

#include "ingest/naming.h"
#include "names/names.h"

namespace spanlight {

class MapNaming final : public Naming {
 public:
  explicit MapNaming(const NamesBoard& board) : board_(board) {}
  std::shared_ptr<const NameState> current() const override;

 private:
  const NamesBoard& board_;
};

}  // namespace spanlight
