#include "schedule/views.hpp"

#include <algorithm>

namespace netsuke {
namespace {

// A call that copies elements which lie one behind the other, both where they are and where they go.
struct Stretch {
  Argument from, to;
  int64_t count = 0;
};

template <class T>
const T* parameter(const Call& c, std::string_view name) {
  for (const Parameter& p : c.parameters)
    if (p.name == name) return std::get_if<T>(&p.value);
  return nullptr;
}

std::optional<Stretch> stretch_of(const Call& c) {
  using List = std::vector<int64_t>;
  if (c.kernel != "strided_copy" || c.by_rows_only) return {};
  const List *dims = parameter<List>(c, "dims"), *in = parameter<List>(c, "in_steps"), *out = parameter<List>(c, "out_steps");
  if (dims->size() != 1 || (*in)[0] != 1 || (*out)[0] != 1) return {};
  return Stretch{c.arguments[0], c.arguments[1], (*dims)[0]};
}

bool is_aligned(const Program& p, const Argument& a) { return a.offset * size_of(p[a.buffer].type) % 4 == 0; }

bool covers(const Program& p, const Argument& a, int64_t count) { return a.offset == 0 && count == count_of(p[a.buffer].shape); }

int uses(const Program& p, BufferId buffer, Access access) {
  int n = 0;
  for (const Call& c : p.calls)
    for (const Argument& a : c.arguments) n += a.buffer == buffer && a.access == access;
  return n;
}

bool used_by_rows_only(const Program& p, BufferId buffer) {
  return std::any_of(p.calls.begin(), p.calls.end(), [&](const Call& c) {
    return c.by_rows_only && std::any_of(c.arguments.begin(), c.arguments.end(), [&](const Argument& a) { return a.buffer == buffer; });
  });
}

// The source is made where it is copied to. In an output nobody else may read it.
bool can_make_there(const Program& p, const Stretch& s) {
  const Buffer &source = p[s.from.buffer], &target = p[s.to.buffer];
  bool place = target.place == Place::kArena || (target.place == Place::kOutput && uses(p, s.from.buffer, Access::kRead) == 1);
  return source.place == Place::kArena && !source.is_arena_input() && place && covers(p, s.from, s.count) && is_aligned(p, s.to) &&
         uses(p, s.from.buffer, Access::kScratch) == 0;
}

// The target is read where it comes from.
bool can_read_there(const Program& p, const Stretch& s) {
  const Buffer &source = p[s.from.buffer], &target = p[s.to.buffer];
  return target.place == Place::kArena && source.place != Place::kConstant && covers(p, s.to, s.count) && is_aligned(p, s.from) &&
         uses(p, s.to.buffer, Access::kWrite) == 1;
}

// All that use `buffer` use that place instead.
void move_to(Program& p, BufferId buffer, const Argument& place) {
  for (Call& c : p.calls)
    for (Argument& a : c.arguments) {
      if (a.buffer == buffer) a = {place.buffer, a.access, a.offset + place.offset};
      if (a.buffer == place.buffer) c.row_form.reset();
    }
}

bool make_view(Program& p, size_t call) {
  std::optional<Stretch> s = stretch_of(p.calls[call]);
  if (!s || s->from.buffer == s->to.buffer || p[s->from.buffer].type != p[s->to.buffer].type) return false;
  if (used_by_rows_only(p, s->from.buffer) || used_by_rows_only(p, s->to.buffer)) return false;
  bool there = can_make_there(p, *s);
  if (!there && !can_read_there(p, *s)) return false;
  p.calls.erase(p.calls.begin() + static_cast<std::ptrdiff_t>(call));
  if (there) move_to(p, s->from.buffer, s->to);
  else move_to(p, s->to.buffer, s->from);
  return true;
}

}  // namespace

bool make_views(Program& p) {
  if (p.push || p.stream) return false;
  bool any = false;
  for (size_t i = 0; i < p.calls.size();) {
    bool made = make_view(p, i);
    any |= made;
    i += !made;
  }
  return any;
}

}  // namespace netsuke
