#include "onnx/schemas.hpp"

#include <algorithm>
#include <iterator>

#include "ops/op.hpp"

namespace netsuke {
namespace {

constexpr Schema kSchemas[] = {
#include "onnx/schemas.inc"
#include "onnx/contributed.inc"
};

}  // namespace

const Schema* find_schema(std::string_view op, int opset) {
  // Sorted by name, then version: the last row that is not newer than `opset`.
  const Schema* row = std::upper_bound(std::begin(kSchemas), std::end(kSchemas), op, [&](std::string_view name, const Schema& s) {
    return name < s.op || (name == s.op && opset < s.since);
  });
  if (row == std::begin(kSchemas)) return nullptr;
  row--;
  return row->op == op ? row : nullptr;
}

int first_opset(std::string_view op, std::string_view domain) {
  std::string name = domain.empty() ? std::string(op) : fmt::format("{}.{}", domain, op);
  auto row = std::find_if(std::begin(kSchemas), std::end(kSchemas), [&](const Schema& s) { return s.op == name; });
  if (row == std::end(kSchemas)) return 0;
  return domain.empty() ? std::max(kOldestOpset, row->since) : row->since;
}

AttributeForm find_attribute(const Schema& s, std::string_view name) {
  for (std::string_view rest = s.attributes; !rest.empty();) {
    std::string_view word = rest.substr(0, rest.find(' '));
    rest.remove_prefix(std::min(rest.size(), word.size() + 1));
    size_t colon = word.find(':');
    if (word.substr(0, colon) == name) return {word[colon + 1], word.back() == '!'};
  }
  return {};
}

}  // namespace netsuke
