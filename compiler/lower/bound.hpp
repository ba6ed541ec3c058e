// How small an arena can be at best.
#pragma once

#include "lower/times.hpp"

namespace netsuke {

// No placement of these blocks, each given by its parts, can do with fewer bytes.
int64_t lower_bound_of(const std::vector<std::vector<Part>>& blocks);

// The steps in which more is in use than in the one before, the fullest first; of equals the earlier.
struct Moment {
  int64_t step, bytes;
};
std::vector<Moment> moments_of(const std::vector<Part>& parts);

bool meet(const std::vector<Span>& a, const std::vector<Span>& b);

}  // namespace netsuke
