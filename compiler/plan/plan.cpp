#include "plan/plan.hpp"

#include <algorithm>
#include <map>

namespace netsuke {

void plan(Program& p) {
  std::map<BufferId, size_t> block_of;  // by slot
  std::vector<Block> blocks;
  for (size_t i = 0; i < p.calls.size(); i++)
    for (const Argument& a : p.calls[i].arguments) {
      const Buffer& b = p[a.buffer];
      if (b.place != Place::kArena) continue;
      int call = static_cast<int>(i);
      auto [it, added] = block_of.emplace(b.slot, blocks.size());
      if (added) blocks.push_back(Block{0, call, call, 4});
      Block& block = blocks[it->second];
      block.bytes = std::max(block.bytes, b.bytes());
      block.last = call;
      block.align = std::max(block.align, static_cast<int>(size_of(b.type)));
    }
  Placement placement = place_blocks(blocks);
  for (Buffer& b : p.buffers)
    if (auto it = block_of.find(b.slot); b.place == Place::kArena && it != block_of.end())
      b.offset = placement.offsets[it->second];
  p.arena_bytes = placement.bytes;
  p.arena_lower_bound = placement.lower_bound;
  for (const Block& b : blocks) p.arena_align = std::max(p.arena_align, b.align);
}

}  // namespace netsuke
