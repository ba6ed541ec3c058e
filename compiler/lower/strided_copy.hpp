// Copies between memory layouts: transpose, slice, concat, expand and their like lower to one kernel.
#pragma once

#include "lower/lowering.hpp"

namespace netsuke {

// One loop of a copy: `count` elements, whose places are `in_step` and `out_step` elements apart.
struct CopyLoop {
  int64_t count = 1, in_step = 0, out_step = 0;
  bool operator==(const CopyLoop&) const = default;
};

// Joins loops that run on as one, and puts that with the smallest steps innermost: it is unrolled, and
// small offsets fit into load and store instructions. Never empty.
std::vector<CopyLoop> collapse(std::vector<CopyLoop> loops);

// Adds the call; `in.offset` and `out.offset` are where the first element lies. `rows` as in Call.
void add_strided_copy(Lowering& l, const Node& n, Argument in, Argument out, std::vector<CopyLoop> loops,
                      std::optional<RowRule> rows = {});

// The same for a transpose. Where the rows are not the outermost dimension of the input, each lies scattered
// over the whole map.
std::optional<RowRule> transpose_rows(const Shape& in, const Shape& out, const std::vector<int64_t>& perm);

// The loops of one row: those of the whole copy without that over the rows.
std::optional<std::vector<CopyLoop>> loops_of_row(const RowRule& rule, const Buffer& in, const Buffer& out,
                                                  const std::vector<CopyLoop>& loops);

// The rule's row kernel is a copy of `elements` elements.
void copy_whole_rows(RowRule& rule, DType type, int64_t elements);

// The rule for a copy from shape `in` to `out` (as in memory) whose row r reads row r * stride + first;
// none unless there is a batch of one and more than one dimension after it.
std::optional<RowRule> copy_rows(const Shape& in, const Shape& out, int64_t stride = 1, int64_t first = 0);

}  // namespace netsuke
