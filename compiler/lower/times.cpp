#include "lower/times.hpp"

#include <algorithm>

namespace netsuke {
namespace {

constexpr int64_t kMostBands = 128;  // of a map: enough to see it come and go

bool is_empty(const Span& s) { return s.first > s.last; }

Span hull(const Span& a, const Span& b) { return {std::min(a.first, b.first), std::max(a.last, b.last)}; }

// In ascending order, merged where they touch.
std::vector<Span> merged(std::vector<Span> spans) {
  std::sort(spans.begin(), spans.end(), [](const Span& a, const Span& b) { return a.first < b.first; });
  std::vector<Span> result;
  for (const Span& s : spans)
    if (result.empty() || s.first > result.back().last + 1) result.push_back(s);
    else result.back().last = std::max(result.back().last, s.last);
  return result;
}

bool same(const std::vector<Span>& a, const std::vector<Span>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const Span& x, const Span& y) { return x.first == y.first && x.last == y.last; });
}

// The stream's sweeps repeat for ever, and nothing in the arena lives from one to the next.
bool repeats(const Program& p, const Segment& s) { return p.stream && s.first == 0; }

}  // namespace

Sharing sharing_of(const Program& p) {
  Sharing s;
  for (size_t i = 0; i < p.buffers.size(); i++) {
    const Buffer& b = p.buffers[i];
    BufferId slot = b.slot < 0 ? static_cast<BufferId>(i) : b.slot;
    s.slot.push_back(slot);
    s.ring.push_back(p[slot].ring < p[slot].rows ? p[slot].ring : 0);
  }
  return s;
}

Span Rows::span(size_t band) const { return is_empty(bands[band]) ? whole : is_empty(whole) ? bands[band] : hull(bands[band], whole); }

Rows& Occupancy::slot(BufferId buffer) {
  BufferId id = sharing_.slot[static_cast<size_t>(buffer)];
  auto [it, added] = slots_.try_emplace(id);
  if (added) it->second = {p_[id].bytes(), p_[id].bytes(), 0, {Span{INT64_MAX, -1}}, {INT64_MAX, -1}};
  return it->second;
}

void Occupancy::divide(const Segment& s) {
  if (repeats(p_, s)) return;
  for (int i = s.first; i < s.end; i++) {
    const Call& c = p_.calls[static_cast<size_t>(i)];
    for (size_t a = 0; a < c.arguments.size(); a++) {
      const auto& map = c.row_form->maps[a];
      BufferId buffer = c.arguments[a].buffer;
      if (!map || map->scattered || !counts(buffer)) continue;
      Rows& rows = slot(buffer);
      if (rows.bands.size() > 1) continue;
      rows.ring = sharing_.ring[static_cast<size_t>(sharing_.slot[static_cast<size_t>(buffer)])];
      int64_t group = rows.ring ? 1 : (map->rows + kMostBands - 1) / kMostBands;
      rows.row_bytes = rows.bytes / map->rows * group;
      rows.bands.assign(static_cast<size_t>((map->rows + group - 1) / group), Span{INT64_MAX, -1});
    }
  }
}

void Occupancy::use(BufferId buffer, int64_t step) {
  if (!counts(buffer)) return;
  Rows& rows = slot(buffer);
  rows.whole = hull(rows.whole, {step, step});
}

void Occupancy::use_row(BufferId buffer, const RowMap& map, int64_t row, int64_t step) {
  Rows& rows = slot(buffer);
  int64_t bytes = rows.bytes / map.rows;
  size_t last = static_cast<size_t>(((row + 1) * bytes - 1) / rows.row_bytes);
  for (size_t b = static_cast<size_t>(row * bytes / rows.row_bytes); b <= last; b++) rows.bands[b] = hull(rows.bands[b], {step, step});
}

void Occupancy::run(int call, int64_t step) {
  for (const Argument& a : p_.calls[static_cast<size_t>(call)].arguments) use(a.buffer, step);
}

void Occupancy::take_turn(const Call& c, int64_t turn, int64_t step) {
  for (size_t a = 0; a < c.arguments.size(); a++) {
    const auto& map = c.row_form->maps[a];
    BufferId buffer = c.arguments[a].buffer;
    if (!counts(buffer)) continue;
    if (!map || map->scattered) {
      use(buffer, step);
      continue;
    }
    for (int64_t k = 0; k < map->kernel; k++)
      if (int64_t row = map->first(turn) + k * map->dilation; row >= 0 && row < map->rows) use_row(buffer, *map, row, step);
  }
}

void Occupancy::run(const Segment& s, int64_t step) {
  for (int i = s.first; i < s.end; i++) {
    const Call& c = p_.calls[static_cast<size_t>(i)];
    const Turns& t = s.turns[static_cast<size_t>(i - s.first)];
    if (repeats(p_, s)) {
      run(i, step + i - s.first);
      continue;
    }
    for (int64_t turn = 0; turn < c.row_form->turns; turn++)
      take_turn(c, turn, step + (t.start + turn * t.every) * (s.end - s.first) + i - s.first);
  }
}

namespace {

// When each place of the slot's memory is in use, from first to last. What uses the row of the moment in every sweep
// meets all places of a ring, so little can lie there between two rows.
std::vector<Span> places_in_use(const Rows& rows) {
  std::vector<Span> places(rows.ring ? std::min(static_cast<size_t>(rows.ring), rows.bands.size()) : rows.bands.size(), Span{INT64_MAX, -1});
  for (size_t b = 0; b < rows.bands.size(); b++)
    if (Span s = rows.span(b); !is_empty(s)) places[b % places.size()] = hull(places[b % places.size()], s);
  return places;
}

}  // namespace

int64_t Occupancy::most(Span steps) const {
  std::vector<std::pair<int64_t, int64_t>> changes;  // step, bytes more
  auto add = [&](Span s, int64_t bytes) {
    if (is_empty(s) || s.last < steps.first || s.first > steps.last) return;
    changes.push_back({std::max(s.first, steps.first), bytes});
    changes.push_back({s.last + 1, -bytes});
  };
  for (const auto& [id, rows] : slots_) {
    if (rows.ring == 1) {
      for (size_t b = 0; b < rows.bands.size(); b++) add(rows.span(b), (rows.row_bytes + 3) / 4 * 4);
      continue;
    }
    std::vector<Span> places = places_in_use(rows);
    for (size_t i = 0; i < places.size(); i++) {
      int64_t bytes = std::min(rows.row_bytes, rows.bytes - static_cast<int64_t>(i) * rows.row_bytes);
      add(places[i], places.size() == 1 ? (bytes + 3) / 4 * 4 : bytes);
    }
  }
  std::sort(changes.begin(), changes.end());  // what leaves in a step does so before what comes
  int64_t now = 0, most = 0;
  for (auto [step, bytes] : changes) most = std::max(most, now += bytes);
  return most;
}

int64_t steps_of(const Segment& s) { return s.sweeps * (s.end - s.first); }

Timeline timeline_of(const Program& p) {
  Timeline t{&p, std::vector<int64_t>(p.calls.size()), 0};
  size_t segment = 0;
  for (int i = 0; i < static_cast<int>(p.calls.size());) {
    while (segment < p.segments.size() && p.segments[segment].first < i) segment++;
    bool flows = segment < p.segments.size() && p.segments[segment].first == i;
    int end = flows ? p.segments[segment].end : i + 1;
    std::fill(t.begin.begin() + i, t.begin.begin() + end, t.steps);
    t.steps += flows ? steps_of(p.segments[segment]) : 1;
    i = end;
  }
  return t;
}

int Timeline::call_at(int64_t step) const {
  int first = static_cast<int>(std::upper_bound(begin.begin(), begin.end(), step) - begin.begin()) - 1;
  const Segment* s = segment_of(*program, first);
  return s ? s->first + static_cast<int>((step - begin[static_cast<size_t>(s->first)]) % (s->end - s->first)) : first;
}

Occupancy occupancy_of(const Program& p, const Timeline& time) {
  Occupancy o(p, sharing_of(p));
  for (const Segment& s : p.segments) o.divide(s);
  for (size_t b = 0; b < p.buffers.size(); b++)
    if (p.buffers[b].is_arena_input()) o.use(static_cast<BufferId>(b), 0);
  std::vector<bool> done(p.calls.size(), false);
  for (const Segment& s : p.segments) {
    o.run(s, time.begin[static_cast<size_t>(s.first)]);
    std::fill(done.begin() + s.first, done.begin() + s.end, true);
  }
  for (size_t i = 0; i < p.calls.size(); i++)
    if (!done[i]) o.run(static_cast<int>(i), time.begin[i]);
  if (p.push) {
    const Segment* s = pushed_segment(p);
    o.use(p.push->counter, 0);
    o.use(p.push->counter, s ? time.begin[static_cast<size_t>(s->first)] + steps_of(*s) - 1 : time.steps - 1);
  }
  return o;
}

namespace {

// The rows as they lie in memory, one behind the other: those that take turns at one place together.
std::vector<Part> places_of(const Rows& rows) {
  size_t places = rows.ring ? static_cast<size_t>(rows.ring) : rows.bands.size();
  std::vector<Part> parts(std::min(places, rows.bands.size()));
  for (size_t b = 0; b < rows.bands.size(); b++) {
    Part& part = parts[b % parts.size()];
    if (Span s = rows.span(b); !is_empty(s)) part.spans.push_back(s);
  }
  for (size_t i = 0; i < parts.size(); i++) {
    parts[i].at = static_cast<int64_t>(i) * rows.row_bytes;
    parts[i].bytes = rows.ring ? rows.row_bytes : std::min(rows.row_bytes, rows.bytes - parts[i].at);
    parts[i].spans = merged(std::move(parts[i].spans));
  }
  return parts;
}

}  // namespace

std::vector<Part> parts_of(const Rows& rows, int64_t granule) {
  std::vector<Part> places = places_of(rows), parts;
  std::vector<int64_t> edges;
  for (const Part& part : places) {
    edges.push_back(part.at / granule * granule);
    edges.push_back((part.at + part.bytes + granule - 1) / granule * granule);
  }
  std::sort(edges.begin(), edges.end());
  edges.erase(std::unique(edges.begin(), edges.end()), edges.end());
  size_t low = 0;
  for (size_t e = 0; e + 1 < edges.size(); e++) {
    while (places[low].at + places[low].bytes <= edges[e]) low++;
    std::vector<Span> spans;
    for (size_t i = low; i < places.size() && places[i].at < edges[e + 1]; i++)
      spans.insert(spans.end(), places[i].spans.begin(), places[i].spans.end());
    spans = merged(std::move(spans));
    bool as_before = !parts.empty() && same(parts.back().spans, spans);
    if (as_before) parts.back().bytes += edges[e + 1] - edges[e];
    else parts.push_back({edges[e], edges[e + 1] - edges[e], std::move(spans)});
  }
  return parts;
}

}  // namespace netsuke
