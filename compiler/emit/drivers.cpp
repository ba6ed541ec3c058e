// The programs around the model: its self-test, and what `netsuke verify` runs.
#include <algorithm>
#include <limits>

#include "emit/literals.hpp"
#include "emit/ports.hpp"
#include "graph/range.hpp"
#include "lower/lowering.hpp"

namespace netsuke {
namespace {

using data = TemplateData;

// Drivers keep each port in a static array; the prefix keeps its name apart from the driver's own.
std::string driver_buffer(const Emission& e, size_t i) { return "io_" + e.ports[i]; }

// One inference as lines of C++: what a driver calls with its arena and the buffers of all ports.
std::vector<std::string> inference_lines(const Emission& e, const std::string& arena) {
  const Program& p = e.program;
  const std::string& name = e.options.name;
  std::string arguments;
  bool in_arena = !p.inputs.empty() && arena_input_offset(p, 0) >= 0;
  for (size_t i = p.push || in_arena ? p.inputs.size() : 0; i < e.ports.size(); i++) arguments += ", " + driver_buffer(e, i);
  if (!p.push) {
    std::vector<std::string> lines;
    for (size_t i = 0; in_arena && i < p.inputs.size(); i++)
      lines.push_back(fmt::format("memcpy({} + {}, {}, sizeof {});", arena, arena_input_offset(p, i), driver_buffer(e, i), driver_buffer(e, i)));
    lines.push_back(fmt::format("{}_run({}{});", name, arena, arguments));
    return lines;
  }
  const Push& push = *p.push;
  std::string in = driver_buffer(e, 0);
  bool stream = p.stream.has_value();
  std::string begin = stream ? fmt::format("{}_reset(state);", name) : fmt::format("{}_begin({});", name, arena);
  std::string take = stream ? fmt::format("  {}_push(state, {}, row{});", name, arena, arguments)
                            : fmt::format("  {}_push_row({}, row);", name, arena);
  std::vector<std::string> lines;
  if (stream) lines.push_back(fmt::format("alignas({0}_STATE_ALIGN) static unsigned char state[{0}_STATE_BYTES];", upper(name)));
  for (std::string line :
       {begin, fmt::format("for (netsuke::index_t r = 0; r < {}; ++r) {{", push.rows),
        fmt::format("  static {} row[{}];", c_type_of(p[push.input].type), push.outer * push.inner),
        fmt::format("  for (netsuke::index_t i = 0; i < {}; ++i)", push.outer * push.inner),
        fmt::format("    row[i] = {}[(i / {} * {} + r) * {} + i % {}];", in, push.inner, push.rows, push.inner, push.inner), take,
        std::string("}")})
    lines.push_back(line);
  if (!stream) lines.push_back(fmt::format("{}_finish({}{});", name, arena, arguments));
  return lines;
}

// A float of any size above zero, so that the self-test can divide by it.
std::string range_literal(const Emission& e, size_t output) {
  Range range;
  for (const TestVector& v : e.options.test_vectors) widen(range, v.outputs[output]);
  double width = std::clamp<double>(width_of(range), std::numeric_limits<float>::min(), std::numeric_limits<float>::max());
  return float_literal(static_cast<float>(width));
}

data vector_data(const Emission& e, size_t v) {
  const TestVector& vector = e.options.test_vectors[v];
  size_t n_in = e.program.inputs.size();
  auto tensor = [&](size_t i) {
    const Tensor& t = i < n_in ? vector.inputs[i] : vector.outputs[i - n_in];
    data d = port_data(e, i);
    d.set("variable", fmt::format("vector{}_{}", v, e.ports[i]));
    d.set("buffer", driver_buffer(e, i));
    d.set("values", literal_list(t));
    d.set("tolerance", text_of(static_cast<int64_t>(e.options.tolerance * 1e6)));
    d.set("number", text_of(static_cast<int64_t>(v)));
    if (i >= n_in) d.set("range", range_literal(e, i - n_in));
    return d;
  };
  data d;
  d.set("tensors", list_of(e.ports.size(), tensor));
  d.set("inputs", list_of(n_in, tensor));
  d.set("outputs", list_of(e.ports.size() - n_in, [&](size_t i) { return tensor(n_in + i); }));
  return d;
}

}  // namespace

void set_driver_ports(const Emission& e, data& d) {
  size_t n_in = e.program.inputs.size(), n = e.ports.size();
  auto item = [&](size_t i) {
    data p = port_data(e, i);
    p.set("variable", driver_buffer(e, i));
    p.set("buffer", driver_buffer(e, i));
    return p;
  };
  d.set("buffers", list_of(n, item));
  d.set("arguments", list_of(n, item));
  d.set("inputs", list_of(n_in, item));
  d.set("outputs", list_of(n - n_in, [&](size_t i) { return item(n_in + i); }));
  d.set("has_inputs", n_in ? data::type::bool_true : data::type::bool_false);
}

void set_inference(const Emission& e, const std::string& arena, data& d) {
  std::vector<std::string> lines = inference_lines(e, arena);
  d.set("inference", list_of(lines.size(), [&](size_t i) { return data("line", lines[i]); }));
}

void set_test_vectors(const Emission& e, data& d) {
  d.set("vectors", list_of(e.options.test_vectors.size(), [&](size_t v) { return vector_data(e, v); }));
  d.set("tolerance_text", fmt::format("{} of each output's range", e.options.tolerance));
}

}  // namespace netsuke
