#include "schedule/push.hpp"

#include "lower/rows.hpp"

namespace netsuke {
namespace {

[[noreturn]] void refuse(const std::string& layer, const std::string& why) {
  fail("not-by-rows", layer, why, "leave out --io rows (or --stream), or let the first layers be convolutions, pools or element-wise");
}

struct Reader {
  Call* call;
  size_t argument;
  RowMap& map() const { return *call->row_form->maps[argument]; }
};

std::vector<Reader> readers_of(Program& p, BufferId input) {
  std::vector<Reader> readers;
  for (Call& c : p.calls)
    for (size_t a = 0; a < c.arguments.size(); a++) {
      if (c.arguments[a].buffer != input) continue;
      if (!c.row_form || !c.row_form->maps[a]) refuse(c.node, fmt::format("{} needs the input as a whole", c.op));
      readers.push_back({&c, a});
    }
  if (readers.empty()) refuse(p[input].name, "no layer reads this input");
  return readers;
}

// What a pushed row, or one that is gathered, looks like.
Push rows_of(const Program& p, BufferId input, const RowMap& map) {
  Push push;
  push.input = input;
  push.rows = map.rows;
  push.inner = map.elements;
  push.outer = count_of(p[input].shape) / (push.rows * push.inner);
  return push;
}

// A row that is scattered over the map arrives in one piece: steps from plane to plane become steps from part
// to part of the row.
void gather_row(Reader r, const Push& push) {
  RowMap& map = r.map();
  if (map.scattered) {
    auto shorter = [&](int64_t step) { return step >= push.inner * push.rows ? step / push.rows : step; };
    for (Parameter& p : r.call->row_form->parameters)
      if (p.name == "in_steps")
        for (int64_t& step : std::get<std::vector<int64_t>>(p.value)) step = shorter(step);
    map.offset = map.offset / (push.inner * push.rows) * push.inner + map.offset % push.inner;
    map.scattered = false;
    r.call->by_rows_only = true;
  }
  map.elements = push.inner * push.outer;
}

bool takes_each_row_once(const RowMap& m) {
  return m.kernel == 1 && m.stride == 1 && m.pad == 0 && m.divisor == 1;
}

// A call that copies each row that arrives to where all readers find it.
void insert_receiver(Program& p, const std::vector<Reader>& readers, Push& push) {
  Buffer rows = p[push.input];
  rows.name += "/rows";
  rows.shape = {1, push.rows, push.outer * push.inner};
  rows.place = Place::kArena;
  rows.index = -1;
  BufferId id = static_cast<BufferId>(p.buffers.size());
  for (const Reader& r : readers) r.call->arguments[r.argument].buffer = id;
  p.buffers.push_back(rows);
  Call call;
  call.kernel = "copy";
  call.header = "copy.hpp";
  call.op = "row of the input";
  call.node = p[push.input].name;
  call.parameters = {{"T", TypeName{std::string(c_type_of(rows.type))}}, {"count", count_of(rows.shape)}, {"in_rom", false}};
  call.arguments = {{push.input, Access::kRead}, {id, Access::kWrite}};
  call.rows = RowRule{.in_rows = push.rows, .out_rows = push.rows, .kind = RowKind::kElementwise};
  call.row_form = row_form_of(p, call);
  call.by_rows_only = true;
  p.calls.insert(p.calls.begin(), std::move(call));
}

// Outputs are known only at the end: rows of them are kept until then.
void keep_outputs(Program& p) {
  size_t buffers = p.buffers.size();
  for (size_t b = 0; b < buffers; b++) {
    if (p.buffers[b].place != Place::kOutput) continue;
    BufferId from = static_cast<BufferId>(p.buffers.size()), to = static_cast<BufferId>(b);
    bool by_rows = false;
    for (Call& c : p.calls)
      for (Argument& a : c.arguments) by_rows |= a.buffer == to && c.row_form;
    if (!by_rows) continue;
    for (Call& c : p.calls)
      for (Argument& a : c.arguments)
        if (a.buffer == to) a.buffer = from;
    Buffer kept = p[to];
    kept.place = Place::kArena;
    kept.index = -1;
    p.buffers.push_back(kept);
    Call copy;
    copy.kernel = "copy";
    copy.header = "copy.hpp";
    copy.op = "copy";
    copy.node = kept.name;
    copy.parameters = {{"T", TypeName{std::string(c_type_of(kept.type))}}, {"count", count_of(kept.shape)}, {"in_rom", false}};
    copy.arguments = {{from, Access::kRead}, {to, Access::kWrite}};
    p.calls.push_back(std::move(copy));
  }
}

// --- inputs in the arena ---

// All readers take the same rows, which lie scattered.
std::vector<Reader> scattered_readers(Program& p, BufferId input) {
  std::vector<Reader> readers;
  for (Call& c : p.calls)
    for (size_t a = 0; a < c.arguments.size(); a++) {
      if (c.arguments[a].buffer != input) continue;
      if (!c.row_form || !c.row_form->maps[a] || !c.row_form->maps[a]->scattered) return {};
      readers.push_back({&c, a});
      if (readers[0].map().rows != readers.back().map().rows || readers[0].map().elements != readers.back().map().elements) return {};
    }
  return readers;
}

BufferId add_buffer(Program& p, Buffer like, const char* suffix, DType type, Shape shape) {
  like.name += suffix;
  like.type = type;
  like.shape = std::move(shape);
  like.index = -1;
  p.buffers.push_back(std::move(like));
  return static_cast<BufferId>(p.buffers.size()) - 1;
}

// out takes the input's place: it is the only one who reads it.
Call regroup_call(Program& p, const Push& rows) {
  const Buffer input = p[rows.input];
  int64_t pieces = rows.outer * rows.rows, bytes = rows.inner * size_of(input.type);
  BufferId out = add_buffer(p, input, "/regrouped", input.type, {1, rows.rows, rows.outer * rows.inner});
  BufferId scratch = add_buffer(p, input, "/piece", DType::kUint8, {bytes + (pieces + 7) / 8});
  Call call;
  call.kernel = "regroup";
  call.header = "regroup.hpp";
  call.op = "regroup";
  call.node = input.name;
  call.parameters = {{"T", TypeName{std::string(c_type_of(input.type))}}, {"outer", rows.outer}, {"rows", rows.rows}, {"inner", rows.inner}};
  call.arguments = {{rows.input, Access::kRead}, {out, Access::kWrite}, {scratch, Access::kScratch}};
  call.in_place = {{0, 1}};
  call.instructions = pieces * (40 + bytes / 2);
  return call;
}

bool regroup_input(Program& p, BufferId input) {
  std::vector<Reader> readers = scattered_readers(p, input);
  if (readers.empty()) return false;
  Push rows = rows_of(p, input, readers[0].map());
  Call call = regroup_call(p, rows);
  for (const Reader& r : readers) {
    gather_row(r, rows);
    r.call->arguments[r.argument].buffer = call.arguments[1].buffer;
  }
  p.calls.insert(p.calls.begin(), std::move(call));
  return true;
}

BufferId add_counter(Program& p) {
  p.buffers.push_back(Buffer{"sweeps done", DType::kInt32, {1}});
  return static_cast<BufferId>(p.buffers.size()) - 1;
}

}  // namespace

void push_rows(Program& p) {
  if (p.inputs.size() != 1) refuse(p.name, fmt::format("the model has {} inputs", p.inputs.size()));
  BufferId input = 0;
  while (p[input].place != Place::kInput) input++;
  std::vector<Reader> readers = readers_of(p, input);
  Push push = rows_of(p, input, readers[0].map());
  for (const Reader& r : readers)
    if (r.map().rows != push.rows || r.map().elements != push.inner)
      refuse(r.call->node, "it sees other rows of the input than the first layer");
  for (const Reader& r : readers) gather_row(r, push);
  if (readers.size() > 1 || !takes_each_row_once(readers[0].map())) insert_receiver(p, readers, push);
  else readers[0].call->by_rows_only = true;
  keep_outputs(p);
  push.counter = add_counter(p);
  p.push = push;
}

void put_inputs_into_arena(Program& p) {
  std::vector<Lifetime> lives = lifetimes(p);
  for (size_t b = 0; b < p.buffers.size(); b++) {
    if (p.buffers[b].place != Place::kInput) continue;
    if (lives[b].first < 0) refuse(p.buffers[b].name, "no layer reads this input");
    p.buffers[b].place = Place::kArena;
  }
}

bool regroup_arena_inputs(Program& p) {
  bool any = false;
  for (size_t b = 0, inputs = p.buffers.size(); b < inputs; b++)
    if (p.buffers[b].is_arena_input()) any |= regroup_input(p, static_cast<BufferId>(b));
  return any;
}

void check_pushed(const Program& p) {
  if (p.push && !pushed_segment(p)) refuse(p.name, "the first layers do not run row by row");
}

}  // namespace netsuke
