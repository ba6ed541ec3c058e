#include "schedule/stream.hpp"

#include <algorithm>
#include <numeric>

#include "lower/rows.hpp"

namespace netsuke {
namespace {

[[noreturn]] void refuse(const std::string& place, std::string why, std::string hint) {
  fail("not-a-stream", place, std::move(why), std::move(hint));
}

// --- which calls stream ---

// The window's ends do not show in any row: no padding, and the first row that is not there needs more input.
bool is_free(const Call& c, std::string& why) {
  const RowForm& form = *c.row_form;
  for (size_t a = 0; a < c.arguments.size(); a++) {
    const auto& m = form.maps[a];
    if (!m || c.arguments[a].access != Access::kRead) continue;
    int64_t reach = (m->kernel - 1) * m->dilation;
    if (m->first(0) != 0 || m->first(form.turns - 1) + reach >= m->rows) why = "it pads the streamed axis";
    else if (m->divisor != 1) why = "it makes more rows than it gets";
    else if (m->scattered || m->first(form.turns) + reach < m->rows) why = "it leaves out rows";
    else continue;
    return false;
  }
  return true;
}

bool may_stream(const Call& c, std::string& why) {
  if (!c.row_form) why = "it needs all rows at once";
  else if (c.row_form->running) why = "it sums over all rows";
  else return is_free(c, why);
  return false;
}

// Maps that streaming calls leave to the others slide. Each must have one writer and no reader that streams.
bool cuts_well(const Program& p, const Uses& uses, int end) {
  for (size_t b = 0; b < p.buffers.size(); b++) {
    bool crosses = uses[b].first < end && uses[b].last >= end && p.buffers[b].place == Place::kArena;
    if (!crosses || static_cast<BufferId>(b) == p.push->counter) continue;
    int touched = 0;
    for (int i = 0; i < end; i++)
      for (const Argument& a : p.calls[static_cast<size_t>(i)].arguments) touched += a.buffer == static_cast<BufferId>(b);
    if (touched > 1) return false;
  }
  return true;
}

bool writes_output(const Program& p, int end) {
  for (int i = 0; i < end; i++)
    for (const Argument& a : p.calls[static_cast<size_t>(i)].arguments)
      if (p[a.buffer].place == Place::kOutput) return true;
  return false;
}

// How many calls stream, as many as possible; `why` says what ends them.
int streaming_calls(const Program& p, std::string& why, std::string& layer) {
  Uses uses = lifetimes(p);
  int count = 0, most = static_cast<int>(p.calls.size());
  while (count < most && may_stream(p.calls[static_cast<size_t>(count)], why)) count++;
  if (count < most) layer = p.calls[static_cast<size_t>(count)].node;
  while (count > 0 && (!cuts_well(p, uses, count) || writes_output(p, count) || !flow_through(p, uses, 0, count))) count--;
  return count;
}

// --- the axis ---

void check_axis(const Program& p, const std::string& input, int64_t axis) {
  const Port& port = p.inputs[0];
  if (port.name != input) refuse(input, "the model has no such input", fmt::format("its input is '{}'", port.name));
  int64_t rank = static_cast<int64_t>(port.shape.size());
  if (axis < 0 || axis >= rank) refuse(input, fmt::format("axis {} of shape {}", axis, to_string(port.shape)), "count from 0");
  int64_t inner = count_of({port.shape.begin() + axis + 1, port.shape.end()});
  if (port.shape[static_cast<size_t>(axis)] == p.push->rows && inner == p.push->inner) return;
  std::string rows = "another";
  for (int64_t a = 0; a < rank; a++)
    if (port.shape[static_cast<size_t>(a)] == p.push->rows && count_of({port.shape.begin() + a + 1, port.shape.end()}) == p.push->inner)
      rows = fmt::to_string(a);
  refuse(input, fmt::format("the rows of this model run along axis {}, not {}", rows, axis),
         "give that axis, or transpose the model so that time is the outermost spatial dimension");
}

int64_t macs_of(const Program& p, int first, int end) {
  int64_t macs = 0;
  for (int i = first; i < end; i++) macs += p.calls[static_cast<size_t>(i)].macs;
  return macs;
}

// --- memory ---

bool is_state(const Program& p, const Buffer& b) {
  if (b.place != Place::kArena) return false;
  if (&b == &p[p.push->counter]) return true;
  return b.slot >= 0 && (p[b.slot].held || p[b.slot].slides);
}

}  // namespace

void stream_rows(Program& p, const std::string& input, int64_t axis) {
  check_axis(p, input, axis);
  std::string why, layer;
  int count = streaming_calls(p, why, layer);
  Stream s{.calls = count};
  p.stream = s;
  if (macs_of(p, 0, count) == 0)
    refuse(layer, fmt::format("{}, so nothing can be kept from one window to the next", why), "stream models whose first layers use no padding on that axis");
  Flow flow = stream_flow(p);
  int64_t frame = flow.segment.turns[0].every, wrap = 1, delay = 0;
  p.stream->window = p.push->rows;
  for (size_t i = 0; i < flow.segment.turns.size(); i++) {
    const Turns& t = flow.segment.turns[i];
    p.stream->hop = std::lcm(p.stream->hop, t.every / frame);
    delay = std::max(delay, t.start);
    p.stream->macs_per_frame += double(p.calls[i].macs) / double(p.calls[i].row_form->turns) / double(t.every);
  }
  wrap = p.stream->hop;
  for (const Ring& r : flow.rings) wrap = std::lcm(wrap, r.kept * p.stream->hop);
  NETSUKE_CHECK(frame == 1 && flow.segment.turns[0].start == 0, "the rows of a stream do not come one in each sweep");
  p.stream->macs_per_frame += double(macs_of(p, count, static_cast<int>(p.calls.size()))) / double(p.stream->hop);
  p.stream->settled = p.stream->window + delay + p.stream->hop;
  p.stream->wrap = wrap;
  if (wrap > (1 << 28)) refuse(layer, "the rings of its layers never come to the same place together", "use kernels and strides with smaller common multiples");
}

Flow stream_flow(const Program& p) {
  Flow flow = *flow_through(p, lifetimes(p), 0, p.stream->calls);
  for (Ring& r : flow.rings) {
    bool ring = std::any_of(flow.rings.begin(), flow.rings.end(), [&](const Ring& o) { return o.buffer == r.slot; });
    if (!ring) r.slot = -1;  // a map that slides has no place for a row before it is made
  }
  return flow;
}

void place_state(Program& p) {
  Uses uses = lifetimes(p);
  int end = p.stream->calls;
  for (size_t b = 0; b < p.buffers.size(); b++) {
    bool crosses = p.buffers[b].place == Place::kArena && uses[b].first >= 0 && uses[b].first < end && uses[b].last >= end;
    p.buffers[b].slides = crosses && static_cast<BufferId>(b) != p.push->counter;
  }
  std::vector<bool> state(p.buffers.size());
  for (size_t b = 0; b < p.buffers.size(); b++) state[b] = uses[b].first >= 0 && uses[b].first < end && is_state(p, p.buffers[b]);
  for (size_t b = 0; b < p.buffers.size(); b++) {
    Buffer& buffer = p.buffers[b];
    if (!state[b] || (buffer.slot >= 0 && buffer.slot != static_cast<BufferId>(b))) continue;
    int64_t align = std::max<int64_t>(4, size_of(buffer.type));
    p.stream->state_bytes = (p.stream->state_bytes + align - 1) / align * align;
    buffer.offset = p.stream->state_bytes;
    p.stream->state_bytes += buffer.memory();
    p.stream->state_align = std::max(p.stream->state_align, static_cast<int>(align));
  }
  for (size_t b = 0; b < p.buffers.size(); b++)
    if (state[b]) {
      p.buffers[b].offset = p[p.buffers[b].slot].offset;
      p.buffers[b].place = Place::kState;
    }
}

}  // namespace netsuke
