#include "report/layers.hpp"

#include "netsuke/weight_layout_s8.hpp"
#include "report/html.hpp"

namespace netsuke {
namespace {

std::string shapes(const Program& p, const Call& c, Access access) {
  std::string text;
  for (const Argument& a : c.arguments)
    if (a.access == access && p[a.buffer].place != Place::kConstant) text += (text.empty() ? "" : " ") + to_string(p[a.buffer].shape);
  return text;
}

// "25 rows", "whole"
std::string way_of(const Program& p, size_t call) {
  return segment_of(p, static_cast<int>(call)) ? fmt::format("{} rows", p.calls[call].row_form->turns) : "whole";
}

std::string row(const Program& p, size_t i) {
  const Call& c = p.calls[i];
  std::string text = fmt::format("<tr><td>{}</td><td>{}</td><td class=\"text\">{}</td><td class=\"text\">{} &rarr; {}</td>", i,
                                 escaped(c.node), escaped(c.op), shapes(p, c, Access::kRead), shapes(p, c, Access::kWrite));
  int64_t weights = weight_bytes(p, c);
  return text + fmt::format("<td class=\"text\">{}</td><td>{}</td><td>{}</td><td>{}</td><td class=\"text\">{}</td></tr>\n", c.kernel, way_of(p, i),
                            c.macs ? grouped(c.macs) : "", weights ? grouped(weights) : "", escaped(weights_text(c)));
}

}  // namespace

std::string weights_text(const Call& c) {
  const Parameter* layout = find_parameter(c.parameters, "layout");
  const Parameter* type = find_parameter(c.parameters, "weight_t");
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
