#include "plan/plan.hpp"

#include <algorithm>
#include <map>
#include <numeric>

namespace netsuke {
namespace {

bool overlap_in_time(const Block& a, const Block& b) { return a.first <= b.last && b.first <= a.last; }

int64_t align_up(int64_t offset, int align) { return (offset + align - 1) / align * align; }

int64_t most_alive(const std::vector<Block>& blocks) {
  int64_t most = 0;
  for (const Block& at : blocks) {
    int64_t alive = 0;
    for (const Block& b : blocks)
      if (b.first <= at.first && at.first <= b.last) alive += align_up(b.bytes, b.align);
    most = std::max(most, alive);
  }
  return most;
}

// Lowest offset at which block i fits beside those already placed.
int64_t lowest_fit(const std::vector<Block>& blocks, const std::vector<int64_t>& offsets, size_t i) {
  std::vector<size_t> neighbours;
  for (size_t j = 0; j < blocks.size(); j++)
    if (offsets[j] >= 0 && overlap_in_time(blocks[i], blocks[j])) neighbours.push_back(j);
  std::sort(neighbours.begin(), neighbours.end(), [&](size_t a, size_t b) { return offsets[a] < offsets[b]; });
  int64_t offset = 0;
  for (size_t j : neighbours) {
    if (offset + blocks[i].bytes <= offsets[j]) break;
    offset = std::max(offset, align_up(offsets[j] + blocks[j].bytes, blocks[i].align));
  }
  return offset;
}

}  // namespace

Placement place_blocks(const std::vector<Block>& blocks) {
  Placement p;
  p.offsets.assign(blocks.size(), -1);
  p.lower_bound = most_alive(blocks);
  std::vector<size_t> order(blocks.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return blocks[a].bytes > blocks[b].bytes; });
  for (size_t i : order) {
    p.offsets[i] = lowest_fit(blocks, p.offsets, i);
    p.bytes = std::max(p.bytes, align_up(p.offsets[i] + blocks[i].bytes, blocks[i].align));
  }
  return p;
}

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
