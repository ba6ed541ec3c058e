#include "plan/plan.hpp"

#include <algorithm>

namespace netsuke {

namespace {

constexpr int64_t kGranule = 4;  // bytes: offsets are multiples of it

Block block_of(const Rows& rows) {
  Block block;
  block.bytes = rows.ring ? rows.ring * rows.row_bytes : rows.bytes;
  block.parts = parts_of(rows, kGranule);
  block.first = INT64_MAX;
  block.last = 0;
  for (const Part& part : block.parts)
    for (const Span& s : part.spans) {
      block.first = std::min(block.first, s.first);
      block.last = std::max(block.last, s.last);
    }
  return block;
}

// The blocks, and which of them each slot is.
std::vector<Block> blocks_of(const Program& p, std::map<BufferId, size_t>& block_of_slot) {
  std::vector<Block> blocks;
  Occupancy occupancy = occupancy_of(p, timeline_of(p));
  for (const auto& [slot, rows] : occupancy.slots()) {
    block_of_slot[slot] = blocks.size();
    blocks.push_back(block_of(rows));
  }
  for (const Buffer& b : p.buffers)
    if (auto it = block_of_slot.find(b.slot); b.place == Place::kArena && it != block_of_slot.end())
      blocks[it->second].align = std::max(blocks[it->second].align, static_cast<int>(size_of(b.type)));
  return blocks;
}

}  // namespace

std::vector<Block> blocks_of(const Program& p) {
  std::map<BufferId, size_t> block_of_slot;
  return blocks_of(p, block_of_slot);
}

void plan(Program& p, Effort effort) {
  std::map<BufferId, size_t> block_of_slot;
  std::vector<Block> blocks = blocks_of(p, block_of_slot);
  Placement placement = place_blocks(blocks, effort);
  for (Buffer& b : p.buffers)
    if (auto it = block_of_slot.find(b.slot); b.place == Place::kArena && it != block_of_slot.end())
      b.offset = placement.offsets[it->second];
  p.arena_bytes = placement.bytes;
  p.arena_lower_bound = placement.lower_bound;
  for (const Block& b : blocks) p.arena_align = std::max(p.arena_align, b.align);
}

}  // namespace netsuke
