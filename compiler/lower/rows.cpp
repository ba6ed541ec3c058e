#include "lower/rows.hpp"

#include <algorithm>

namespace netsuke {
namespace {

int64_t* integer(std::vector<Parameter>& parameters, std::string_view name) {
  Parameter* p = find_parameter(parameters, name);
  return p ? std::get_if<int64_t>(&p->value) : nullptr;
}

bool divide(int64_t& x, int64_t by) {
  if (x % by != 0) return false;
  x /= by;
  return true;
}

// --- parameters of the row kernel ---

// One spatial dimension is lowered as a width; as rows it is a height.
void turn(std::vector<Parameter>& parameters) {
  for (auto [a, b] : {std::pair{"in_h", "in_w"}, {"out_h", "out_w"}, {"kernel_h", "kernel_w"}, {"stride_h", "stride_w"},
                      {"pad_top", "pad_left"}, {"pad_bottom", "pad_right"}, {"dilation_h", "dilation_w"}})
    if (int64_t *x = integer(parameters, a), *y = integer(parameters, b); x && y) std::swap(*x, *y);
}

// A pointwise convolution sees the whole map as one row of pixels.
void unflatten(std::vector<Parameter>& parameters, const RowRule& rule) {
  int64_t *h = integer(parameters, "in_h"), *w = integer(parameters, "in_w");
  if (!h || !w || *h != 1 || rule.in_rows == 1) return;
  divide(*w, rule.in_rows);
  int64_t *out_h = integer(parameters, "out_h"), *out_w = integer(parameters, "out_w");
  if (out_w) divide(*out_w, rule.out_rows);
  *h = rule.in_rows;
  if (out_h) *out_h = rule.out_rows;
}

bool fewer_elements(std::vector<Parameter>& parameters, int64_t rows) {
  for (const char* name : {"count", "outer"})
    if (int64_t* n = integer(parameters, name)) return divide(*n, rows);
  Parameter* dims = find_parameter(parameters, "dims");
  auto* list = dims ? std::get_if<std::vector<int64_t>>(&dims->value) : nullptr;
  return list && !list->empty() && divide(list->front(), rows);
}

// --- arguments ---

bool is_state(const RowRule& rule, const Argument& a) {
  return rule.kind == RowKind::kRunning && a.access != Access::kRead;
}

// The rows of argument a; false: it does not consist of rows.
bool add_map(const Program& p, const RowRule& rule, const Argument& a, RowForm& form) {
  const Buffer& b = p[a.buffer];
  bool in = a.access == Access::kRead;
  if ((in && b.place == Place::kConstant) || is_state(rule, a)) {
    form.maps.emplace_back();
    return true;
  }
  RowMap map;
  map.rows = in ? rule.in_rows : rule.out_rows;
  if (a.access == Access::kScratch || count_of(b.shape) % map.rows != 0) return false;
  map.elements = count_of(b.shape) / map.rows;
  if (in) {
    map.kernel = rule.kernel;
    map.stride = rule.stride;
    map.pad = rule.pad;
    map.dilation = rule.dilation;
    map.divisor = rule.divisor;
    map.window = rule.kind == RowKind::kWindow || rule.pointers;
    map.scattered = rule.in_pitch != 0;
    if (map.scattered) map.elements = rule.in_pitch;
  }
  map.offset = map.scattered ? a.offset : a.offset % map.elements;
  form.maps.push_back(map);
  return true;
}

// A pointer without a window must always point at a row.
bool stays_inside(const RowMap& map, int64_t turns) {
  return map.window || (map.first(0) >= 0 && map.first(turns - 1) < map.rows);
}

void set_running(const Call& c, RowForm& form) {
  form.running = true;
  std::vector<int> in, out, state;
  for (size_t i = 0; i < c.arguments.size(); i++) {
    Access access = c.arguments[i].access;
    (access == Access::kRead ? in : access == Access::kWrite ? out : state).push_back(static_cast<int>(i));
  }
  bool own_state = !state.empty();
  if (!own_state) state = out;
  form.begin = state;
  form.turn = in;
  form.turn.insert(form.turn.end(), state.begin(), state.end());
  form.end = state;
  if (own_state) form.end.insert(form.end.end(), out.begin(), out.end());
}

std::string row_kernel(const Call& c, const RowRule& rule) {
  if (rule.kind == RowKind::kElementwise || rule.kind == RowKind::kCopy) return c.kernel;
  // Working in place needs the kernel's whole-map form; rows have other ways to share memory.
  std::string kernel = c.kernel;
  if (size_t at = kernel.find("pointwise_inplace"); at != std::string::npos) kernel.replace(at, 17, "conv2d");
  return rule.kind == RowKind::kRunning ? kernel : kernel + "_row";
}

bool set_parameters(const Call& c, const RowRule& rule, RowForm& form) {
  form.parameters = rule.kind == RowKind::kCopy ? rule.copy : c.parameters;
  if (int64_t* batch = integer(form.parameters, "batch"); batch && *batch != 1) return false;
  if (rule.kind == RowKind::kElementwise) return fewer_elements(form.parameters, rule.out_rows);
  if (rule.turned) turn(form.parameters);
  unflatten(form.parameters, rule);
  return true;
}

std::optional<RowForm> derive(const Program& p, const Call& c) {
  if (!c.rows) return {};
  const RowRule& rule = *c.rows;
  RowForm form;
  form.kernel = rule.kernel_name.empty() ? row_kernel(c, rule) : rule.kernel_name;
  form.header = rule.header.empty() ? c.header : rule.header;
  form.turns = rule.kind == RowKind::kRunning ? rule.in_rows : rule.out_rows;
  if (std::max(rule.in_rows, rule.out_rows) < 2 || form.turns < 1) return {};
  if (!set_parameters(c, rule, form)) return {};
  for (const Argument& a : c.arguments) {
    if (!add_map(p, rule, a, form)) return {};
    if (form.maps.back() && !stays_inside(*form.maps.back(), form.turns)) return {};
    if (form.maps.back() || rule.kind != RowKind::kCopy) form.turn.push_back(static_cast<int>(form.maps.size()) - 1);
  }
  if (rule.kind == RowKind::kElementwise || rule.kind == RowKind::kCopy) form.in_place = c.in_place;
  if (rule.kind == RowKind::kRunning) set_running(c, form);
  if (c.kernel == "avg_pool2d_f32") form.row_count = "avg_pool2d_padded_rows";
  if (c.kernel == "avg_pool2d_s8") form.row_count = "avg_pool2d_s8_padded_rows";
  return form;
}

// --- element-wise calls without broadcasting can be cut into any rows: into those of their neighbours ---

bool cuts_anywhere(const Program& p, const Call& c) {
  if (!c.rows || c.rows->kind != RowKind::kElementwise || c.rows->in_pitch || c.rows->stride != 1 || c.rows->pad != 0) return false;
  int64_t elements = count_of(p[c.arguments.back().buffer].shape);
  for (const Argument& a : c.arguments)
    if (p[a.buffer].place != Place::kConstant && (count_of(p[a.buffer].shape) != elements || a.offset)) return false;
  std::vector<Parameter> parameters = c.parameters;
  const Parameter* dims = find_parameter(parameters, "dims");
  return dims ? std::get<std::vector<int64_t>>(dims->value).size() == 1 : integer(parameters, "count") != nullptr;
}

// Into how many rows another call cuts a buffer; 0: nobody knows.
int64_t rows_of(const Call& c, BufferId buffer) {
  if (c.rows)
    for (const Argument& a : c.arguments)
      if (a.buffer == buffer && (c.rows->kind != RowKind::kRunning || a.access == Access::kRead))
        return a.access == Access::kRead ? c.rows->in_rows : c.rows->out_rows;
  return 0;
}

void follow_neighbours(Program& p) {
  std::vector<bool> settled(p.calls.size());
  for (size_t i = 0; i < p.calls.size(); i++) settled[i] = !cuts_anywhere(p, p.calls[i]);
  auto settle = [&](size_t i) {
    Call& c = p.calls[i];
    for (const Argument& a : c.arguments) {
      if (p[a.buffer].place == Place::kConstant) continue;
      for (size_t o = 0; o < p.calls.size(); o++) {
        int64_t rows = settled[o] ? rows_of(p.calls[o], a.buffer) : 0;
        if (rows < 2 || count_of(p[a.buffer].shape) % rows != 0) continue;
        c.rows->in_rows = c.rows->out_rows = rows;
        settled[i] = true;
        return true;
      }
    }
    return false;
  };
  for (bool changed = true; changed;) {
    changed = false;
    for (size_t i = 0; i < p.calls.size(); i++) changed |= !settled[i] && settle(i);
  }
}

// A rough count, the same for both ways to run a call: what matters is what a schedule adds to it.
int64_t estimate(const Program& p, const Call& c) {
  int64_t elements = 0;
  for (const Argument& a : c.arguments)
    if (p[a.buffer].place != Place::kConstant) elements += count_of(p[a.buffer].shape);
  return 3 * c.macs + 4 * elements;
}

}  // namespace

std::optional<RowForm> row_form_of(const Program& p, const Call& c) { return derive(p, c); }

void add_row_forms(Program& p) {
  follow_neighbours(p);
  for (Call& c : p.calls) {
    c.row_form = derive(p, c);
    c.instructions = estimate(p, c);
  }
}

}  // namespace netsuke
