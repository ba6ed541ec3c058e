// Permutations of dimensions, and feature maps in either layout.
//
// ONNX has feature maps channels-first: [batch, channels, spatial...]. Pass to_nhwc sets layout="NHWC" on
// the operators that kernels want channels-last: [batch, spatial..., channels]. Their inference and their
// reference meaning are written for channels-first and go through the functions below.
#pragma once

#include "ops/op.hpp"

namespace netsuke {

// As ONNX Transpose: dimension i of the result is dimension permutation[i] of the argument.
using Permutation = std::vector<int64_t>;

Shape permuted(const Shape& shape, const Permutation& permutation);
Tensor permuted(const Tensor& t, const Permutation& permutation);
Permutation inverse(const Permutation& permutation);
// permuted(permuted(x, first), second) == permuted(x, composed(first, second)).
Permutation composed(const Permutation& first, const Permutation& second);
bool is_identity(const Permutation& permutation);
Permutation to_channels_last(size_t rank);   // rank 4: 0, 2, 3, 1
Permutation to_channels_first(size_t rank);  // rank 4: 0, 3, 1, 2

// Attribute layout == "NHWC", for any number of spatial dimensions.
bool is_channels_last(const Node& n);

// The shape of an input that is a feature map, channels first whatever the layout is.
Shape map_shape(const Graph& g, const Node& n, size_t input);
// Output 0 is a feature map of this channels-first shape.
void set_map(Graph& g, Node& n, DType type, const Shape& channels_first);

// Input `i`, channels first, and the way back: out[0] = result, which is channels first.
Tensor map_in(const Evaluation& e, size_t i);
Tensor map_result(const Node& n, const Tensor& channels_first);
void map_out(Evaluation& e, const Tensor& channels_first);

}  // namespace netsuke
