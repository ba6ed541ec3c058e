#include "lower/program.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

namespace netsuke {
namespace {

void check_argument(const Program& p, const Call& c, const Argument& a, std::vector<bool>& written,
                    const std::string& stage) {
  NETSUKE_CHECK(a.buffer >= 0 && a.buffer < static_cast<BufferId>(p.buffers.size()), "{}: call '{}' uses buffer {}",
                stage, c.node, a.buffer);
  const Buffer& b = p[a.buffer];
  NETSUKE_CHECK(a.offset >= 0 && a.offset <= count_of(b.shape), "{}: call '{}' starts outside '{}'", stage, c.node,
                b.name);
  if (a.access == Access::kRead) {
    NETSUKE_CHECK(written[static_cast<size_t>(a.buffer)], "{}: call '{}' reads '{}' before it is written", stage,
                  c.node, b.name);
    return;
  }
  NETSUKE_CHECK(b.place == Place::kArena || b.place == Place::kState || (b.place == Place::kOutput && a.access == Access::kWrite),
                "{}: call '{}' writes '{}', which is read-only", stage, c.node, b.name);
}

const char* place_name(Place place) {
  switch (place) {
    case Place::kArena: return "arena";
    case Place::kState: return "state";
    case Place::kInput: return "input";
    case Place::kOutput: return "output";
    case Place::kConstant: return "const";
  }
  return "?";
}

}  // namespace

int64_t RowMap::first(int64_t turn) const {
  int64_t at = turn * stride - pad;
  return at >= 0 ? at / divisor : -((-at + divisor - 1) / divisor);
}

int64_t weight_bytes(const Program& p) {
  int64_t bytes = 0;
  for (const Constant& c : p.constants) bytes += static_cast<int64_t>(c.data.bytes.size());
  return bytes;
}

int64_t weight_bytes(const Program& p, const Call& c) {
  int64_t bytes = 0;
  for (const Argument& a : c.arguments)
    if (p[a.buffer].place == Place::kConstant) bytes += p[a.buffer].bytes();
  return bytes;
}

int64_t total_macs(const Program& p) {
  int64_t macs = 0;
  for (const Call& c : p.calls) macs += c.macs;
  return macs;
}

namespace {

bool uses(const Call& c, BufferId b) {
  return std::any_of(c.arguments.begin(), c.arguments.end(), [&](const Argument& a) { return a.buffer == b; });
}

}  // namespace

const Segment* segment_of(const Program& p, int call) {
  for (const Segment& s : p.segments)
    if (call >= s.first && call < s.end) return &s;
  return nullptr;
}

const Parameter* find_parameter(const std::vector<Parameter>& parameters, std::string_view name) {
  auto it = std::find_if(parameters.begin(), parameters.end(), [&](const Parameter& p) { return p.name == name; });
  return it == parameters.end() ? nullptr : &*it;
}

Parameter* find_parameter(std::vector<Parameter>& parameters, std::string_view name) {
  return const_cast<Parameter*>(find_parameter(std::as_const(parameters), name));
}

const Segment* pushed_segment(const Program& p) {
  if (p.push)
    for (const Segment& s : p.segments)
      for (int i = s.first; i < s.end; i++)
        if (uses(p.calls[static_cast<size_t>(i)], p.push->input)) return &s;
  return nullptr;
}

Turns pushed_turns(const Program& p) {
  const Segment& s = *pushed_segment(p);
  int i = s.first;
  while (!uses(p.calls[static_cast<size_t>(i)], p.push->input)) i++;
  return s.turns[static_cast<size_t>(i - s.first)];
}

std::vector<Lifetime> lifetimes(const Program& p) {
  std::vector<Lifetime> lives(p.buffers.size());
  for (size_t i = 0; i < p.calls.size(); i++)
    for (const Argument& a : p.calls[i].arguments) {
      Lifetime& life = lives[static_cast<size_t>(a.buffer)];
      if (life.first < 0) life.first = static_cast<int>(i);
      life.last = static_cast<int>(i);
    }
  for (size_t b = 0; b < p.buffers.size(); b++)
    if (p.buffers[b].is_arena_input() && lives[b].first > 0) lives[b].first = 0;
  const Segment* pushed = pushed_segment(p);
  if (p.push)
    lives[static_cast<size_t>(p.push->counter)] = {0, pushed ? pushed->end - 1 : static_cast<int>(p.calls.size()) - 1};
  return lives;
}

void verify(const Program& p, const std::string& stage) {
  std::vector<bool> written(p.buffers.size(), false);
  for (size_t i = 0; i < p.buffers.size(); i++)
    written[i] = p.buffers[i].place == Place::kInput || p.buffers[i].place == Place::kConstant || p.buffers[i].is_arena_input();
  for (const Call& c : p.calls) {
    for (const Argument& a : c.arguments) check_argument(p, c, a, written, stage);
    for (const Argument& a : c.arguments)
      if (a.access == Access::kWrite) written[static_cast<size_t>(a.buffer)] = true;
  }
  for (size_t i = 0; i < p.buffers.size(); i++)
    NETSUKE_CHECK(p.buffers[i].place != Place::kOutput || written[i], "{}: output '{}' is never written", stage,
                  p.buffers[i].name);
}

std::string to_text(const Program& p) {
  std::string text = fmt::format("program {}\n", p.name);
  for (size_t i = 0; i < p.buffers.size(); i++) {
    const Buffer& b = p.buffers[i];
    text += fmt::format("buffer %{} {} {}{} {}", i, place_name(b.place), name_of(b.type), to_string(b.shape), b.name);
    if (b.ring) text += fmt::format(" ring {}/{}", b.ring, b.rows);
    if (b.offset >= 0) text += fmt::format(" @{}", b.offset);
    text += "\n";
  }
  for (const Call& c : p.calls) {
    std::vector<std::string> arguments;
    for (const Argument& a : c.arguments)
      arguments.push_back(fmt::format("{}%{}{}", a.access == Access::kRead ? "" : a.access == Access::kWrite ? "=" : "~",
                                      a.buffer, a.offset ? fmt::format("+{}", a.offset) : ""));
    text += fmt::format("call   {}({})  # {} {}\n", c.kernel, fmt::join(arguments, ", "), c.op, c.node);
  }
  for (const Segment& s : p.segments) {
    text += fmt::format("rows   calls {}..{} in {} sweeps:", s.first, s.end - 1, s.sweeps);
    for (const Turns& t : s.turns) text += fmt::format(" {}/{}", t.start, t.every);
    text += "\n";
  }
  return text;
}

}  // namespace netsuke
