// The tool of to_nhwc: a graph being rebuilt, in which transposes are noted instead of made.
//
// A value v may be lazy: v = permuted(source, permutation), where the source exists. A reader that can use
// the source in the order it has takes that; only one that cannot makes a node. So transposes that meet
// merge or cancel by themselves, and equal ones are made once.
#pragma once

#include <map>
#include <utility>

#include "ops/layout.hpp"

namespace netsuke {

struct Origin {
  ValueId source;
  Permutation permutation;
};

struct LazyTransposes {
  Graph& graph;
  std::vector<Node> nodes;  // the rebuilt graph
  std::map<ValueId, Origin> origins;
  std::map<std::pair<ValueId, Permutation>, ValueId> made;  // permuted(first, second) exists
};

// v = permuted(source, permutation). source may itself be lazy.
void set_lazy(LazyTransposes& t, ValueId v, ValueId source, const Permutation& permutation);

// Where v comes from; v itself and the identity if it is not lazy.
Origin origin_of(const LazyTransposes& t, ValueId v);
bool is_lazy(const LazyTransposes& t, ValueId v);

// A value that is permuted(v, permutation); makes a Transpose (or a Reshape, where only dimensions of one
// element move) if it must.
ValueId permuted_value(LazyTransposes& t, ValueId v, const Permutation& permutation);

// A value equal to v.
ValueId plain(LazyTransposes& t, ValueId v);
// Makes v itself, for graph outputs.
void make_output(LazyTransposes& t, ValueId v);

// How many elements the node moves that permuted_value(v, permutation) would add; 0 if none or a Reshape.
int64_t cost_of(const LazyTransposes& t, ValueId v, const Permutation& permutation);

// Appends a Reshape of v and returns its output.
ValueId reshaped_value(LazyTransposes& t, ValueId v, const Shape& shape);

// Only dimensions of one element change places: memory stays as it is.
bool keeps_memory(const Shape& shape, const Permutation& permutation);
Permutation identity_permutation(size_t rank);

}  // namespace netsuke
