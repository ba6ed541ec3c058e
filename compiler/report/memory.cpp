#include "report/memory.hpp"

#include <algorithm>

#include "plan/plan.hpp"
#include "report/html.hpp"
#include "report/layers.hpp"

namespace netsuke {
namespace {

constexpr double kWidth = 960, kHeight = 480, kLeft = 80;  // of the picture, in pixels

std::string buffer_title(const Buffer& b) {
  std::string rows = b.ring && b.ring < b.rows ? fmt::format(", {} of {} rows", b.ring, b.rows) : "";
  return fmt::format("{}{}{}, {} bytes at {}", b.name, to_string(b.shape), rows, b.memory(), b.offset);
}

// From steps and addresses to the picture: a call alone is one wide, a segment as wide as it has calls.
struct Scale {
  const Program& p;
  Timeline time;
  double call, byte;
  double x(int i) const { return kLeft + call * i; }
  double y(int64_t offset) const { return kHeight - byte * static_cast<double>(offset); }
  double x_of(int64_t step) const {
    if (step >= time.steps) return x(static_cast<int>(p.calls.size()));
    int i = time.call_at(step);
    const Segment* s = segment_of(p, i);
    if (!s) return x(i);
    return x(s->first) + call * (s->end - s->first) * static_cast<double>(step - time.begin[static_cast<size_t>(i)]) / static_cast<double>(steps_of(*s));
  }
};

// Rings are green, transient rows light green, whole maps blue.
const char* colour_of(const Buffer& b) {
  if (!b.ring || b.ring == b.rows) return "#7aa6d8";
  return b.held ? "#79b77f" : "#c4e0b8";
}

// A stretch of a slot's memory, from its first use to its last.
struct Box {
  double x, y, width, height;
};

Box box_of(const Part& part, int64_t offset, const Scale& s) {
  double x = s.x_of(part.spans.front().first), y = s.y(offset + part.at + part.bytes);
  return {x, y, s.x_of(part.spans.back().last + 1) - x, s.y(offset + part.at) - y};
}

// What lies in a slot, one after the other.
std::string slot_title(const Program& p, BufferId slot) {
  std::string title;
  for (const Buffer& b : p.buffers)
    if (b.place == Place::kArena && b.slot == slot && b.offset >= 0) title += (title.empty() ? "" : "; ") + buffer_title(b);
  return title;
}

std::string label(const std::string& name, const Box& b) {
  if (b.height <= 11 || b.width <= 40) return "";
  return fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\">{}</text>", b.x + 3, b.y + std::min(b.height, 22.0) / 2 + 4,
                     escaped(name.substr(0, static_cast<size_t>(b.width / 6))));
}

// A slot as boxes: where rows come and go, it has slanted sides.
std::string slot_svg(const Program& p, BufferId slot, const std::vector<Part>& parts, const Scale& s) {
  std::string svg = fmt::format("<g fill=\"{}\" stroke=\"#333\" stroke-width=\"{}\"><title>{}</title>", colour_of(p[slot]),
                                parts.size() > 8 ? "0.1" : "0.5", escaped(slot_title(p, slot)));
  Box widest{0, 0, 0, 0};
  for (const Part& part : parts) {
    if (part.spans.empty()) continue;
    Box b = box_of(part, p[slot].offset, s);
    svg += fmt::format("<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\"/>", b.x, b.y, b.width, std::max(b.height, 0.3));
    if (b.width > widest.width) widest = b;
  }
  double top = s.y(p[slot].offset + p[slot].memory());
  widest = {widest.x, top, widest.width, s.y(p[slot].offset) - top};
  return svg + "</g>" + label(p[slot].name, widest) + "\n";
}

std::string segments_svg(const Program& p, const Scale& s) {
  std::string svg;
  for (const Segment& g : p.segments)
    svg += fmt::format("<rect x=\"{:.1f}\" y=\"{}\" width=\"{:.1f}\" height=\"6\" fill=\"#79b77f\"><title>calls {}..{} row by row, {} sweeps</title></rect>\n",
                       s.x(g.first), kHeight + 4, s.x(g.end) - s.x(g.first), g.first, g.end - 1, g.sweeps);
  return svg;
}

std::string picture(const Program& p) {
  int calls = std::max<int>(1, static_cast<int>(p.calls.size()));
  Scale s{p, timeline_of(p), (kWidth - kLeft) / calls, (kHeight - 20) / static_cast<double>(std::max<int64_t>(1, p.arena_bytes))};
  std::string svg = fmt::format("<svg viewBox=\"0 0 {} {}\" width=\"{}\" font-family=\"sans-serif\" font-size=\"10\" role=\"img\" aria-label=\"memory map\">\n",
                                kWidth, kHeight + 30, kWidth);
  const Occupancy occupancy = occupancy_of(p, s.time);
  for (const auto& [slot, rows] : occupancy.slots())
    if (p[slot].offset >= 0) svg += slot_svg(p, slot, parts_of(rows, 1), s);
  svg += segments_svg(p, s);
  double top = s.y(p.arena_bytes);
  svg += fmt::format("<line x1=\"{}\" x2=\"{}\" y1=\"{:.1f}\" y2=\"{:.1f}\" stroke=\"#c33\" stroke-dasharray=\"4\"/>"
                     "<text x=\"2\" y=\"{:.1f}\" fill=\"#c33\">{}</text><text x=\"2\" y=\"{}\">0</text>\n",
                     kLeft, kWidth, top, top, top + 4, grouped(p.arena_bytes), kHeight);
  if (int i = busiest_call(p); i >= 0)
    svg += fmt::format("<line x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"{1:.1f}\" y2=\"{2}\" stroke=\"#c33\"/><text x=\"{3:.1f}\" y=\"{4}\" fill=\"#c33\">{5}</text>\n",
                       s.x(i) + s.call / 2, top, kHeight + 12, std::min(s.x(i), kWidth - 200), kHeight + 24, escaped(call_name(p, i)));
  return svg + "</svg>\n";
}

std::string choices_table(const std::vector<Choice>& choices) {
  std::string html = "<table><tr><th>peak RAM</th><th>instructions more than the fastest (estimate)</th><th>calls by rows</th><th></th></tr>\n";
  int64_t fewest = 1;
  if (!choices.empty()) fewest = std::min_element(choices.begin(), choices.end(), [](auto& a, auto& b) { return a.instructions < b.instructions; })->instructions;
  for (const Choice& c : choices)
    html += fmt::format("<tr{}><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>\n", c.chosen ? " class=\"chosen\"" : "", grouped(c.arena_bytes),
                        fmt::format("{:.1f} %", 100.0 * static_cast<double>(c.instructions - fewest) / static_cast<double>(std::max<int64_t>(1, fewest))),
                        c.row_calls, c.chosen ? "chosen" : "");
  return html + "</table>\n";
}

}  // namespace

std::string memory_html(const CompileResult& r) {
  const Program& p = r.program;
  std::string bound = p.arena_bytes == p.arena_lower_bound ? "optimal for this schedule" : fmt::format("lower bound {}", grouped(p.arena_lower_bound));
  std::string html = fmt::format("<h2>Memory</h2>\n<p>Arena: {} bytes ({})", grouped(p.arena_bytes), bound);
  if (int i = busiest_call(p); i >= 0) html += fmt::format("; the most is in use at {}", escaped(call_name(p, i)));
  if (p.stream) html += fmt::format("; {} bytes of state for each stream", grouped(p.stream->state_bytes));
  html += ".</p>\n" + picture(p) +
          "<p>Time from left to right, addresses upwards. Blue: whole maps, with slanted sides where rows come and go one by one. Green: rings of rows; light green: rows that are used at once. "
          "The green bar below: calls that run row by row.</p>\n";
  return html + "<h2>Choices</h2>\n" + choices_table(r.choices);
}

std::string compile_page(const CompileOptions& o, const CompileResult& r) {
  return fmt::format("<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>{0}</title><style>{1}</style>\n<h1>{0}</h1>\n",
                     escaped(o.emit.model), kReportStyle) +
         layers_html(o, r) + memory_html(r) + "</html>\n";
}

}  // namespace netsuke
