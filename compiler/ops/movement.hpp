// What the operators that only move elements share.
#pragma once

#include <algorithm>
#include <cstring>

#include "ops/helpers.hpp"

namespace netsuke {

// out[index] = in[from(index)] for every index of out; from gives an offset in elements, or -1 to leave
// the zero that is there.
template <class From>
void move_elements(const Tensor& in, Tensor& out, const From& from) {
  size_t size = static_cast<size_t>(size_of(out.type));
  uint8_t* to = out.bytes.data();
  for_each_index(out.shape, [&](const Shape& index) {
    int64_t offset = from(index);
    if (offset >= 0) std::memcpy(to, in.bytes.data() + static_cast<size_t>(offset) * size, size);
    to += size;
  });
}

// The node becomes a Constant, to be folded at once.
inline void become_constant(Canonicaliser& c, Tensor value) {
  c.node.op = "Constant";
  c.node.inputs.clear();
  c.node.attributes.clear();
  c.node.attributes["value"] = std::move(value);
}

// Product of the dimensions from `first` up to, not including, `last`.
inline int64_t span_count(const Shape& shape, size_t first, size_t last) {
  int64_t count = 1;
  for (size_t d = first; d < last; d++) count *= shape[d];
  return count;
}

}  // namespace netsuke
