#include "ops/op.hpp"

namespace netsuke {

const Op* find_op(std::string_view name, std::string_view domain) {
  for (const Op& op : all_ops())
    if (op.name == name && op.domain == domain) return &op;
  return nullptr;
}

const Op& op_of(const Node& n) {
  const Op* op = find_op(n.op);
  for (std::string_view domain : {"netsuke", "com.microsoft"})
    if (!op) op = find_op(n.op, domain);
  NETSUKE_CHECK(op, "no operator '{}' (node '{}')", n.op, n.name);
  return *op;
}

}  // namespace netsuke
