#include "report/memory.hpp"

#include <algorithm>

#include "plan/plan.hpp"
#include "report/html.hpp"
#include "report/layers.hpp"

namespace netsuke {
namespace {

constexpr double kWidth = 960, kHeight = 480, kLeft = 80;  // of the picture, in pixels

bool is_placed(const Buffer& b) { return b.place == Place::kArena && b.offset >= 0; }

// The calls during which the memory of a buffer is taken: all of a segment for what has to stay between its sweeps.
std::vector<Lifetime> taken(const Program& p) {
  std::vector<Lifetime> lives = lifetimes(p);
  for (size_t b = 0; b < p.buffers.size(); b++)
    for (const Segment& s : p.segments) {
      const Buffer& buffer = p.buffers[b];
      bool meets = lives[b].first >= 0 && lives[b].first < s.end && lives[b].last >= s.first;
      if (!meets || (buffer.ring && !buffer.held)) continue;
      lives[b].first = std::min(lives[b].first, s.first);
      lives[b].last = std::max(lives[b].last, s.end - 1);
    }
  return lives;
}

std::string buffer_title(const Buffer& b) {
  std::string rows = b.ring && b.ring < b.rows ? fmt::format(", {} of {} rows", b.ring, b.rows) : "";
  return fmt::format("{}{}{}, {} bytes at {}", b.name, to_string(b.shape), rows, b.memory(), b.offset);
}

struct Scale {
  double call, byte;
  double x(int i) const { return kLeft + call * i; }
  double y(int64_t offset) const { return kHeight - byte * static_cast<double>(offset); }
};

// Rings are green, transient rows light green, whole maps blue.
const char* colour_of(const Buffer& b) {
  if (!b.ring) return "#7aa6d8";
  return b.held ? "#79b77f" : "#c4e0b8";
}

std::string box(const Buffer& b, const Lifetime& life, const Scale& s) {
  double x = s.x(life.first), width = s.x(life.last + 1) - x, y = s.y(b.offset + b.memory()), height = s.y(b.offset) - y;
  std::string text = fmt::format("<g><title>{}</title><rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" fill=\"{}\" stroke=\"#333\" stroke-width=\"0.5\"/>",
                                 escaped(buffer_title(b)), x, y, width, std::max(height, 0.5), colour_of(b));
  if (height > 11 && width > 40)
    text += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\">{}</text>", x + 3, y + std::min(height, 22.0) / 2 + 4,
                        escaped(b.name.substr(0, static_cast<size_t>(width / 6))));
  return text + "</g>\n";
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
  Scale s{(kWidth - kLeft) / calls, (kHeight - 20) / static_cast<double>(std::max<int64_t>(1, p.arena_bytes))};
  std::vector<Lifetime> lives = taken(p);
  std::string svg = fmt::format("<svg viewBox=\"0 0 {} {}\" width=\"{}\" font-family=\"sans-serif\" font-size=\"10\" role=\"img\" aria-label=\"memory map\">\n",
                                kWidth, kHeight + 30, kWidth);
  for (size_t b = 0; b < p.buffers.size(); b++)
    if (is_placed(p.buffers[b]) && lives[b].first >= 0) svg += box(p.buffers[b], lives[b], s);
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
  std::string html = "<table><tr><th>peak RAM</th><th>instructions (estimate)</th><th>calls by rows</th><th></th></tr>\n";
  for (const Choice& c : choices)
    html += fmt::format("<tr{}><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>\n", c.chosen ? " class=\"chosen\"" : "", grouped(c.arena_bytes),
                        grouped(c.instructions), c.row_calls, c.chosen ? "chosen" : "");
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
          "<p>Calls from left to right, addresses upwards. Blue: whole maps. Green: rings of rows; light green: rows that are used at once. "
          "The green bar below: calls that run row by row.</p>\n";
  return html + "<h2>Choices</h2>\n" + choices_table(r.choices);
}

std::string compile_page(const CompileOptions& o, const CompileResult& r) {
  return fmt::format("<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>{0}</title><style>{1}</style>\n<h1>{0}</h1>\n",
                     escaped(o.emit.model), kReportStyle) +
         layers_html(o, r) + memory_html(r) + "</html>\n";
}

}  // namespace netsuke
