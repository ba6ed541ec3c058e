"""Programs that call generated models: many of them taking turns on one arena, and one of them from C."""

kTypes = {"float32": "float", "float64": "double", "int8": "int8_t", "uint8": "uint8_t", "int16": "int16_t",
          "uint16": "uint16_t", "int32": "int32_t", "uint32": "uint32_t", "int64": "int64_t", "uint64": "uint64_t",
          "bool": "bool"}


# Inputs lie between -1 and 1 unless a model is used to larger ones; on an integer grid for these all of them are 0.
kInputRanges = {"motion": 1000, "motion_float": 1000, "motion_mlp": 1000, "motion_mlp_float": 1000}


def fill_code(port, largest):
    """A block for a port of `once`, filled from the seed."""
    kind, count = kTypes[port["type"]], f"{port['bytes']} / sizeof({kTypes[port['type']]})"
    real = f"{largest} * uniform()"
    value = {"float": real, "double": real, "bool": "next() % 2 == 0"}.get(kind, "next() % 4")
    return (f"  {kind}* {port['variable']} = static_cast<{kind}*>(blocks.exact({port['bytes']}, sizeof({kind})));\n"
            f"  for (size_t i = 0; i < {count}; i++) {port['variable']}[i] = static_cast<{kind}>({value});\n")


def once_code(name, document):
    """One inference on inputs made from a seed; it returns all bytes of all outputs."""
    ports = [{**p, "variable": f"p{i}"} for i, p in enumerate(document["inputs"] + document["outputs"])]
    outputs = ports[len(document["inputs"]):]
    arguments = "".join(f", {p['variable']}" for p in ports)
    fill = "".join(fill_code(p, kInputRanges.get(name, 1)) for p in ports)
    collect = "".join(f"  all.append(reinterpret_cast<char*>({p['variable']}), {p['bytes']});\n" for p in outputs)
    return (f"std::string {name}_once(void* arena, unsigned start) {{\n  Blocks blocks;\n  seed = start;\n"
            + fill + f"  {name}_run(arena{arguments});\n  std::string all;\n{collect}  return all;\n}}\n")


kPreamble = """
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

namespace {
// Heap blocks that end where they should, so that a sanitizer sees one byte too many; aligned as asked, no better.
struct Blocks {
  std::vector<void*> all;
  void* exact(size_t bytes, size_t align) {
    char* p = static_cast<char*>(malloc(bytes + align));
    all.push_back(p);
    return p + align;
  }
  ~Blocks() {
    for (void* p : all) free(p);
  }
};

unsigned seed;
unsigned next() {
  seed = seed * 1664525u + 1013904223u;
  return seed >> 16;
}
double uniform() { return next() / 32768.0 - 1; }
"""

kMain = """
struct Model {
  const char* name;
  std::string (*once)(void*, unsigned);
  size_t bytes, align;
  std::string expected[2];
};

void* aligned(size_t align, size_t bytes) {
  void* p = nullptr;
  if (posix_memalign(&p, align < sizeof(void*) ? sizeof(void*) : align, bytes)) abort();
  memset(p, 0xA5, bytes);
  return p;
}

int complain(const char* name, const char* what) {
  printf("%s: %s\\n", name, what);
  return 1;
}
}  // namespace

int main() {
  Model models[] = {MODELS};
  size_t bytes = 0, align = 1;
  int failures = 0;
  for (Model& m : models) {
    for (unsigned s = 0; s < 2; s++) {
      void* arena = aligned(m.align, m.bytes);
      m.expected[s] = m.once(arena, s + 1);
      free(arena);
    }
    bytes = m.bytes > bytes ? m.bytes : bytes;
    align = m.align > align ? m.align : align;
    if (m.expected[0] == m.expected[1]) failures += complain(m.name, "the same output for different inputs");
  }
  void* shared = aligned(align, bytes);
  for (int round = 0; round < 2; round++)
    for (unsigned s = 0; s < 2; s++)
      for (Model& m : models)
        if (m.once(shared, s + 1) != m.expected[s]) failures += complain(m.name, "another result on the shared arena");
  free(shared);
  printf("%d failures, %zu models on one arena of %zu bytes\\n", failures, sizeof models / sizeof *models, bytes);
  return failures ? 1 : 0;
}
"""


def many_models(models):
    """A C++ program. `models`: name -> (directory, JSON document). Each alone, then all on one arena, in turns."""
    includes, code, table = "", "", []
    for name, (directory, document) in models.items():
        includes += f'#include "{directory}/{name}.h"\n'
        code += once_code(name, document)
        upper = name.upper()
        table.append(f'{{"{name}", {name}_once, {upper}_ARENA_BYTES, {upper}_ARENA_ALIGN, {{}}}}')
    return includes + kPreamble + code + kMain.replace("MODELS", ",\n".join(table))


def static_caller(name, document):
    """A C99 program: run() and run_static(), called twice, agree."""
    ports = document["inputs"] + document["outputs"]
    n_in = len(document["inputs"])
    text = f'#include "{name}.h"\n#include <stdio.h>\n#include <string.h>\n'
    text += f"static union {{ unsigned char bytes[{name.upper()}_ARENA_BYTES]; long double align[4]; }} arena;\n"
    for i, p in enumerate(ports):
        text += f"static {kTypes[p['type']]} a{i}[{p['bytes']} / sizeof({kTypes[p['type']]})];\n"
        text += f"static {kTypes[p['type']]} b{i}[sizeof a{i} / sizeof a{i}[0]];\n"
    text += "int main(void) {\n  unsigned i;\n  int same = 1;\n"
    for i in range(len(ports)):
        if i < n_in:
            text += f"  for (i = 0; i < sizeof a{i} / sizeof a{i}[0]; i++) a{i}[i] = b{i}[i] = (i % 7) * 0.25f;\n"
        else:
            text += f"  memset(a{i}, 1, sizeof a{i});\n  memset(b{i}, 2, sizeof b{i});\n"
    text += f"  {name}_run(arena.bytes{''.join(f', a{i}' for i in range(len(ports)))});\n"
    text += f"  {name}_run_static({', '.join(f'b{i}' for i in range(len(ports)))});\n" * 2
    for i in range(n_in, len(ports)):
        text += f"  same = same && memcmp(a{i}, b{i}, sizeof a{i}) == 0;\n"
    return text + '  puts(same ? "same" : "different");\n  return !same;\n}\n'


def hooks(name):
    """C: hooks of --profile. They check that layers do not nest, count, give up at layer NETSUKE_GIVE_UP, and print at the
    end how often each was entered and left."""
    return f"""\
#include <stdio.h>
#include <stdlib.h>
#include "{name}.h"
static const char* const names[{name.upper()}_LAYERS] = {name.upper()}_LAYER_NAMES;
static const long macs[{name.upper()}_LAYERS] = {name.upper()}_LAYER_MACS;
static int entered[{name.upper()}_LAYERS], left[{name.upper()}_LAYERS], inside = -1, give_up = -2;
static void print_all(void) {{
  for (int i = 0; i < {name.upper()}_LAYERS; ++i) printf("layer %d %d %ld %s\\n", entered[i], left[i], macs[i], names[i]);
}}
bool {name}_layer_begin(int layer) {{
  if (give_up == -2) {{
    const char* at = getenv("NETSUKE_GIVE_UP");
    give_up = at ? atoi(at) : -1;
    atexit(print_all);
  }}
  if (inside >= 0 || layer < 0 || layer >= {name.upper()}_LAYERS) abort();
  ++entered[layer];
  if (layer == give_up) return false;
  inside = layer;
  return true;
}}
void {name}_layer_end(int layer) {{
  if (inside != layer) abort();
  ++left[layer];
  inside = -1;
}}
"""
