#include "schedule/schedule.hpp"

#include <map>

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

}  // namespace

void schedule(Program& p) {
  std::vector<int> last = last_reads(p);
  for (size_t i = 0; i < p.buffers.size(); i++)
    if (p.buffers[i].place == Place::kArena) p.buffers[i].slot = static_cast<BufferId>(i);
  // A slot's last reader is that of the buffer which holds it now.
  for (size_t i = 0; i < p.calls.size(); i++) {
    const Call& c = p.calls[i];
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

}  // namespace netsuke
