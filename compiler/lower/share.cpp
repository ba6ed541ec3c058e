#include "lower/share.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace netsuke {
namespace {

int64_t integer(const Call& c, const char* name) { return std::get<int64_t>(find_parameter(c.parameters, name)->value); }

bool is_pointwise(const Call& c) {
  if (c.kernel != "conv2d_s8" || std::get<TypeName>(find_parameter(c.parameters, "out_t")->value).name == "float") return false;
  auto all = [&](std::initializer_list<const char*> names, int64_t value) {
    return std::all_of(names.begin(), names.end(), [&](const char* name) { return integer(c, name) == value; });
  };
  return all({"kernel_h", "kernel_w", "stride_h", "stride_w", "group"}, 1) && all({"pad_top", "pad_left"}, 0);
}

// What the shared code depends on.
std::string family(const Call& c) {
  std::string key;
  for (const char* name : {"in_t", "weight_t", "out_t"}) key += std::get<TypeName>(find_parameter(c.parameters, name)->value).name + " ";
  for (const char* name : {"layout", "out_zero", "out_min", "out_max", "shift"}) key += fmt::format("{} ", integer(c, name));
  return key + (std::get<bool>(find_parameter(c.parameters, "per_channel")->value) ? "channels" : "one");
}

// Those of families with more than one shape, the fewest multiply-accumulates first.
std::vector<Call*> candidates(Program& p) {
  std::map<std::string, std::set<std::pair<int64_t, int64_t>>> shapes;
  for (const Call& c : p.calls)
    if (is_pointwise(c)) shapes[family(c)].insert({integer(c, "in_c"), integer(c, "out_c")});
  std::vector<Call*> calls;
  for (Call& c : p.calls)
    if (is_pointwise(c) && shapes[family(c)].size() > 1) calls.push_back(&c);
  std::stable_sort(calls.begin(), calls.end(), [](const Call* a, const Call* b) { return a->macs < b->macs; });
  return calls;
}

}  // namespace

void share_code(Program& p) {
  int64_t left = 0;
  for (const Call& c : p.calls) left += c.macs;
  left /= 8;
  for (Call* c : candidates(p)) {
    left -= c->macs;
    c->parameters.push_back({"sharing", int64_t{left >= 0 ? 2 : 1}});
  }
}

}  // namespace netsuke
