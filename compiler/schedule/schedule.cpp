#include "schedule/schedule.hpp"

#include "schedule/stream.hpp"

namespace netsuke {
namespace {

std::vector<int> last_reads(const Program& p) {
  std::vector<int> last(p.buffers.size(), -1);
  for (size_t i = 0; i < p.calls.size(); i++)
    for (const Argument& a : p.calls[i].arguments)
      if (a.access == Access::kRead) last[static_cast<size_t>(a.buffer)] = static_cast<int>(i);
  return last;
}

// Number of arguments of the call that use this slot.
int uses_of_slot(const Program& p, const Call& c, BufferId slot) {
  int uses = 0;
  for (const Argument& a : c.arguments) uses += p[a.buffer].place == Place::kArena && p[a.buffer].slot == slot;
  return uses;
}

void apply(Program& p, const Flow& flow) {
  p.segments.push_back(flow.segment);
  for (const Ring& r : flow.rings) {
    Buffer& b = p[r.buffer];
    b.rows = r.rows;
    b.ring = r.kept;
    b.held = r.held;
  }
  for (BufferId buffer : flow.whole) p[buffer].held = true;
  // Later calls first, so that a slot is final when what is made for it looks.
  for (size_t again = 0; again < flow.rings.size(); again++)
    for (const Ring& r : flow.rings)
      if (r.slot >= 0) p[r.buffer].slot = p[r.slot].slot;
  for (const Ring& r : flow.rings)
    if (r.slot >= 0) {
      const Buffer& target = p[p[r.buffer].slot];
      p[r.buffer].rows = r.rows;
      p[r.buffer].ring = target.ring ? target.ring : r.rows;
    }
}

void work_in_place(Program& p) {
  std::vector<int> last = last_reads(p);
  // A slot's last reader is that of the buffer which holds it now.
  for (size_t i = 0; i < p.calls.size(); i++) {
    const Call& c = p.calls[i];
    if (segment_of(p, static_cast<int>(i))) continue;
    for (auto [from, to] : c.in_place) {
      const Argument &in = c.arguments[static_cast<size_t>(from)], &out = c.arguments[static_cast<size_t>(to)];
      Buffer &source = p[in.buffer], &target = p[out.buffer];
      bool dies = last[static_cast<size_t>(in.buffer)] == static_cast<int>(i);
      if (source.place != Place::kArena || target.place != Place::kArena || !dies || in.offset || out.offset ||
          source.bytes() != target.bytes() || target.slot != out.buffer || uses_of_slot(p, c, source.slot) != 1)
        continue;
      target.slot = source.slot;
      break;
    }
  }
}

}  // namespace

void schedule(Program& p, const Cuts& cuts) {
  p.segments.clear();
  if (p.stream) p.stream->state_bytes = 0;
  for (size_t i = 0; i < p.buffers.size(); i++) {
    Buffer& b = p.buffers[i];
    b.rows = b.ring = 0;
    b.held = false;
    if (b.place == Place::kState) b.place = Place::kArena;
    if (b.place == Place::kArena) b.slot = static_cast<BufferId>(i);
  }
  for (const Flow& flow : cuts.flows) apply(p, flow);
  work_in_place(p);
  if (p.stream) place_state(p);
}

}  // namespace netsuke
