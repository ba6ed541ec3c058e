#include "rows/interpreter.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>

namespace netsuke::test {
namespace {

// --- parameters ---

struct Params {
  const std::vector<Parameter>& list;
  const Parameter* find(std::string_view name) const {
    for (const Parameter& p : list)
      if (p.name == name) return &p;
    return nullptr;
  }
  int64_t i(std::string_view name) const { return std::get<int64_t>(find(name)->value); }
  bool b(std::string_view name) const { return std::get<bool>(find(name)->value); }
  float f(std::string_view name) const { return std::get<float>(find(name)->value); }
  const std::vector<int64_t>& v(std::string_view name) const { return std::get<std::vector<int64_t>>(find(name)->value); }
  bool says(std::string_view name, const std::string& what) const {
    return std::get<Function>(find(name)->value).expression.find(what) != std::string::npos;
  }
  float act(float x) const { return find("act") && says("act", "relu") ? (x < 0 ? 0 : x) : x; }
};

// Where one argument lies: one pointer, or those to the rows of a window, null where there is padding.
using Pointers = std::vector<std::byte*>;

float* floats(const Pointers& p, size_t k = 0) { return reinterpret_cast<float*>(p[k]); }

struct Operands {
  std::vector<Pointers> at;
  int64_t turn = 0;
};

// --- windowed kernels: one output row ---

using Row = std::function<void(const Params&, const std::vector<const float*>& rows, int64_t y, const Operands&, float* out)>;

void for_taps(const Params& p, const std::vector<const float*>& rows, int64_t x, const std::function<void(int64_t, const float*)>& f) {
  for (int64_t ky = 0; ky < p.i("kernel_h"); ky++)
    for (int64_t kx = 0; kx < p.i("kernel_w"); kx++) {
      int64_t ix = x * p.i("stride_w") - p.i("pad_left") + kx * p.i("dilation_w");
      if (rows[static_cast<size_t>(ky)] && ix >= 0 && ix < p.i("in_w"))
        f(ky * p.i("kernel_w") + kx, rows[static_cast<size_t>(ky)] + ix * p.i("in_c"));
    }
}

void conv_row(const Params& p, const std::vector<const float*>& rows, int64_t, const Operands& o, float* out) {
  const float *weights = floats(o.at[1]), *bias = floats(o.at[2]);
  bool depthwise = !p.find("group");
  int64_t in_c = p.i("in_c"), out_c = depthwise ? in_c : p.i("out_c"), group = depthwise ? in_c : p.i("group");
  int64_t group_in = in_c / group, taps = p.i("kernel_h") * p.i("kernel_w");
  for (int64_t x = 0; x < p.i("out_w"); x++)
    for (int64_t c = 0; c < out_c; c++) {
      float sum = p.b("has_bias") ? bias[c] : 0;
      for_taps(p, rows, x, [&](int64_t tap, const float* pixel) {
        for (int64_t i = 0; i < group_in; i++)
          sum += pixel[c / (out_c / group) * group_in + i] * weights[(c * taps + tap) * group_in + i];
      });
      *out++ = p.act(sum);
    }
}

void max_row(const Params& p, const std::vector<const float*>& rows, int64_t, const Operands&, float* out) {
  for (int64_t x = 0; x < p.i("out_w"); x++)
    for (int64_t c = 0; c < p.i("in_c"); c++) {
      float most = -INFINITY;
      for_taps(p, rows, x, [&](int64_t, const float* pixel) { most = std::max(most, pixel[c]); });
      *out++ = p.act(most);
    }
}

int64_t taps_before(int64_t start, int64_t end, int64_t kernel, int64_t dilation) {
  int64_t n = 0;
  while (n < kernel && start + n * dilation < end) n++;
  return n;
}

void average_row(const Params& p, const std::vector<const float*>& rows, int64_t y, const Operands&, float* out) {
  int64_t inside_h = std::count_if(rows.begin(), rows.end(), [](const float* r) { return r != nullptr; });
  int64_t padded_h = taps_before(y * p.i("stride_h") - p.i("pad_top"), p.i("in_h") + p.i("pad_bottom"), p.i("kernel_h"), p.i("dilation_h"));
  for (int64_t x = 0; x < p.i("out_w"); x++)
    for (int64_t c = 0; c < p.i("in_c"); c++) {
      float sum = 0;
      int64_t count = 0;
      for_taps(p, rows, x, [&](int64_t, const float* pixel) { sum += pixel[c], count++; });
      int64_t padded_w = taps_before(x * p.i("stride_w") - p.i("pad_left"), p.i("in_w") + p.i("pad_right"), p.i("kernel_w"), p.i("dilation_w"));
      if (p.b("count_include_pad")) count = padded_h * padded_w;
      else NETSUKE_CHECK(inside_h > 0);
      *out++ = p.act(sum / static_cast<float>(count));
    }
}

// All rows of a map; the input is copied first, so that pointwise layers may run in place.
void run_window(const Row& row, const Params& p, const Operands& o) {
  int64_t pitch = p.i("in_w") * p.i("in_c"), out_c = p.find("out_c") ? p.i("out_c") : p.i("in_c");
  std::vector<float> in(floats(o.at[0]), floats(o.at[0]) + p.i("in_h") * pitch);
  for (int64_t y = 0; y < p.i("out_h"); y++) {
    std::vector<const float*> rows;
    for (int64_t k = 0; k < p.i("kernel_h"); k++) {
      int64_t i = y * p.i("stride_h") - p.i("pad_top") + k * p.i("dilation_h");
      rows.push_back(i < 0 || i >= p.i("in_h") ? nullptr : in.data() + i * pitch);
    }
    row(p, rows, y, o, floats(o.at.back()) + y * p.i("out_w") * out_c);
  }
}

void run_row(const Row& row, const Params& p, const Operands& o) {
  std::vector<const float*> rows;
  for (std::byte* r : o.at[0]) rows.push_back(reinterpret_cast<const float*>(r));
  row(p, rows, o.turn, o, floats(o.at.back()));
}

const Row* window_row(const std::string& kernel) {
  static const Row conv = conv_row, most = max_row, average = average_row;
  for (const char* name : {"conv2d_f32", "depthwise_f32", "pointwise_inplace_f32"})
    if (kernel.starts_with(name)) return &conv;
  if (kernel.starts_with("max_pool2d_f32")) return &most;
  return kernel.starts_with("avg_pool2d_f32") ? &average : nullptr;
}

// --- other kernels ---

void nest(const std::vector<int64_t>& dims, size_t d, std::vector<int64_t> at, const std::vector<std::vector<int64_t>>& steps,
          const std::function<void(const std::vector<int64_t>&)>& f) {
  if (d == dims.size()) return f(at);
  for (int64_t i = 0; i < dims[d]; i++) {
    nest(dims, d + 1, at, steps, f);
    for (size_t k = 0; k < steps.size(); k++) at[k] += steps[k][d];
  }
}

void binary(const Params& p, const Operands& o) {
  float* out = floats(o.at[2]);
  nest(p.v("dims"), 0, {0, 0}, {p.v("a_strides"), p.v("b_strides")}, [&](const std::vector<int64_t>& at) {
    float a = floats(o.at[0])[at[0]], b = floats(o.at[1])[at[1]];
    *out++ = p.act(p.says("op", "add(") ? a + b : p.says("op", "sub(") ? a - b : a * b);
  });
}

void strided_copy(const Params& p, const Operands& o) {
  nest(p.v("dims"), 0, {0, 0}, {p.v("in_steps"), p.v("out_steps")},
       [&](const std::vector<int64_t>& at) { floats(o.at.back())[at[1]] = floats(o.at[0])[at[0]]; });
}

void map(const Params& p, const Operands& o) {
  for (int64_t i = 0; i < p.i("count"); i++) floats(o.at[1])[i] = p.find("act") ? p.act(floats(o.at[0])[i]) : floats(o.at[0])[i];
}

void resample_nearest(const Params& p, const Operands& o) {
  const int32_t* indices = reinterpret_cast<const int32_t*>(o.at[1][0]);
  float* out = floats(o.at[2]);
  for (int64_t i = 0; i < p.i("outer"); i++)
    for (int64_t j = 0; j < p.i("out_axis"); j++)
      for (int64_t k = 0; k < p.i("inner"); k++)
        *out++ = floats(o.at[0])[(i * p.i("in_axis") + indices[j]) * p.i("inner") + k];
}

// Constant pads of one dimension after the other.
void pad_loop(const Params& p, size_t d, const float* in, float*& out) {
  const auto &ins = p.v("in_dims"), &outs = p.v("out_dims"), &begins = p.v("begins");
  if (d == ins.size()) {
    *out++ = in ? *in : p.f("value");
    return;
  }
  int64_t inner = 1;
  for (size_t k = d + 1; k < ins.size(); k++) inner *= ins[k];
  for (int64_t o = 0; o < outs[d]; o++) {
    int64_t i = o - begins[d];
    pad_loop(p, d + 1, in && i >= 0 && i < ins[d] ? in + i * inner : nullptr, out);
  }
}

void pad(const Params& p, const Operands& o) {
  float* out = floats(o.at[1]);
  pad_loop(p, 0, floats(o.at[0]), out);
}

void softmax(const Params& p, const Operands& o) {
  int64_t axis = p.i("axis"), inner = p.i("inner");
  for (int64_t at = 0; at < p.i("outer") * inner; at++) {
    const float* in = floats(o.at[0]) + at / inner * axis * inner + at % inner;
    std::vector<float> e;
    float most = -INFINITY, sum = 0;
    for (int64_t i = 0; i < axis; i++) most = std::max(most, in[i * inner]);
    for (int64_t i = 0; i < axis; i++) sum += e.emplace_back(std::exp(in[i * inner] - most));
    for (int64_t i = 0; i < axis; i++) floats(o.at[1])[in - floats(o.at[0]) + i * inner] = e[static_cast<size_t>(i)] / sum;
  }
}

// out[r][o] = in[o][r], rows of `inner` elements.
void regroup(const Params& p, const Operands& o) {
  int64_t outer = p.i("outer"), rows = p.i("rows"), inner = p.i("inner"), count = outer * rows;
  std::vector<float> in(floats(o.at[0]), floats(o.at[0]) + count * inner);
  for (int64_t i = 0; i < count; i++) std::copy_n(in.data() + (i % outer * rows + i / outer) * inner, inner, floats(o.at[1]) + i * inner);
  std::memset(o.at[2][0], 0, static_cast<size_t>(inner * 4 + (count + 7) / 8));
}

void global_begin(bool most, const Params& p, float* state) { std::fill_n(state, p.i("in_c"), most ? -INFINITY : 0.0f); }
void global_row(bool most, const Params& p, const float* row, float* state) {
  for (int64_t x = 0; x < p.i("in_w"); x++)
    for (int64_t c = 0; c < p.i("in_c"); c++, row++) state[c] = most ? std::max(state[c], *row) : state[c] + *row;
}
void global_end(bool most, const Params& p, float* state) {
  float scale = most ? 1 : 1 / static_cast<float>(p.i("in_h") * p.i("in_w"));
  for (int64_t c = 0; c < p.i("in_c"); c++) state[c] = p.act(state[c] * scale);
}

void global_pool(bool most, const Params& p, const Operands& o) {
  global_begin(most, p, floats(o.at[1]));
  for (int64_t y = 0; y < p.i("in_h"); y++) global_row(most, p, floats(o.at[0]) + y * p.i("in_w") * p.i("in_c"), floats(o.at[1]));
  global_end(most, p, floats(o.at[1]));
}

void pad_row(const Params& p, const Operands& o) {
  if (o.at[0][0]) return pad(p, o);
  int64_t count = 1;
  for (int64_t d : p.v("out_dims")) count *= d;
  std::fill_n(floats(o.at[1]), count, p.f("value"));
}

using Kernel = void (*)(const Params&, const Operands&);
Kernel simple_kernel(const std::string& name) {
  if (name == "binary") return binary;
  if (name == "strided_copy") return strided_copy;
  if (name == "map_f32" || name == "copy") return map;
  if (name == "resample_nearest") return resample_nearest;
  if (name == "pad_row") return pad_row;
  if (name == "regroup") return regroup;
  if (name == "softmax_f32") return softmax;
  return name == "pad" ? pad : nullptr;
}

// --- memory ---

constexpr size_t kGuard = 64;

struct Machine {
  const Program& p;
  std::vector<Tensor> inputs, outputs;
  std::vector<std::byte> arena;  // guard, arena, guard

  std::byte* memory(BufferId id) {
    const Buffer& b = p[id];
    size_t index = static_cast<size_t>(b.index);
    switch (b.place) {
      case Place::kArena: return arena.data() + kGuard + b.offset;
      case Place::kInput: return reinterpret_cast<std::byte*>(inputs[index].bytes.data());
      case Place::kOutput: return reinterpret_cast<std::byte*>(outputs[index].bytes.data());
      case Place::kConstant: return reinterpret_cast<std::byte*>(const_cast<uint8_t*>(p.constants[index].data.bytes.data()));
      case Place::kState: break;  // no random graph has one
    }
    return nullptr;
  }
};

Pointers whole(Machine& m, const Argument& a) { return {m.memory(a.buffer) + a.offset * size_of(m.p[a.buffer].type)}; }

Pointers in_turn(Machine& m, const Argument& a, const std::optional<RowMap>& map, int64_t turn) {
  if (!map) return whole(m, a);
  const Buffer& b = m.p[a.buffer];
  Pointers pointers;
  for (int64_t k = 0; k < map->kernel; k++) {
    int64_t row = map->first(turn) + k * map->dilation;
    bool inside = row >= 0 && row < map->rows;
    NETSUKE_CHECK(inside || map->window);
    int64_t slot = b.ring ? row % b.ring : row;
    pointers.push_back(inside ? m.memory(a.buffer) + (slot * map->elements + map->offset) * size_of(b.type) : nullptr);
  }
  return pointers;
}

// --- running ---

void run_call(Machine& m, const Call& c) {
  Operands o;
  for (const Argument& a : c.arguments) o.at.push_back(whole(m, a));
  Params p{c.parameters};
  if (const Row* row = window_row(c.kernel)) return run_window(*row, p, o);
  if (c.kernel.starts_with("global_")) return global_pool(c.kernel.starts_with("global_max"), p, o);
  simple_kernel(c.kernel)(p, o);
}

void run_turn(Machine& m, const Call& c, int64_t turn) {
  const RowForm& form = *c.row_form;
  Operands o;
  o.turn = turn;
  for (int i : form.turn) o.at.push_back(in_turn(m, c.arguments[static_cast<size_t>(i)], form.maps[static_cast<size_t>(i)], turn));
  Params p{form.parameters};
  if (!form.running) {
    if (const Row* row = window_row(form.kernel)) return run_row(*row, p, o);
    return simple_kernel(form.kernel)(p, o);
  }
  bool most = form.kernel.starts_with("global_max");
  if (turn == 0) global_begin(most, p, floats(o.at[1]));
  global_row(most, p, floats(o.at[0]), floats(o.at[1]));
  if (turn == form.turns - 1) global_end(most, p, floats(o.at[1]));
}

void run_segment(Machine& m, const Segment& s) {
  for (int64_t t = 0; t < s.sweeps; t++)
    for (int i = s.first; i < s.end; i++) {
      const Call& c = m.p.calls[static_cast<size_t>(i)];
      const Turns& turns = s.turns[static_cast<size_t>(i - s.first)];
      int64_t since = t - turns.start;
      if (since >= 0 && since % turns.every == 0 && since / turns.every < c.row_form->turns) run_turn(m, c, since / turns.every);
    }
}

void run_all(Machine& m) {
  for (int i = 0; i < static_cast<int>(m.p.calls.size());) {
    auto s = std::find_if(m.p.segments.begin(), m.p.segments.end(), [&](const Segment& x) { return x.first == i; });
    if (s == m.p.segments.end()) {
      run_call(m, m.p.calls[static_cast<size_t>(i++)]);
    } else {
      run_segment(m, *s);
      i = s->end;
    }
  }
}

Machine run_with(const Program& p, const std::vector<Tensor>& inputs, std::byte poison) {
  Machine m{p, inputs, {}, std::vector<std::byte>(static_cast<size_t>(p.arena_bytes) + 2 * kGuard, poison)};
  for (const Port& port : p.outputs) {
    m.outputs.emplace_back(port.type, port.shape);
    std::fill(m.outputs.back().bytes.begin(), m.outputs.back().bytes.end(), static_cast<uint8_t>(poison));
  }
  for (size_t b = 0; b < p.buffers.size(); b++)
    if (p.buffers[b].is_arena_input()) {
      const auto& bytes = inputs[static_cast<size_t>(p.buffers[b].index)].bytes;
      std::memcpy(m.memory(static_cast<BufferId>(b)), bytes.data(), bytes.size());
    }
  run_all(m);
  return m;
}

}  // namespace

bool can_run(const Program& p) {
  for (const Call& c : p.calls)
    if (!window_row(c.kernel) && !c.kernel.starts_with("global_") && !simple_kernel(c.kernel)) return false;
  return true;
}

// Two poisons: a byte that keeps both was not written.
RunResult run_program(const Program& p, const std::vector<Tensor>& inputs) {
  constexpr std::byte kA{0xA5}, kB{0x5A};
  Machine a = run_with(p, inputs, kA), b = run_with(p, inputs, kB);
  RunResult r{a.outputs, 0, a.outputs == b.outputs};
  for (size_t i = 0; i < a.arena.size(); i++) {
    if (a.arena[i] == kA && b.arena[i] == kB) continue;
    bool inside = i >= kGuard && i < a.arena.size() - kGuard;
    r.guards_kept &= inside;
    if (inside) r.touched = static_cast<int64_t>(i - kGuard) + 1;
  }
  return r;
}

}  // namespace netsuke::test
