#include "report/layers.hpp"

#include "netsuke/weight_layout_s8.hpp"
#include "report/html.hpp"

namespace netsuke {
namespace {

int64_t bytes_of_weights(const Program& p, const Call& c) {
  int64_t bytes = 0;
  for (const Argument& a : c.arguments)
    if (p[a.buffer].place == Place::kConstant) bytes += p[a.buffer].bytes();
  return bytes;
}

std::string shapes(const Program& p, const Call& c, Access access) {
  std::string text;
  for (const Argument& a : c.arguments)
    if (a.access == access && p[a.buffer].place != Place::kConstant) text += (text.empty() ? "" : " ") + to_string(p[a.buffer].shape);
  return text;
}

// "25 of 25 rows", "whole"
std::string way_of(const Program& p, size_t call) {
  for (const Segment& s : p.segments)
    if (static_cast<int>(call) >= s.first && static_cast<int>(call) < s.end)
      return fmt::format("{} rows", p.calls[call].row_form->turns);
  return "whole";
}

const Parameter* find(const Call& c, const std::string& name) {
  for (const Parameter& p : c.parameters)
    if (p.name == name) return &p;
  return nullptr;
}

std::string row(const Program& p, size_t i) {
  const Call& c = p.calls[i];
  std::string text = fmt::format("<tr><td>{}</td><td>{}</td><td class=\"text\">{}</td><td class=\"text\">{} &rarr; {}</td>", i,
                                 escaped(c.node), escaped(c.op), shapes(p, c, Access::kRead), shapes(p, c, Access::kWrite));
  int64_t weights = bytes_of_weights(p, c);
  return text + fmt::format("<td class=\"text\">{}</td><td>{}</td><td>{}</td><td>{}</td><td class=\"text\">{}</td></tr>\n", c.kernel, way_of(p, i),
                            c.macs ? grouped(c.macs) : "", weights ? grouped(weights) : "", escaped(weights_text(c)));
}

}  // namespace

std::string weights_text(const Call& c) {
  const Parameter* layout = find(c, "layout");
  const Parameter* type = find(c, "weight_t");
  if (!layout || !type) return "";
  std::string text = std::get<TypeName>(type->value).name == "int16_t" ? "int16" : "int8";
  switch (std::get<int64_t>(layout->value)) {
    case kLayoutFolded: text += ", two channels in a halfword"; break;
    case kLayoutWide: text += ", widened for speed"; break;
    case kLayoutRows: text += ", a kernel row in a word"; break;
    case kLayoutPairs: text += ", kernel rows in pairs"; break;
    case kLayoutVectors: text += ", in vectors of 16"; break;
    case kLayoutWindows: text += ", a window in a vector"; break;
    case kLayoutDual: text += ", two channels in a word"; break;
    case kLayoutWinograd: text += ", transformed"; break;
    case kLayoutWinogradRows: text += ", transformed by rows"; break;
    default: break;
  }
  return c.choice.empty() ? text : text + ": " + c.choice;
}

std::string layers_html(const CompileOptions& o, const CompileResult& r) {
  const Program& p = r.program;
  std::string html = fmt::format("<h2>Figures</h2>\n<p>For {}: arena {} bytes, weights {} bytes, {} multiply-accumulates.</p>\n",
                                 escaped(o.emit.target), grouped(p.arena_bytes), grouped(weight_bytes(p)), grouped(total_macs(p)));
  html += "<h2>Layers</h2>\n<table><tr><th></th><th>layer</th><th class=\"text\">operator</th><th class=\"text\">shapes</th><th class=\"text\">kernel</th>"
          "<th>runs</th><th>MACs</th><th>weight bytes</th><th class=\"text\">weights</th></tr>\n";
  for (size_t i = 0; i < p.calls.size(); i++) html += row(p, i);
  return html + "</table>\n";
}

}  // namespace netsuke
