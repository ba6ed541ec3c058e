#include "ops/layout.hpp"

#include <cstring>
#include <numeric>

#include "ops/helpers.hpp"

namespace netsuke {

Shape permuted(const Shape& shape, const Permutation& permutation) {
  NETSUKE_CHECK(shape.size() == permutation.size(), "permutation {} of shape {}", to_string(permutation),
                to_string(shape));
  Shape result;
  for (int64_t axis : permutation) result.push_back(shape[static_cast<size_t>(axis)]);
  return result;
}

Tensor permuted(const Tensor& t, const Permutation& permutation) {
  Tensor result(t.type, permuted(t.shape, permutation));
  Shape strides = permuted(strides_of(t.shape), permutation);
  size_t size = static_cast<size_t>(size_of(t.type));
  uint8_t* to = result.bytes.data();
  for_each_index(result.shape, [&](const Shape& index) {
    int64_t from = std::inner_product(index.begin(), index.end(), strides.begin(), int64_t{0});
    std::memcpy(to, t.bytes.data() + static_cast<size_t>(from) * size, size);
    to += size;
  });
  return result;
}

Permutation inverse(const Permutation& permutation) {
  Permutation result(permutation.size());
  for (size_t i = 0; i < permutation.size(); i++)
    result[static_cast<size_t>(permutation[i])] = static_cast<int64_t>(i);
  return result;
}

Permutation composed(const Permutation& first, const Permutation& second) { return permuted(first, second); }

bool is_identity(const Permutation& permutation) {
  for (size_t i = 0; i < permutation.size(); i++)
    if (permutation[i] != static_cast<int64_t>(i)) return false;
  return true;
}

Permutation to_channels_last(size_t rank) {
  Permutation p(rank);
  std::iota(p.begin(), p.end(), 0);
  std::rotate(p.begin() + 1, p.begin() + 2, p.end());
  return p;
}

Permutation to_channels_first(size_t rank) { return inverse(to_channels_last(rank)); }

bool is_channels_last(const Node& n) { return has_attribute(n, "layout") && get_string(n, "layout") == "NHWC"; }

Shape map_shape(const Graph& g, const Node& n, size_t input) {
  const Shape& shape = shape_of(g, n, input);
  return is_channels_last(n) ? permuted(shape, to_channels_first(shape.size())) : shape;
}

void set_map(Graph& g, Node& n, DType type, const Shape& channels_first) {
  set_output(g, n, 0, type,
             is_channels_last(n) ? permuted(channels_first, to_channels_last(channels_first.size())) : channels_first);
}

Tensor map_in(const Evaluation& e, size_t i) {
  const Tensor& t = *e.in[i];
  return is_channels_last(e.node) ? permuted(t, to_channels_first(t.shape.size())) : t;
}

Tensor map_result(const Node& n, const Tensor& channels_first) {
  return is_channels_last(n) ? permuted(channels_first, to_channels_last(channels_first.shape.size())) : channels_first;
}

void map_out(Evaluation& e, const Tensor& channels_first) { e.out[0] = map_result(e.node, channels_first); }

}  // namespace netsuke
