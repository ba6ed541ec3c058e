// How small an arena can be at best.
#pragma once

#include "lower/times.hpp"

namespace netsuke {

// No placement of these blocks, each given by its parts, can do with fewer bytes.
int64_t lower_bound_of(const std::vector<std::vector<Part>>& blocks);

bool meet(const std::vector<Span>& a, const std::vector<Span>& b);

}  // namespace netsuke
