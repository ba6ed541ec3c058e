// Which layers get more flash for fewer instructions, where there is not enough for all of them.
#pragma once

#include <set>
#include <string>

#include "lower/lowering.hpp"

namespace netsuke {

// The same without what takes more flash than int8 weights do.
PackChoice at_int8_size(PackChoice choice);

// The nodes whose weights have to keep their int8 size (argument of lower()), so that all weights together fit `budget`
// bytes: those where a byte saves least. Empty where all fit; all of them where none do.
std::set<std::string> kept_at_int8_size(const Graph& g, const PackChoice& choice, int64_t budget);

}  // namespace netsuke
