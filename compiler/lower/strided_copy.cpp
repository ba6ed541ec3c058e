#include "lower/strided_copy.hpp"

#include <algorithm>

namespace netsuke {
namespace {

// Where `outer` continues after the last step of `inner`, both in the input and in the output.
bool runs_on(const CopyLoop& outer, const CopyLoop& inner) {
  return outer.in_step == inner.in_step * inner.count && outer.out_step == inner.out_step * inner.count;
}

bool join_one_pair(std::vector<CopyLoop>& loops) {
  for (size_t i = 0; i < loops.size(); i++)
    for (size_t j = 0; j < loops.size(); j++) {
      if (i == j || !runs_on(loops[i], loops[j])) continue;
      loops[j].count *= loops[i].count;
      loops.erase(loops.begin() + static_cast<std::ptrdiff_t>(i));
      return true;
    }
  return false;
}

int64_t widest_step(const CopyLoop& loop) { return std::max(std::abs(loop.in_step), std::abs(loop.out_step)); }

template <int64_t CopyLoop::* kMember>
std::vector<int64_t> column(const std::vector<CopyLoop>& loops) {
  std::vector<int64_t> values;
  for (const CopyLoop& loop : loops) values.push_back(loop.*kMember);
  return values;
}

}  // namespace

std::vector<CopyLoop> collapse(std::vector<CopyLoop> loops) {
  std::erase_if(loops, [](const CopyLoop& loop) { return loop.count == 1; });
  while (join_one_pair(loops)) {
  }
  std::stable_sort(loops.begin(), loops.end(),
                   [](const CopyLoop& a, const CopyLoop& b) { return widest_step(a) > widest_step(b); });
  if (loops.empty()) loops.push_back({1, 1, 1});
  return loops;
}

namespace {

// The loops without that over the rows, which may be the outer part of a loop. None if there is no such loop.
std::optional<std::vector<CopyLoop>> row_loops(std::vector<CopyLoop> loops, int64_t rows, int64_t in_step, int64_t out_step) {
  for (CopyLoop& loop : loops) {
    if (loop.count % rows != 0) continue;
    int64_t inner = loop.count / rows;
    if (loop.in_step * inner != in_step || loop.out_step * inner != out_step) continue;
    loop.count = inner;
    return loops;
  }
  return {};
}

std::vector<Parameter> copy_parameters(const Buffer& source, std::vector<CopyLoop> loops) {
  loops = collapse(std::move(loops));
  return {{"T", TypeName{std::string(c_type_of(source.type))}},
          {"dims", column<&CopyLoop::count>(loops)},
          {"in_steps", column<&CopyLoop::in_step>(loops)},
          {"out_steps", column<&CopyLoop::out_step>(loops)},
          {"in_rom", source.place == Place::kConstant}};
}

// Completes the rule of a copy, or drops it.
std::optional<RowRule> with_row_parameters(std::optional<RowRule> rule, const Buffer& in, const Buffer& out,
                                           const std::vector<CopyLoop>& loops) {
  if (!rule || in.place == Place::kConstant) return {};
  auto row = loops_of_row(*rule, in, out, loops);
  if (!row) return {};
  rule->kind = RowKind::kCopy;
  rule->copy = copy_parameters(in, *row);
  return rule;
}

}  // namespace

std::optional<std::vector<CopyLoop>> loops_of_row(const RowRule& rule, const Buffer& in, const Buffer& out,
                                                  const std::vector<CopyLoop>& loops) {
  if (rule.in_rows < 1 || rule.out_rows < 1) return {};
  if (count_of(in.shape) % rule.in_rows != 0 || count_of(out.shape) % rule.out_rows != 0) return {};
  int64_t pitch = rule.in_pitch ? rule.in_pitch : count_of(in.shape) / rule.in_rows;
  return row_loops(loops, rule.out_rows, rule.stride * pitch, count_of(out.shape) / rule.out_rows);
}

std::optional<RowRule> transpose_rows(const Shape& in, const Shape& out, const std::vector<int64_t>& perm) {
  if (perm.size() < 3 || perm[0] != 0 || in[0] != 1) return {};
  size_t source = static_cast<size_t>(perm[1]);
  RowRule rule{.in_rows = in[source], .out_rows = out[1], .kind = RowKind::kElementwise};
  int64_t pitch = count_of({in.begin() + perm[1] + 1, in.end()});
  if (pitch * rule.in_rows != count_of(in)) rule.in_pitch = pitch;
  return rule;
}

void add_strided_copy(Lowering& l, const Node& n, Argument in, Argument out, std::vector<CopyLoop> loops,
                      std::optional<RowRule> rows) {
  const Buffer& source = l.program[in.buffer];
  Call call = make_call(n, "strided_copy", "strided_copy.hpp");
  call.rows = with_row_parameters(std::move(rows), source, l.program[out.buffer], loops);
  call.parameters = copy_parameters(source, std::move(loops));
  call.arguments = {in, out};
  l.program.calls.push_back(std::move(call));
}

void copy_whole_rows(RowRule& rule, DType type, int64_t elements) {
  rule.kernel_name = "strided_copy";
  rule.header = "strided_copy.hpp";
  rule.copy = copy_parameters(Buffer{"", type}, {{elements, 1, 1}});
}

std::optional<RowRule> copy_rows(const Shape& in, const Shape& out, int64_t stride, int64_t first) {
  if (in.size() < 3 || out.size() < 3 || in[0] != 1 || out[0] != 1) return {};
  return RowRule{.in_rows = in[1], .out_rows = out[1], .stride = stride, .pad = -first, .kind = RowKind::kElementwise};
}

}  // namespace netsuke
